"""Runs of several kinds in alternation, as ratios to the first kind in the same round."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

from bench.scan import generate
from demo.loggen import KINDS
from demo.loggen.__main__ import size as parse_size


def add_options(parser: argparse.ArgumentParser, *, size: str) -> None:
    """The options that these measurements share."""
    parser.add_argument(
        "--size", type=parse_size, default=parse_size(size), help=f"of the log, default {size}"
    )
    parser.add_argument("--kind", default="zeek-dns", choices=KINDS, help="default zeek-dns")
    parser.add_argument("--items", type=int, default=100_000, help="length of the list")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--hit-rate", type=float, default=0.0001, help="share of lines that are hits")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="logs and sets")


def data(asked: argparse.Namespace) -> Path:
    """The folder of one log, its list and its truth."""
    return generate(asked.folder, [asked.kind], asked.size, [asked.items], asked.seed, asked.hit_rate)


def alternate(runs: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each kind, round by round."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            found[name].append(run())
    return found


def print_table(seconds: Mapping[str, list[float]], length: int, machine: Mapping[str, object]) -> None:
    """Medians, and the speed of each kind as a multiple of the first kind in the same round."""
    first = next(iter(seconds.values()))
    print(f"{machine}")
    print("| run | MB/s | seconds (range) | times the first |\n| --- | --- | --- | --- |")
    for name, times in seconds.items():
        ratio = median(a / b for a, b in zip(first, times, strict=True))
        middle = median(times)
        spread = f"{middle:.2f} ({min(times):.2f}-{max(times):.2f})"
        print(f"| {name} | {length / middle / 1e6:,.0f} | {spread} | {ratio:.2f} |")
