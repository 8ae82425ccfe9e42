"""`python -m bench scan`: a whole scan beside `rg -F -f` and DuckDB, in alternation, on generated logs."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.measure import Cost, machine, warm
from bench.peers import ROOT, DuckDb, Peer, Quetsach, Ripgrep, Verdict
from bench.report import Result, table, write
from demo.loggen import KINDS, Truth
from demo.loggen.__main__ import counts as parse_counts
from demo.loggen.__main__ import size

_MADE = "made.json"
_KINDS = "zeek-dns,eve,squid,dnsmasq"


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench scan`."""
    parser.add_argument("--size", type=size, default=size("1G"), help="of each log, default 1G")
    parser.add_argument(
        "--sizes", type=parse_counts, default=parse_counts("10k,100k,1M"), help="indicator lists"
    )
    parser.add_argument("--kinds", default=_KINDS, help=f"default {_KINDS}; also {', '.join(KINDS)}")
    parser.add_argument("--engines", default="native", help="native, portable or both by comma")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--hit-rate", type=float, default=0.0001, help="share of lines that are hits")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--alone", action="store_true", help="leave the other tools out")
    parser.add_argument("--quick", action="store_true", help="64 MB and the shortest list: does it work")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="logs, sets and results")


def scan(asked: argparse.Namespace) -> int:
    """Measure; 1 if an engine of ours gave a wrong answer."""
    if asked.quick:
        asked.size, asked.sizes = size("64M"), asked.sizes[:1]
    kinds = asked.kinds.split(",")
    data = _data(asked, kinds)
    truth = Truth.read(data / "truth.jsonl")
    ours = [Quetsach(engine, asked.jobs) for engine in asked.engines.split(",")]
    others: list[Peer] = [] if asked.alone else [Ripgrep(), DuckDb(asked.jobs)]
    peers, absent = _present([*ours, *others])
    for name, reason in absent.items():
        print(f"absent: {name}: {reason}", file=sys.stderr)
    lists = [data / f"indicators-{count}.txt" for count in asked.sizes]
    for peer in peers:
        for plain in lists:
            peer.prepare(plain, data)
    started, before = datetime.now(UTC), machine()
    results: list[Result] = []
    for kind in kinds:
        log = data / KINDS[kind].file_name
        warm(log)
        able = [peer for peer in peers if peer.reads(kind)]
        for count, plain in zip(asked.sizes, lists, strict=True):
            results += _rounds(able, log, plain, count, asked.rounds, data, truth)
            print(table(results[-len(able) :], ours[0].name), file=sys.stderr)
    text = table(results, ours[0].name)
    print(text, end="")
    asked.folder.mkdir(parents=True, exist_ok=True)
    stem = asked.folder / f"scan-{started:%Y%m%dT%H%M%S}"
    context: dict[str, object] = {
        "started": started.isoformat(),
        "machine": before,
        "load_average_after": round(os.getloadavg()[0], 2),
        "options": {key: str(value) for key, value in vars(asked).items() if key != "run"},
        "absent": absent,
    }
    write(stem.with_suffix(".json"), context, results)
    stem.with_suffix(".md").write_text(text, encoding="utf-8")
    print(f"{stem.with_suffix('.json')}", file=sys.stderr)
    names = {peer.name for peer in ours}
    return int(any(not v.is_right for result in results if result.tool in names for v in result.verdicts))


def _rounds(
    peers: Sequence[Peer], log: Path, plain: Path, count: int, rounds: int, data: Path, truth: Truth
) -> list[Result]:
    costs: dict[str, list[tuple[Cost, Verdict]]] = {peer.name: [] for peer in peers}
    for _ in range(rounds):
        for peer in peers:
            costs[peer.name].append(peer.scan(log, plain, data, truth))
    length = log.stat().st_size
    return [
        Result(log.name, length, count, name, tuple(c for c, _ in runs), tuple(v for _, v in runs))
        for name, runs in costs.items()
    ]


def _present(peers: Sequence[Peer]) -> tuple[list[Peer], dict[str, str]]:
    absent = {peer.name: reason for peer in peers if (reason := peer.absent())}
    return [peer for peer in peers if peer.name not in absent], absent


def _data(asked: argparse.Namespace, kinds: Sequence[str]) -> Path:
    return generate(asked.folder, kinds, asked.size, asked.sizes, asked.seed, asked.hit_rate)


def _forget_older(parent: Path, of: str) -> None:
    """Remove the logs of an older generator: they are large, and nothing uses them."""
    for made in parent.glob(f"logs-*/{_MADE}"):
        if json.loads(made.read_text(encoding="utf-8"))["of"] != of:
            print(f"removing {made.parent}, of an older generator", file=sys.stderr)
            shutil.rmtree(made.parent)


def generate(
    parent: Path,
    kinds: Sequence[str],
    length: int,
    counts: Sequence[int],
    seed: int,
    hit_rate: float,
    trap_rate: float | None = None,
    repeat: int = 4,
    alike: float = 0,
) -> Path:
    """A folder with these logs and lists (perhaps among others) and the truth; a process of its own writes a
    new folder where none fits. `length` is that of the benign lines; hits and near misses are shares of
    it."""
    source = b"".join(path.read_bytes() for path in sorted((ROOT / "demo" / "loggen").rglob("*.py")))
    given = f"{length} {counts} {sorted(kinds)} {seed} {hit_rate} {trap_rate} {repeat} {alike}".encode()
    folder = parent / f"logs-{hashlib.sha256(given + source).hexdigest()[:12]}"
    if (folder / "truth.jsonl").exists():
        return folder
    generator = hashlib.sha256(source).hexdigest()
    same = {
        "of": generator,
        "size": length,
        "seed": seed,
        "hit_rate": hit_rate,
        "trap_rate": trap_rate,
        "repeat": repeat,
        "alike": alike,
    }
    for made in sorted(parent.glob(f"logs-*/{_MADE}")):
        kept = json.loads(made.read_text(encoding="utf-8"))
        if same.items() <= kept.items() and {*kinds} <= {*kept["kinds"]} and {*counts} <= {*kept["counts"]}:
            return made.parent
    _forget_older(parent, generator)
    print(f"writing logs to {folder}", file=sys.stderr)
    command = [sys.executable, "-m", "demo.loggen", "--kind", ",".join(kinds), "--size", str(length)]
    command += ["--indicators", ",".join(map(str, counts)), "--seed", str(seed)]
    command += ["--hit-rate", str(hit_rate), "-o", str(folder.resolve())]
    command += ["--repeat", str(repeat), "--alike", str(alike)]
    command += [] if trap_rate is None else ["--trap-rate", str(trap_rate)]
    subprocess.run(command, check=True, cwd=ROOT, stdout=2)
    told = {**same, "kinds": list(kinds), "counts": list(counts)}
    (folder / _MADE).write_text(json.dumps(told), encoding="utf-8")
    return folder
