"""`python -m bench dense`: speed on logs of which 1, 10 and 100 % of the lines are hits.

There is one near miss for a hundred hits. The cost of a hit depends on how often a machine meets the same
indicator: a few times in three days, with different details each time, so that every second hit starts a row
of the answer; or all day with the same details, as infected machines do.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

from bench.measure import machine, warm
from bench.peers import Quetsach, Verdict
from bench.ratios import add_options, print_table
from bench.scan import generate
from demo.loggen import KINDS, Truth

_TRAPS = 0.01
"""Near misses for each hit."""
_BEACON = 200
"""So many calls make most lines of a machine alike."""
_ALIKE = {"squid": 0.94}
_ALIKE_ELSE = 0.92
"""Among lines of a machine and an address that it met before, the share that repeats an earlier line apart
from time, ids, ports and sizes. In real Zeek logs, without and with infections, with names under one domain
counted as one: dns.log 0.92 and 0.999, ssl.log 0.94; with infections http.log 0.99."""
_FEWEST_BENIGN = 0.005
"""Share of the lines: a log of nothing but hits still needs benign lines to cover a day."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench dense`."""
    add_options(parser, size="256M")
    parser.add_argument("--rates", default="0.01,0.1,1.0", help="shares of lines that are hits, by comma")
    parser.add_argument(
        "--repeats", default="4,200", help="times that a machine meets the same indicator, by comma"
    )


def dense(asked: argparse.Namespace) -> int:
    """Measure; 1 if an answer was wrong."""
    ours = Quetsach("native")
    verdicts: list[Verdict] = []
    for rate, repeat in product(map(float, asked.rates.split(",")), map(int, asked.repeats.split(","))):
        folder = _logs(asked, rate, repeat)
        truth = Truth.read(folder / "truth.jsonl")
        log, plain = folder / KINDS[asked.kind].file_name, folder / f"indicators-{asked.items}.txt"
        ours.prepare(plain, folder)
        warm(log)
        runs = [ours.scan(log, plain, folder, truth) for _ in range(asked.rounds)]
        verdicts += [verdict for _, verdict in runs]
        name = f"{rate:.0%} hits, {repeat} a machine and address, {len(truth.rows):,} rows"
        print_table({name: [cost.seconds for cost, _ in runs]}, log.stat().st_size, machine())
    return int(not all(verdict.is_right for verdict in verdicts))


def _logs(asked: argparse.Namespace, rate: float, repeat: int) -> Path:
    benign = max(1 - rate * (1 + _TRAPS), _FEWEST_BENIGN)
    length, hits = round(asked.size * benign), rate / benign
    alike = _ALIKE.get(asked.kind, _ALIKE_ELSE) if repeat >= _BEACON else 0
    return generate(
        asked.folder, [asked.kind], length, [asked.items], asked.seed, hits, _TRAPS * hits, repeat, alike
    )
