"""`python -m bench captures`: scans a whole capture of an office's traffic."""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
from pathlib import Path

from bench.measure import machine, warm
from bench.peers import ROOT, Quetsach, Verdict
from bench.ratios import alternate, print_table
from demo.loggen import Truth
from demo.loggen.__main__ import size


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench captures`."""
    parser.add_argument("--size", type=size, default=size("512M"), help="of the capture, default 512M")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="captures and sets")


def captures(asked: argparse.Namespace) -> int:
    """Measure; 1 if an answer was wrong."""
    folder = _made(asked)
    truth = Truth.read(folder / "truth.jsonl")
    capture, plain = folder / "traffic.pcap", folder / "indicators.txt"
    ours = Quetsach("native")
    ours.prepare(plain, folder)
    warm(capture)
    verdicts: list[Verdict] = []

    def scan() -> float:
        cost, verdict = ours.scan(capture, plain, folder, truth)
        verdicts.append(verdict)
        return cost.seconds

    print("absent: Maltrail's Rust sensor: compared by hand, docs/performance.md", file=sys.stderr)
    print_table(alternate({"quetsach": scan}, asked.rounds), capture.stat().st_size, machine())
    return int(not all(verdict.is_right for verdict in verdicts))


def _made(asked: argparse.Namespace) -> Path:
    sources = [
        *sorted((ROOT / "demo/loggen").rglob("*.py")),
        *sorted((ROOT / "tests/traffic").glob("*.py")),
        ROOT / "bench/traffic_capture.py",
    ]
    given = f"{asked.size} {asked.seed}".encode()
    digest = hashlib.sha256(given + b"".join(path.read_bytes() for path in sources)).hexdigest()
    folder = Path(asked.folder) / f"capture-{digest[:12]}"
    if not (folder / "truth.jsonl").exists():
        print(f"writing a capture to {folder}", file=sys.stderr)
        command = [
            sys.executable,
            "-m",
            "bench.traffic_capture",
            "--size",
            str(asked.size),
            "--seed",
            str(asked.seed),
        ]
        subprocess.run([*command, "-o", str(folder.resolve())], check=True, cwd=ROOT, stdout=2)
    return folder
