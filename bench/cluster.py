"""`python -m bench cluster`: 20 equal logs on one Ray worker and on two, in alternation."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

from bench.measure import machine, warm
from bench.ratios import print_table
from bench.scan import generate
from demo.loggen import KINDS
from demo.loggen.__main__ import size
from quetsach.errors import ScanError
from quetsach.files import inputs
from quetsach.scanning import work
from quetsach.scanning.engine import Engine, Matcher, ScanOptions, choose
from quetsach.scanning.executors.apart import Apart
from quetsach.scanning.executors.ray import LOCAL
from quetsach.sightings.sighting import Scan

_FILES = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench cluster`."""
    parser.add_argument("--size", type=size, default=size("64M"), help="of each of the 20 logs, default 64M")
    parser.add_argument("--kind", default="zeek-dns", help=f"of {', '.join(KINDS)}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--devices", action="store_true", help="parse every line, not only those that hit")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="logs and sets")


class _Session(Apart):
    """Workers that stay for several scans, so that their start is not measured."""

    def close(self) -> None:
        pass

    def end(self) -> None:
        super().close()


def cluster(asked: argparse.Namespace) -> int:
    """Measure; 1 where the answers differ."""
    folder = generate(asked.folder, [asked.kind], asked.size, [100_000], asked.seed, 0.0001)
    logs = _copies(folder / KINDS[asked.kind].file_name, folder / "cluster")
    engine = choose()
    matcher = engine.load(_compiled(engine, folder))
    options = ScanOptions(devices=asked.devices, source_name="bench")
    total = sum(log.stat().st_size for log in logs)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    answers: set[tuple[int, int]] = set()
    for _ in range(asked.rounds):
        for workers in seconds:
            try:
                session = _Session(LOCAL, engine, matcher, options, workers)
            except ScanError as error:
                print(f"absent: Ray: {error}", file=sys.stderr)
                return 0
            try:
                _once(session, logs, engine, matcher, options)
                spent, answer = _once(session, logs, engine, matcher, options)
            finally:
                session.end()
            seconds[workers].append(spent)
            answers.add(answer)
    print_table({f"{count} workers": spent for count, spent in seconds.items()}, total, machine())
    return int(len(answers) != 1)


def _once(
    session: _Session, logs: list[Path], engine: Engine, matcher: Matcher, options: ScanOptions
) -> tuple[float, tuple[int, int]]:
    header = Scan("bench", matcher.set_id, matcher.count, "bench", options.tz)
    found = inputs.discover([str(log) for log in logs])
    started = time.perf_counter()
    result = work.run(found, engine, matcher, options, header, executor=session)
    spent = time.perf_counter() - started
    return spent, (len(result.sightings), sum(seen.lines for seen in result.coverage))


def _copies(log: Path, folder: Path) -> list[Path]:
    """The same log 20 times, each a source of its own by a line of its own before it."""
    folder.mkdir(exist_ok=True)
    copies = [folder / f"{number:02}.log" for number in range(_FILES)]
    for copy in copies:
        if not copy.exists():
            with copy.open("wb") as out, log.open("rb") as file:
                out.write(f"#open\t{copy.name}\n".encode())
                shutil.copyfileobj(file, out, 1 << 20)
        warm(copy)
    return copies


def _compiled(engine: Engine, folder: Path) -> Path:
    path = folder / "cluster.qs"
    if not path.exists():
        from quetsach.indicators import loading

        found = loading.read([folder / "indicators-100000.txt"], loading.Choice())
        engine.compile(found.indicators).save(path)  # type: ignore[attr-defined]
    return path
