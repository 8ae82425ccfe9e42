"""`python -m bench gzip`: scanning one compressed file, beside only unpacking it, in alternation.

Unpacking alone leaves the other core idle. So unpacking is also measured while the other core scans the text:
the two share only the machine, so a scan that unpacks and reads at once cannot avoid that loss.
"""

from __future__ import annotations

import argparse
import gzip
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from bench.measure import machine, run, warm
from bench.peers import Quetsach, Verdict
from bench.ratios import add_options, alternate, data, print_table
from demo.loggen import KINDS, Truth

_PEERS = {".gz": ("igzip", "gzip"), ".zst": ("zstd",)}


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench gzip`."""
    add_options(parser, size="1G")
    parser.add_argument("--packing", choices=("gz", "zst"), default="gz")
    parser.add_argument("--jobs", type=int, default=2)


def compressed(asked: argparse.Namespace) -> int:
    """Measure; 1 if an answer was wrong."""
    folder = data(asked)
    truth = Truth.read(folder / "truth.jsonl")
    log, plain = folder / KINDS[asked.kind].file_name, folder / f"indicators-{asked.items}.txt"
    packed = pack(log, f".{asked.packing}")
    ours = Quetsach("native", asked.jobs)
    ours.prepare(plain, folder)
    warm(packed)
    warm(log)
    verdicts: list[Verdict] = []

    def scan() -> float:
        cost, verdict = ours.scan(packed, plain, folder, truth, log.name)
        verdicts.append(verdict)
        return cost.seconds

    def unpack_beside(tool: str) -> float:
        alone = Quetsach("native", 1)
        with ThreadPoolExecutor(1) as pool:
            unpacking = pool.submit(_unpack, tool, packed)
            while not unpacking.done():
                verdicts.append(alone.scan(log, plain, folder, truth)[1])
            return unpacking.result()

    runs: dict[str, Callable[[], float]] = {}
    for tool in _PEERS[packed.suffix]:
        if shutil.which(tool) is None:
            print(f"absent: {tool}: not installed", file=sys.stderr)
            continue
        runs[f"{tool} -dc > /dev/null"] = partial(_unpack, tool, packed)
    first = next(iter(runs), "").partition(" ")[0]
    if first:
        runs[f"{first}, while the text is scanned on the other core"] = partial(unpack_beside, first)
    runs[f"quetsach, {asked.jobs} threads"] = scan
    print_table(alternate(runs, asked.rounds), log.stat().st_size, machine())
    return int(not all(verdict.is_right for verdict in verdicts))


def _unpack(tool: str, packed: Path) -> float:
    command = f"{tool} -dc {shlex.quote(str(packed))} > /dev/null"
    return run(["sh", "-c", command], (0,))[0].seconds


def pack(log: Path, suffix: str) -> Path:
    """A packed copy beside the log, kept for the next run."""
    packed = log.with_name(log.name + suffix)
    if packed.exists():
        return packed
    if suffix == ".zst":
        subprocess.run(["zstd", "-q", "-k", str(log), "-o", str(packed)], check=True)
        return packed
    part = packed.with_suffix(".part")
    with log.open("rb") as plain, gzip.open(part, "wb", compresslevel=6) as out:
        shutil.copyfileobj(plain, out, 1 << 20)
    return part.replace(packed)
