"""`python -m bench threads`: one large file on one thread and on more, in alternation."""

from __future__ import annotations

import argparse
from functools import partial

from bench.measure import machine, warm
from bench.peers import Quetsach, Verdict
from bench.ratios import add_options, alternate, data, print_table
from demo.loggen import KINDS, Truth


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench threads`."""
    add_options(parser, size="1G")
    parser.add_argument(
        "--jobs", default="1,2", help="numbers of threads by comma; the first is the reference"
    )


def threads(asked: argparse.Namespace) -> int:
    """Measure; 1 if an answer was wrong."""
    folder = data(asked, asked.hit_rate)
    truth = Truth.read(folder / "truth.jsonl")
    log, plain = folder / KINDS[asked.kind].file_name, folder / f"indicators-{asked.items}.txt"
    ours = Quetsach("native")
    ours.prepare(plain, folder)
    warm(log)
    verdicts: list[Verdict] = []

    def run(jobs: int) -> float:
        cost, verdict = Quetsach("native", jobs).scan(log, plain, folder, truth)
        verdicts.append(verdict)
        return cost.seconds

    counts = [int(count) for count in asked.jobs.split(",")]
    runs = {f"{count} threads": partial(run, count) for count in counts}
    print_table(alternate(runs, asked.rounds), log.stat().st_size, machine())
    return int(not all(verdict.is_right for verdict in verdicts))
