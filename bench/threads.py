"""`python -m bench threads`: one large file on one thread and on more, in alternation.

Beside them, two processes of one thread run at once, each on a copy of its own. They share only the machine,
so the machine causes their loss against twice the speed of one; a further loss of two threads is ours.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from bench.measure import machine, warm
from bench.peers import Quetsach, Verdict
from bench.ratios import add_options, alternate, data, print_table
from demo.loggen import KINDS, Truth

_MOST = "two processes at once: the most this machine gives"


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench threads`."""
    add_options(parser, size="1G")
    parser.add_argument(
        "--jobs", default="1,2", help="numbers of threads by comma; the first is the reference"
    )


def threads(asked: argparse.Namespace) -> int:
    """Measure; 1 if an answer was wrong."""
    folder = data(asked)
    truth = Truth.read(folder / "truth.jsonl")
    log, plain = folder / KINDS[asked.kind].file_name, folder / f"indicators-{asked.items}.txt"
    ours = Quetsach("native")
    ours.prepare(plain, folder)
    copy = _copied(log, ours.compiled(plain, folder))
    warm(log)
    warm(copy)
    verdicts: list[Verdict] = []

    def run(jobs: int, log: Path = log) -> float:
        cost, verdict = Quetsach("native", jobs).scan(log, plain, log.parent, truth)
        verdicts.append(verdict)
        return cost.seconds

    def both() -> float:
        with ThreadPoolExecutor(2) as pool:
            # Seconds a log.
            return max(pool.map(partial(run, 1), (log, copy))) / 2

    counts = [int(count) for count in asked.jobs.split(",")]
    runs: dict[str, Callable[[], float]] = {f"{count} threads": partial(run, count) for count in counts}
    runs[_MOST] = both
    print_table(alternate(runs, asked.rounds), log.stat().st_size, machine())
    return int(not all(verdict.is_right for verdict in verdicts))


def _copied(log: Path, compiled: Path) -> Path:
    """A copy of the log, with the set beside it, in a folder of its own."""
    folder = log.parent / "copy"
    folder.mkdir(exist_ok=True)
    shutil.copy2(compiled, folder)
    copy = folder / log.name
    if not copy.exists() or copy.stat().st_size != log.stat().st_size:
        shutil.copy2(log, copy)
    return copy
