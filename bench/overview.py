"""`python -m bench`: all measurements with their peers and goals in one table."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.measure import machine
from bench.peers import ROOT
from bench.plan import LEFT_OUT, MEASUREMENTS, Measurement

MOST_SECONDS = 1800
"""Seconds for one measurement; a longer one is stopped and reported."""
_HEADINGS = ("measurement", "run", "MB/s", "seconds (range)", "ratio", "peak MB", "goal", "answer and more")
_NAMES = ("log", "list", "hits", "tool", "run")
_OWN = (*_NAMES, "MB/s", "seconds (range)", "peak MB", "answer")


@dataclass(frozen=True, slots=True)
class Told:
    """The output of a measurement, and the absent peers; `failure` is empty when it came to its end."""

    rows: Sequence[Mapping[str, str]]
    absent: Sequence[str]
    failure: str


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench all`."""
    parser.add_argument("--quick", action="store_true", help="16 MB and one round: does it work")
    parser.add_argument("--only", default="", metavar="TEXT", help="measurements whose title holds this")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="logs, sets and results")


def overview(asked: argparse.Namespace) -> int:
    """Run every measurement; 1 if one of them gave a wrong answer or failed."""
    started, begun, worst = datetime.now(UTC), time.monotonic(), 0
    asked.folder.mkdir(parents=True, exist_ok=True)
    kept = asked.folder / f"all-{started:%Y%m%dT%H%M%S}.md"
    with kept.open("w", encoding="utf-8") as file:

        def tell(line: str) -> None:
            print(line, flush=True)
            file.write(line + "\n")
            file.flush()

        tell(f"{machine()}\n\n{_row(_HEADINGS)}\n{_row(['---'] * len(_HEADINGS))}")
        chosen = [one for one in MEASUREMENTS if asked.only in one.title]
        for number, one in enumerate(chosen, 1):
            minutes = (time.monotonic() - begun) / 60
            print(f"[{number}/{len(chosen)}, {minutes:.1f} min] {one.title}", file=sys.stderr)
            got = measured(one, asked.folder, is_quick=asked.quick)
            worst = max(worst, int(bool(got.failure)))
            for line in shown(one, got, is_judged=not asked.quick):
                tell(line)
        for title, reason in LEFT_OUT.items():
            tell(_row((title, f"left out: {reason}", *[""] * 6)))
        load = os.getloadavg()[0]
        tell(f"\n{(time.monotonic() - begun) / 60:.1f} minutes; load average at the end {load:.2f}")
    print(kept, file=sys.stderr)
    return worst


def measured(one: Measurement, folder: Path, *, is_quick: bool = False) -> Told:
    """Run one measurement in a process of its own, and show its output meanwhile."""
    arguments = [*one.arguments, *(one.quick if is_quick else ())]
    command = [sys.executable, "-m", "bench", *arguments, "--folder", str(folder.resolve())]
    said: list[str] = []
    with (
        tempfile.TemporaryFile("w+") as out,
        subprocess.Popen(
            command, cwd=ROOT, stdout=out, stderr=subprocess.PIPE, text=True, start_new_session=True
        ) as process,
    ):
        clock = threading.Timer(MOST_SECONDS, _stop, (process,))
        clock.start()
        try:
            for line in process.stderr or ():
                said.append(line.strip())
                print(line, end="", file=sys.stderr, flush=True)
            code = process.wait()
        finally:
            clock.cancel()
            if process.poll() is None:
                _stop(process)
        out.seek(0)
        rows = list(told(out.read()))
    absent = [line.removeprefix("absent: ") for line in said if line.startswith("absent: ")]
    failure = ""
    if code < 0:
        failure = f"stopped after {MOST_SECONDS} s" if code == -signal.SIGKILL else f"signal {-code}"
    elif code and not rows:
        failure = next((line for line in reversed(said) if line), f"exit {code}")[:200]
    elif code:
        failure = "an answer was wrong"
    return Told(rows, absent, failure)


def shown(one: Measurement, got: Told, *, is_judged: bool = True) -> Iterator[str]:
    """The lines of the table for one measurement; goals are for its full size."""
    for cells in got.rows:
        run = " ".join(cells[key] for key in _NAMES if key in cells)
        named = [goal for key, goals in one.goals.items() if key in run for goal in goals]
        goal = "; ".join(goal.judged(cells) if is_judged else str(goal) for goal in named)
        yield _row(
            (
                one.title,
                run,
                cells.get("MB/s", ""),
                cells.get("seconds (range)", ""),
                next((f"{cell} ({key})" for key, cell in cells.items() if _is_ratio(key)), ""),
                cells.get("peak MB", ""),
                goal,
                _more(cells),
            )
        )
    for reason in got.absent:
        yield _row((one.title, f"absent: {reason}", *[""] * 6))
    if got.failure:
        yield _row((one.title, f"failed: {got.failure}", *[""] * 6))


def told(text: str) -> Iterator[Mapping[str, str]]:
    """The rows of the Markdown tables in a measurement's output, each cell under its heading."""
    headings: list[str] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            headings = []
            continue
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if not headings:
            headings = cells
        elif not set(cells) <= {"---"}:
            yield dict(zip(headings, cells, strict=False))


def _is_ratio(heading: str) -> bool:
    return " = 1" in heading or "times" in heading


def _more(cells: Mapping[str, str]) -> str:
    others = [f"{key} {cell}" for key, cell in cells.items() if key not in _OWN and not _is_ratio(key)]
    return "; ".join(filter(None, [cells.get("answer", ""), *others]))


def _stop(process: subprocess.Popen[str]) -> None:
    """End it with all processes that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
