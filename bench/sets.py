"""`python -m bench sets`: a long list compiled on the command line: time, the set's size, and opening it."""

from __future__ import annotations

import argparse
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from bench import measure
from demo.loggen.indicators import make_indicators, write_csv, write_plain

_READ = """import duckdb, sys
whole = "select count(*) from read_csv(?, header=false, columns={'line': 'varchar'}, delim='\x01', quote='')"
print(duckdb.execute(whole, [sys.argv[1]]).fetchone())
"""
_OPENINGS = 9
"""Openings that are measured: one takes only a few milliseconds, and other work could distort it."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench sets`."""
    parser.add_argument("--items", type=int, default=1_000_000, help="length of the list")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--list", type=Path, help="a list of your own in place of the generated ones")
    parser.add_argument(
        "--folder", type=Path, default=Path("var/bench"), help="where lists and sets are kept"
    )


def sets(asked: argparse.Namespace) -> int:
    """Measure and print; 0."""
    asked.folder.mkdir(parents=True, exist_ok=True)
    print(measure.machine())
    print("| list | MB | compiled s (CPU) | peak MB | set MB | opened ms | + formats | DuckDB s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for path in [asked.list] if asked.list else _lists(asked):
        out = asked.folder / f"{path.stem}-{path.suffix[1:]}.qs"
        command = [str(Path(sys.executable).with_name("quetsach")), "indicators", "compile", str(path)]
        costs, peers = [], []
        for _ in range(asked.rounds):
            costs.append(measure.run([*command, "-o", str(out)], (0,))[0])
            if find_spec("duckdb"):
                peers.append(measure.run([sys.executable, "-c", _READ, str(path)], (0,))[0].seconds)
        status = (
            path.name,
            f"{path.stat().st_size / 1e6:.1f}",
            f"{median(c.seconds for c in costs):.2f} ({median(c.cpu_seconds for c in costs):.2f})",
            f"{max(c.peak_bytes for c in costs) / 1e6:.0f}",
            f"{out.stat().st_size / 1e6:.1f}",
            *(f"{milliseconds:.2f}" for milliseconds in _opened(out)),
            f"{median(peers):.2f}" if peers else "absent",
        )
        print("| " + " | ".join(status) + " |", flush=True)
    return 0


def _lists(asked: argparse.Namespace) -> list[Path]:
    items = make_indicators(asked.items, asked.seed)
    plain, table = (asked.folder / f"list-{asked.items}.{suffix}" for suffix in ("txt", "csv"))
    write_plain(items, plain)
    write_csv(items, table)
    hosts = asked.folder / f"list-{asked.items}.hosts"
    names = (line for line in plain.read_text().splitlines() if line[-1:].isalpha() and "/" not in line)
    hosts.write_text("".join(f"0.0.0.0 {name}\n" for name in names if not name.startswith("*")))
    return [plain, table, hosts]


def _opened(path: Path) -> list[float]:
    """Median milliseconds until the set is open and checked, and until the log formats are read, too."""
    from quetsach import _native
    from quetsach.bypass import providers
    from quetsach.scanning.engines.native import FORMATS

    steps: list[list[float]] = []
    for _ in range(_OPENINGS):
        begun = time.perf_counter()
        matcher = _native.Matcher.load(path, _native.Formats(FORMATS, []), providers.load().listed)
        opened = time.perf_counter() - begun
        matcher.recognise(b"")
        steps.append([opened, time.perf_counter() - begun])
    return [median(step) * 1000 for step in zip(*steps, strict=True)]
