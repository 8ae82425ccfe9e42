"""Compares the native engine with the portable engine on random lists and logs, until the time is up.

    ./dev fuzz differential [--seconds N] [--seed N] [--windows]

The tests are those of `tests/engines` that draw their lists and logs: lines of every format, indicators in
every legal spelling, near misses, wrappers, containers and captures. Each round has another seed; naming a
seed repeats its round. With `--windows` it is the engine of the wheel for Windows in dist/, under wine, on
each of its instruction sets. Exit code 1 when the engines differ; pytest prints the smallest list and log on
which they do.
"""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
TESTS = (
    "tests/engines/test_every_format.py::test_both_engines_say_the_same",
    "tests/engines/test_native_differential.py",
    "tests/engines/test_samples_differential.py::test_changed_samples_give_the_same_hits",
    "tests/engines/test_wrappers.py::test_both_engines_peel_the_same",
    "tests/engines/test_event_formats.py::test_native_says_what_portable_says",
    "tests/engines/test_capture_differential.py",
)
ON_WINDOWS = ("tests/stick/test_fast_engine_differential.py",)
_PHASE = re.compile(r"(\d+) passing, (\d+) failing, and (\d+) invalid test cases((?:\n    .*)*)")
_HITS = re.compile(r"([\d.]+)%, hits")


def counted(report: str) -> Counter[str]:
    """Passed examples by test, and examples with hits, from the output of `--hypothesis-show-statistics`."""
    found: Counter[str] = Counter()
    for part in re.split(r"\n(?=tests/\S+::)", report):
        file, _, test = part.split(":\n", 1)[0].strip().rpartition("/")[2].partition("::")
        for passing, failing, invalid, told in _PHASE.findall(part):
            found[f"{file} {test}"] += int(passing)
            drawn = int(passing) + int(failing) + int(invalid)
            found["with hits"] += sum(round(drawn * float(share) / 100) for share in _HITS.findall(told))
    return found


@click.command()
@click.option("--seconds", default=300, show_default=True, help="No round begins after them.")
@click.option("--seed", type=int, help="Of the first round; another one each time without it.")
@click.option("--examples", default=300, show_default=True, help="For each test and round.")
@click.option("--windows", is_flag=True, help="The engine for Windows, under wine.")
def main(seconds: int, seed: int | None, examples: int, *, windows: bool) -> None:
    """Run rounds until the time is up or the engines differ."""
    seed = secrets.randbelow(1 << 31) if seed is None else seed
    until = time.monotonic() + seconds
    found: Counter[str] = Counter()
    rounds = 0
    while time.monotonic() < until or not rounds:
        done = subprocess.run(
            [
                sys.executable,
                *("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"),
                f"--hypothesis-seed={seed + rounds}",
                "--hypothesis-show-statistics",
                *(ON_WINDOWS if windows else TESTS),
            ],
            cwd=ROOT,
            env={**os.environ, "QS_EXAMPLES": str(examples)},
            capture_output=True,
            text=True,
            check=False,
        )
        rounds += 1
        found += counted(done.stdout)
        if done.returncode:
            click.echo(done.stdout + done.stderr)
            click.echo(f"differ: repeat with --seed {seed + rounds - 1} --examples {examples} --seconds 0")
            sys.exit(1)
        click.echo(f"seed {seed + rounds - 1}: the same", err=True)
    hits = found.pop("with hits")
    for name, count in sorted(found.items()):
        click.echo(f"{count:>9,}  {name}")
    click.echo(
        f"{found.total():>9,}  in {rounds} rounds, seeds {seed} to {seed + rounds - 1}; {hits:,} with hits"
    )


if __name__ == "__main__":
    main()
