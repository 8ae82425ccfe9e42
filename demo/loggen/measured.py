"""Logs for measurements and proofs: many near-random hits, lists of any length on the same log."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from demo.loggen.kinds import KINDS, README
from demo.loggen.listed import Item, Listed
from demo.loggen.plan import Event, spread_events
from demo.loggen.shapes import Shape
from demo.loggen.stream import mean_line, write_log
from demo.loggen.truth import Truth
from demo.loggen.world import World, clients_of, office_networks

START = datetime(2026, 10, 5, 17, tzinfo=UTC)
"""Midnight in Vietnam."""


def write_bench_logs(
    folder: Path,
    kinds: Sequence[str],
    items: Sequence[Item],
    *,
    planted_from: int | None = None,
    total_bytes: int,
    hit_rate: float = 0.0001,
    trap_rate: float | None = None,
    repeat: int = 4,
    alike: float = 0,
    seed: int = 7,
    days: int = 3,
    marked: bool = False,
) -> Truth:
    """Write one log of about `total_bytes` for each of `kinds` (keys of `KINDS`) and return the truth of all.

    Beside benign lines of that length there are about `hit_rate` times as many hits on the first
    `planted_from` items (all by default), of every kind that the log can show, and `trap_rate` times as many
    (by default the same number) near misses. A machine meets the same indicator about `repeat` times; the
    share `alike` of these lines repeats the details of the line before. Benign lines match none of `items`.
    """
    listed = Listed(items)
    sources = items[:planted_from]
    units = office_networks(seed)
    clients = clients_of(units, seed)
    truth = Truth()
    world = World(listed, clients, seed, breadth=min(60_000, max(2000, total_bytes // 2000)))
    for kind in kinds:
        shape = KINDS[kind]
        rng = Random(f"events {kind} {seed}")
        lines = total_bytes / mean_line(shape, world)
        count = max(1, round(lines * hit_rate / shape.lines_per_event))

        def events(
            seconds: array[int], count: int = count, shape: Shape = shape, rng: Random = rng
        ) -> list[Event]:
            return spread_events(count, clients, sources, shape, len(seconds), rng, repeat, alike)

        traps = round(lines * (hit_rate if trap_rate is None else trap_rate) / 8)
        path = folder / (f"demo-{shape.file_name}" if marked else shape.file_name)
        truth.merge(
            write_log(
                path,
                shape,
                world,
                start=START,
                days=days,
                total_bytes=total_bytes,
                seed=seed,
                events=events,
                traps=traps,
                trap_items=sources,
                marked=marked,
            )
        )
    if marked:
        (folder / "README.txt").write_text(README, encoding="utf-8")
    return truth
