"""`python -m bench windows`: the scanner for Windows under wine beside Linux, whole and in parts.

They run in alternation. It needs the wheel for Windows in dist/ and wine 10. Parts are Python alone,
a scan of an empty log, the engine alone. Wine's server is another process; its processor seconds are added.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from zipfile import ZipFile

from bench.measure import Cost, machine, run, warm
from bench.peers import ROOT, Quetsach, Verdict, judge
from bench.ratios import add_options, data
from demo.loggen import KINDS, Truth
from tests.stick import scanner as carried
from tests.stick.windows import WINE, Windows, built

_ENGINE = """
import json, sys, time
from pathlib import Path
from quetsach.scanning import engine
from quetsach.scanning.engine import ScanOptions
native = engine.choose("native")
matcher = native.load(Path(sys.argv[1]))
found = []
for _ in range(int(sys.argv[3])):
    wall, own = time.perf_counter(), time.process_time()
    matcher.scan(Path(sys.argv[2]), ScanOptions(), native.progress())
    found.append((time.perf_counter() - wall, time.process_time() - own))
print("TOLD" + json.dumps(min(found)))
"""
_IN_PROCESS = 5
"""Scans in one process, of which the best counts: the first one also brings its memory."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench windows`."""
    add_options(parser, size="463M")


def windows(asked: argparse.Namespace) -> int:
    """Measure; 1 if an answer was wrong."""
    if carried.ENGINE is None or not WINE:
        sys.exit(carried.MISSING if WINE else "wine 10 is not here: tools/debian13.sh make")
    folder = data(asked).resolve()
    system = Windows(ROOT / "var/stick/wine", folder)
    system.start()
    try:
        return _measured(asked, folder, system)
    finally:
        system.settle()


def _measured(asked: argparse.Namespace, folder: Path, system: Windows) -> int:
    truth = Truth.read(folder / "truth.jsonl")
    log, plain = folder / KINDS[asked.kind].file_name, folder / f"indicators-{asked.items}.txt"
    ours = Quetsach("native")
    ours.prepare(plain, folder)
    indicators = ours.compiled(plain, folder)
    home = _unpacked(folder)
    python = carried.python(home)
    (folder / "empty.log").write_bytes(b"\n")
    warm(log)
    verdicts: list[Verdict] = []
    out = folder / "out.jsonl"

    def here(*command: str) -> Cost:
        return run(command, (0, 1), ours.env())[0]

    def there(*command: str) -> Cost:
        before = _server(system)
        cost, _said = run([*WINE, python, *carried.FLAGS, *command], (0, 1), system.environment)
        return Cost(cost.seconds, cost.cpu_seconds + _server(system) - before, cost.peak_bytes)

    def scan_here(name: str) -> Cost:
        out.unlink(missing_ok=True)
        return here(*ours.command(folder / name, plain, folder, out))

    def scan_there(name: str) -> Cost:
        out.unlink(missing_ok=True)
        lists = ("-i", rf"E:\{indicators.name}", "-o", rf"E:\{out.name}", "--jobs", "1")
        return there("-c", carried.COMMAND_LINE, "scan", rf"E:\{name}", *lists)

    def judged(scan: Callable[[str], Cost]) -> Cost:
        cost = scan(log.name)
        verdicts.append(judge(out, truth, log.name))
        return cost

    def engine_here() -> Cost:
        command = [sys.executable, "-c", _ENGINE, str(indicators), str(log), str(_IN_PROCESS)]
        return _told(
            subprocess.run(command, env=os.environ | ours.env(), capture_output=True, check=True).stdout
        )

    def engine_there() -> Cost:
        script = folder / "engine.py"
        script.write_text(carried.FIND_ENGINE + _ENGINE, encoding="utf-8")
        names = (rf"E:\{one}" for one in (script.name, indicators.name, log.name))
        _code, told = system.run(python, *carried.FLAGS, *names, str(_IN_PROCESS))
        return _told(told.encode())

    pairs: dict[str, tuple[Callable[[], Cost], Callable[[], Cost]]] = {
        "whole process": (partial(judged, scan_here), partial(judged, scan_there)),
        "Python alone": (partial(here, sys.executable, "-c", ""), partial(there, "-c", "")),
        "a scan of an empty log": (partial(scan_here, "empty.log"), partial(scan_there, "empty.log")),
        "the engine alone": (engine_here, engine_there),
    }
    costs: dict[str, list[tuple[Cost, Cost]]] = {name: [] for name in pairs}
    for _round in range(asked.rounds):
        for name, (linux, wine) in pairs.items():
            costs[name].append((linux(), wine()))
    _print(costs, log.stat().st_size)
    return int(not all(verdict.is_right for verdict in verdicts))


def _unpacked(folder: Path) -> Path:
    with ZipFile(built("scanner", "--kind", "scanner")) as zipped:
        (name,) = {entry.partition("/")[0] for entry in zipped.namelist()}
        shutil.rmtree(folder / name, ignore_errors=True)
        zipped.extractall(folder)
    return folder / name


def _server(system: Windows) -> float:
    """Processor seconds so far of wine's servers of this prefix."""
    ticks = 0
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if (place / "comm").read_text().startswith("wineserver") and (
                f"WINEPREFIX={system.prefix}".encode() in (place / "environ").read_bytes().split(b"\0")
            ):
                ticks += sum(map(int, (place / "stat").read_text().rpartition(")")[2].split()[11:13]))
        except OSError:
            continue
    return ticks / os.sysconf("SC_CLK_TCK")


def _told(said: bytes) -> Cost:
    line = next(line for line in said.splitlines() if line.startswith(b"TOLD"))
    seconds, own = json.loads(line.removeprefix(b"TOLD"))
    return Cost(seconds, own, 0)


def _print(costs: dict[str, list[tuple[Cost, Cost]]], length: int) -> None:
    print(f"{machine()}")
    print(
        f"| {length / 1e6:,.0f} MB | Linux, s | wine, s | Linux / wine "
        "| Linux, processor s | wine, processor s | Linux / wine |\n" + "| --- " * 7 + "|"
    )
    for name, rounds in costs.items():
        cells = [*_cells([(a.seconds, b.seconds) for a, b in rounds])]
        cells += _cells([(a.cpu_seconds, b.cpu_seconds) for a, b in rounds])
        print(f"| {name} | {' | '.join(cells)} |")


def _cells(pairs: Sequence[tuple[float, float]]) -> list[str]:
    linux, wine = (median(values) for values in zip(*pairs, strict=True))
    return [f"{linux:.2f}", f"{wine:.2f}", f"{median(a / max(b, 0.01) for a, b in pairs):.2f}"]
