"""`python -m bench asked`: one log with and without machines that the scan is asked about, in alternation.

Every n-th address of a machine in the log is asked about, so that `--asked` of `--machines` are. Each
wanted machine must come back.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable
from pathlib import Path

from bench.measure import machine, run, warm
from bench.peers import Quetsach
from bench.ratios import add_options, alternate, data, print_table
from demo.loggen import KINDS

_ADDRESS = re.compile(rb"(?<![\d.])10(?:\.\d{1,3}){3}(?![\d.])")


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench asked`."""
    add_options(parser, size="1G")
    parser.add_argument("--asked", default="500,5000", help="numbers of machines by comma")


def asked(given: argparse.Namespace) -> int:
    """Measure; 1 if a machine is missing in an answer."""
    folder = data(given)
    log, plain = folder / KINDS[given.kind].file_name, folder / f"indicators-{given.items}.txt"
    ours = Quetsach("native")
    ours.prepare(plain, folder)
    warm(log)
    machines = _machines(log)
    print(f"{len(machines)} machines in the log")
    missing = 0

    def scan(wanted: list[str]) -> float:
        nonlocal missing
        out, file = folder / "out.jsonl", folder / "asked.txt"
        out.unlink(missing_ok=True)
        file.write_text("\n".join(wanted))
        command = ours.command(log, plain, folder, out)
        cost, _ = run([*command, "--asked", str(file)] if wanted else command, (0, 1), ours.env())
        told = [
            json.loads(line) for line in out.read_text().splitlines() if line.startswith('{"type":"coverage"')
        ]
        missing += len(set(wanted) - set(told[0].get("alive", {})))
        return cost.seconds

    runs: dict[str, Callable[[], float]] = {"nobody": lambda: scan([])}
    for count in map(int, given.asked.split(",")):
        wanted = machines[:: max(len(machines) // count, 1)][:count]
        runs[f"{len(wanted)} machines"] = lambda wanted=wanted: scan(wanted)  # type: ignore[misc]
    print_table(alternate(runs, given.rounds), log.stat().st_size, machine())
    print(f"machines missing in answers: {missing}")
    return int(missing > 0)


def _machines(log: Path) -> list[str]:
    """The addresses that most lines of a log begin with: its clients."""
    found: set[bytes] = set()
    with log.open("rb") as lines:
        for line in lines:
            client = _ADDRESS.search(line)
            if client is not None:
                found.add(client[0])
    return sorted(one.decode() for one in found)
