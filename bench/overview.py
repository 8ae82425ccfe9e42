"""`python -m bench`: every measurement beside its peers, gathered in one table."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.measure import machine

_ONE = "zeek-dns"

MEASUREMENTS: Sequence[tuple[str, Sequence[str]]] = (
    ("1 GB, 1M indicators", ("scan", "--sizes", "1M", "--alone")),
    ("256 MB, 10k indicators", ("scan", "--sizes", "10k", "--size", "256M")),
    (
        "256 MB, 1M indicators",
        ("scan", "--sizes", "1M", "--size", "256M", "--rounds", "1", "--kinds", _ONE),
    ),
    ("1 MB, 1M indicators", ("scan", "--sizes", "1M", "--size", "1M", "--alone", "--rounds", "5")),
    ("1 GB on 1 and 2 threads, Zeek", ("threads",)),
    ("1 GB on 1 and 2 threads, Squid", ("threads", "--kind", "squid")),
    ("1 GB as gzip", ("gzip",)),
    ("1 GB as zstd", ("gzip", "--packing", "zst")),
    ("hit rates, Zeek", ("dense",)),
    ("hit rates, EVE", ("dense", "--kind", "eve")),
)
QUICK = ("--size", "16M", "--rounds", "1")
_HEADINGS = ("measurement", "run", "MB/s", "seconds (range)", "ratio", "answer")


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench all`."""
    parser.add_argument("--quick", action="store_true", help="16 MB and one round: does it work")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="logs, sets and results")


def overview(asked: argparse.Namespace) -> int:
    """Run every measurement; 1 if one of them gave a wrong answer or could not be made."""
    started, worst = datetime.now(UTC), 0
    lines = [f"{machine()}", "", _row(_HEADINGS), _row(["---"] * len(_HEADINGS))]
    print("\n".join(lines), flush=True)
    for title, arguments in MEASUREMENTS:
        command = [sys.executable, "-m", "bench", *arguments, "--folder", str(asked.folder)]
        command += QUICK if asked.quick else ()
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        worst = max(worst, int(done.returncode != 0))
        rows = [_row((title, *cells)) for cells in told(done.stdout)]
        rows = rows or [_row((title, f"failed: bench {' '.join(arguments)}", "", "", "", ""))]
        lines += rows
        print("\n".join(rows), flush=True)
    asked.folder.mkdir(parents=True, exist_ok=True)
    kept = asked.folder / f"all-{started:%Y%m%dT%H%M%S}.md"
    kept.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(kept, file=sys.stderr)
    return worst


def told(text: str) -> Iterator[tuple[str, str, str, str, str]]:
    """What the Markdown tables of a measurement say: run, MB/s, seconds, ratio, answer."""
    headings: list[str] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            headings = []
            continue
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if not headings:
            headings = cells
        elif not set(cells) <= {"---"}:
            named = dict(zip(headings, cells, strict=False))
            run = " ".join(named[key] for key in ("log", "hits", "tool", "run") if key in named)
            ratio = next((f"{named[key]} ({key})" for key in headings if " = 1" in key or "times" in key), "")
            yield run, named.get("MB/s", ""), named.get("seconds (range)", ""), ratio, named.get("answer", "")


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
