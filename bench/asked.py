"""`python -m bench asked`: one log with and without machines that the scan is asked about, in alternation.

Of the machines that the generator made (demo/loggen/world.py) and that the log names, every n-th is asked
about. Each of these must come back. Further runs also ask about the resolvers: they stand in many lines,
never as the machine of the line, and must not come back. Seconds are those of the processor, since others may
use the machine.
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
from demo.loggen.world import RESOLVERS, office_networks

_ADDRESS = re.compile(rb"(?<![\d.])10(?:\.\d{1,3}){3}(?![\d.])")


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench asked`."""
    add_options(parser, size="1G")
    parser.add_argument("--asked", default="47,500", help="numbers of machines by comma")


def asked(given: argparse.Namespace) -> int:
    """Measure; 1 if an answer lacks a machine, or names a resolver."""
    folder = data(given)
    log, plain = folder / KINDS[given.kind].file_name, folder / f"indicators-{given.items}.txt"
    ours = Quetsach("native")
    ours.prepare(plain, folder)
    warm(log)
    machines = _machines(log, given.seed)
    print(f"{len(machines)} machines in the log")
    wrong: set[str] = set()

    def scan(wanted: list[str], servers: tuple[str, ...] = ()) -> float:
        out, file = folder / "out.jsonl", folder / "asked.txt"
        out.unlink(missing_ok=True)
        file.write_text("\n".join([*wanted, *servers]))
        command = ours.command(log, plain, folder, out)
        cost, _ = run([*command, "--asked", str(file)] if wanted else command, (0, 1), ours.env())
        told = [
            json.loads(line) for line in out.read_text().splitlines() if line.startswith('{"type":"coverage"')
        ]
        wrong.update(set(wanted) ^ set(told[0].get("alive", {})))
        return cost.cpu_seconds

    runs: dict[str, Callable[[], float]] = {"nobody": lambda: scan([])}
    for count in map(int, given.asked.split(",")):
        wanted = machines[:: max(len(machines) // count, 1)][:count]
        runs[f"{len(wanted)} machines"] = lambda wanted=wanted: scan(wanted)  # type: ignore[misc]
        runs[f"{len(wanted)} and the resolvers"] = lambda wanted=wanted: scan(wanted, RESOLVERS)  # type: ignore[misc]
    print_table(alternate(runs, given.rounds), log.stat().st_size, machine())
    print(f"machines that an answer lacks, or names without reason: {len(wrong)} {sorted(wrong)[:5]}")
    return int(bool(wrong))


def _machines(log: Path, seed: int) -> list[str]:
    """The machines of the generator whose IPv4 address the log names."""
    found: set[bytes] = set()
    with log.open("rb") as lines:
        for line in lines:
            found.update(_ADDRESS.findall(line))
    made = {address for unit in office_networks(seed).values() for address in unit}
    return sorted(made & {one.decode() for one in found})
