"""`python -m bench matching`: the matcher alone, at each level of SIMD, without the cost of a process."""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from bench.measure import machine
from bench.peers import ROOT, Quetsach
from bench.scan import generate
from demo.loggen import KINDS
from demo.loggen.__main__ import size

_KINDS = ("zeek-dns", "eve", "squid", "dnsmasq")
_LEVELS = {"x86_64": ("avx512", "avx2", "sse42"), "aarch64": ("neon",)}
# Rounds of one and of two threads for each round of the levels: in one of them both cores must be free.
_TOGETHER = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench matching`."""
    parser.add_argument("--size", type=size, default=size("1G"), help="of each log, default 1G")
    parser.add_argument("--items", type=int, default=1_000_000, help="length of the list")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="logs and sets")


def matching(asked: argparse.Namespace) -> int:
    """Measure; 0."""
    if shutil.which("cargo") is None:
        print("absent: the example phase1: there is no cargo to build it with", file=sys.stderr)
        return 0
    counts = sorted({10_000, 100_000, 1_000_000, asked.items})
    folder = generate(asked.folder, _KINDS, asked.size, counts, asked.seed, 0.0001)
    plain = folder / f"indicators-{asked.items}.txt"
    ours = Quetsach("native")
    ours.prepare(plain, folder)
    build = ["cargo", "build", "-q", "--release", "--locked", "-p", "quetsach-matcher", "--example", "phase1"]
    subprocess.run(build, check=True, cwd=ROOT)
    logs = [str((folder / KINDS[kind].file_name).resolve()) for kind in _KINDS]
    phase1 = [
        *("cargo", "run", "-q", "--release", "--locked", "-p", "quetsach-matcher", "--example", "phase1"),
        *("--", str(ours.compiled(plain, folder).resolve()), *logs),
    ]
    told = _told(*phase1, "--rounds", str(asked.rounds))
    print(f"{machine()}\n| log | tool | GB/s | with reading |")
    print("| --- | --- | --- | --- |")
    seen = set()
    for line in told:
        level, alone, reading, _lines, _places, log = line.split(maxsplit=5)
        seen.add(level)
        print(f"| {Path(log).name} | {level} | {alone} | {reading} |")
    print("\n| log | tool | GB/s | times one thread |")
    print("| --- | --- | --- | --- |")
    for line in _told(*phase1, "--threads", "2", "--rounds", str(_TOGETHER * asked.rounds)):
        threads, _one, together, times, log = line.split(maxsplit=4)
        print(f"| {Path(log).name} | {threads} threads | {together} | {times} |")
    for level in _LEVELS.get(platform.machine(), ()):
        if level not in seen:
            print(f"absent: {level}: this processor has it not", file=sys.stderr)
    return 0


def _told(*command: str) -> list[str]:
    """The lines of the example's output below its two headings."""
    output = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout
    return output.splitlines()[2:]
