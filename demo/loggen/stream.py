"""Writes one log: pages of prepared benign lines placed in time, with planted lines between them.

A page holds the lines of one second; each use only fills in the second and a serial number, so a gigabyte
takes seconds. The truth records every planted line.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from random import Random
from typing import IO, cast

from demo.loggen.call import Call
from demo.loggen.listed import Item
from demo.loggen.plan import Event, busiest_second, page_seconds
from demo.loggen.shapes import SECOND, SERIAL, Seen, Shape
from demo.loggen.truth import Row, SourceTruth, Truth
from demo.loggen.world import World

POOL_BYTES = 48 << 20
_LATEST = 950_000  # benign lines come before this microsecond, planted ones after
_SECOND, _SERIAL = SECOND.encode(), SERIAL.encode()
Events = Callable[[array[int]], list[Event]]


def write_log(
    path: Path,
    shape: Shape,
    world: World,
    *,
    start: datetime,
    days: int,
    total_bytes: int,
    seed: int,
    events: Events,
    traps: int,
    trap_items: Sequence[Item],
    marked: bool = False,
    pool_bytes: int = POOL_BYTES,
) -> Truth:
    """Write about `total_bytes` of benign lines to `path` and plant into them; return the truth.

    `events` is called once, with the second of each page. `traps` is the number of events that only look
    like a hit, each on one of `trap_items`; `pool_bytes` is the amount of different benign text. A file
    whose name ends in `.gz` is compressed. The file's time is set to just after its last line: logs without a
    year need it.
    """
    rng = Random(f"{shape.kind} {seed}")
    pool = _pool(shape, world, rng, min(total_bytes, pool_bytes), total_bytes, days)
    stamp = shape.stamp(int(start.timestamp())).encode()
    mean = sum(len(_filled(page, stamp, 0)) for page in pool) / len(pool)
    seconds = page_seconds(start, days, max(1, round(total_bytes / mean)))
    planted = _planted(events(seconds), _trap_pages(traps, len(seconds), rng))
    writer = _Writer(path.name, shape, world, rng, trap_items)
    with _opened(path) as file:
        writer.write(file, shape.header(start, marked).encode())
        serial = rng.getrandbits(24)
        upcoming = next(planted, None)
        for page, second in enumerate(seconds):
            stamp = shape.stamp(second).encode()
            text = _filled(pool[int(rng.random() * len(pool))], stamp, serial + page)
            writer.write(file, text)
            due: list[Event | None] = []
            while upcoming and upcoming[0] == page:
                due.append(upcoming[1])
                upcoming = next(planted, None)
            if due:
                writer.plant(file, due, second)
        writer.flush(file)
    os.utime(path, (seconds[-1] + 2, seconds[-1] + 2))
    return writer.finished()


class _Writer:
    """Counts the written bytes and keeps the first bytes, from which the source id is computed."""

    def __init__(
        self, name: str, shape: Shape, world: World, rng: Random, trap_items: Sequence[Item]
    ) -> None:
        by_kind: dict[str, list[Item]] = {}
        for item in trap_items:
            by_kind.setdefault(item.kind, []).append(item)
        self._trap_items = [by_kind[kind] for kind in sorted(by_kind)]
        self._name, self._shape, self._world, self._rng = name, shape, world, rng
        self._truth = Truth()
        self._pending: list[bytes] = []
        self._pending_bytes = self._bytes = self._lines = self._inbound = self._planted = self._serial = 0
        self._head = b""

    def write(self, file: IO[bytes], text: bytes) -> None:
        self._pending.append(text)
        self._pending_bytes += len(text)
        if self._pending_bytes > 1 << 20:
            self.flush(file)

    def flush(self, file: IO[bytes]) -> None:
        block = b"".join(self._pending)
        if len(self._head) < 4096:
            self._head = (self._head + block)[:4096]
        file.write(block)
        self._bytes += len(block)
        self._lines += block.count(b"\n")
        self._pending, self._pending_bytes = [], 0

    def plant(self, file: IO[bytes], due: Sequence[Event | None], second: int) -> None:
        step = (1_000_000 - _LATEST) // (len(due) + 1)
        for number, event in enumerate(due):
            micro = _LATEST + number * step
            if event:
                rng = self._rng if event.call is None else Call(event, self._rng)
                lines = self._shape.hits(event.item, event.client, self._world, rng, micro)
            else:
                item = self._rng.choice(self._rng.choice(self._trap_items))
                lines, inbound = self._shape.traps(item, self._world, self._rng, micro)
                self._inbound += inbound
            for line in lines:
                if isinstance(line, Seen):
                    self._record(line, second, micro)
                self._put(file, line.line if isinstance(line, Seen) else line, second)

    def _put(self, file: IO[bytes], line: str, second: int) -> None:
        self._serial += 1
        text = line.replace(SECOND, self._shape.stamp(second)).replace(
            SERIAL, f"9{self._serial % 10_000_000:07}"
        )
        self.write(file, text.encode() + b"\n")

    def _record(self, seen: Seen, second: int, micro: int) -> None:
        unit = 10 ** (6 - self._shape.digits)
        moment = f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.{micro // unit * unit:06}Z"
        item = seen.item
        self._planted += 1
        self._truth.add(
            Row(
                self._name,
                item.canonical,
                item.kind,
                item.family,
                seen.device,
                moment[:10],
                1,
                moment,
                moment,
                seen.field,
                seen.matched,
                seen.action,
            )
        )

    def finished(self) -> Truth:
        source = hashlib.sha256(self._head).hexdigest()
        self._truth.sources[self._name] = SourceTruth(
            self._name, source, self._bytes, self._lines, self._inbound, self._planted
        )
        return self._truth


def _filled(page: bytes, stamp: bytes, serial: int) -> bytes:
    return page.replace(_SECOND, stamp).replace(_SERIAL, b"%08d" % (serial % 100_000_000))


def mean_line(shape: Shape, world: World) -> float:
    """Bytes of an average benign line."""
    rng = Random(0)
    sample = [line for _ in range(300) for line in shape.benign(world, rng, 0)]
    filled = (line.replace(SECOND, shape.stamp(0)).replace(SERIAL, "00000000") for line in sample)
    return sum(len(line) + 1 for line in filled) / len(sample)


def _pool(
    shape: Shape, world: World, rng: Random, pool_bytes: int, total_bytes: int, days: int
) -> list[bytes]:
    length = mean_line(shape, world)
    lines_per_page = max(1, ceil(busiest_second(days, total_bytes / length)))
    pages = max(2, int(pool_bytes / length / lines_per_page))
    return [_page(shape, world, rng, lines_per_page) for _ in range(pages)]


def _page(shape: Shape, world: World, rng: Random, at_least: int) -> bytes:
    lines: list[str] = []
    micros = sorted(int(rng.random() * _LATEST) for _ in range(at_least))
    while len(lines) < at_least:
        lines += shape.benign(world, rng, micros[len(lines)])
    return ("\n".join(lines) + "\n").encode()


def _trap_pages(count: int, pages: int, rng: Random) -> list[int]:
    return sorted(rng.randrange(pages) for _ in range(count))


def _planted(events: Sequence[Event], traps: Sequence[int]) -> Iterator[tuple[int, Event | None]]:
    both: list[tuple[int, Event | None]] = [(event.page, event) for event in events]
    both += [(page, None) for page in traps]
    return iter(sorted(both, key=lambda pair: pair[0]))


def _opened(path: Path) -> AbstractContextManager[IO[bytes]]:
    return _gzipped(path) if path.suffix == ".gz" else path.open("wb")


@contextmanager
def _gzipped(path: Path) -> Iterator[IO[bytes]]:
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as file:
        yield cast(IO[bytes], file)
