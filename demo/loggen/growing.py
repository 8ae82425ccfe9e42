"""A log that grows at the present time, as a program writes it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from demo.loggen.kinds import README
from demo.loggen.listed import Item
from demo.loggen.shapes import SECOND, SERIAL, Seen, Shape
from demo.loggen.world import Client, World


class GrowingLog:
    """Goes on where an earlier one ended. A README that marks demonstration data stands beside it."""

    def __init__(self, path: Path, shape: Shape, world: World) -> None:
        self._path, self._shape, self._world = path, shape, world
        self._rng = Random()
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "README.txt").write_text(README, encoding="utf-8")
        if not path.exists():
            self._append(shape.header(datetime.now(UTC), True))

    def benign(self, events: int) -> None:
        """Events without a hit, now."""
        self._write([line for _ in range(events) for line in self._shape.benign(self._world, self._rng, 0)])

    def hit(self, item: Item, client: Client) -> None:
        """One event of an infected machine, now."""
        found = self._shape.hits(item, client, self._world, self._rng, 0)
        self._write([line.line if isinstance(line, Seen) else line for line in found])

    def _write(self, lines: list[str]) -> None:
        stamp = self._shape.stamp(int(time.time()))
        numbers = (f"{self._rng.randrange(10**8):08}" for _ in lines)
        filled = (
            line.replace(SECOND, stamp).replace(SERIAL, number)
            for line, number in zip(lines, numbers, strict=True)
        )
        self._append("".join(f"{line}\n" for line in filled))

    def _append(self, text: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(text)
