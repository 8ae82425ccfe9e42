"""`python -m bench expressions`: what the patterns of the log formats cost a whole scan, format by format.

A log repeats the sample lines of a format's file with other clients, names and addresses. `--against` names
the folder of another checkout with an engine of its own. All scan in alternation, and must find the same.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from random import Random
from statistics import median

from bench.measure import Cost, machine, run, warm
from bench.peers import ROOT
from demo.loggen import names
from demo.loggen.__main__ import size as parse_size
from demo.loggen.indicators import make_indicators
from demo.loggen.listed import Item
from quetsach.logs import logformat

_NAME = r"(?:[A-Za-z0-9-]+\.)+(?:org|example)\b"
_LABELS = r"(?:\(\d+\)[A-Za-z0-9-]+)+\(0\)"
_VALUE = re.compile(
    rf"[0-9]+(?:\.[0-9]+){{3}}|(?:[0-9a-fA-F]{{0,4}}:){{2,7}}[0-9a-fA-F]{{1,4}}|{_NAME}|{_LABELS}"
)
_LIST = 20_000
_SPARSE = 0.0001


@dataclass(frozen=True)
class _Case:
    """A kind of log and how it is scanned."""

    name: str
    rate: float
    size: Callable[[argparse.Namespace], int]
    options: tuple[str, ...] = ()


_CASES = (
    _Case("sparse, 1 MB", 0.001, lambda _: 1 << 20),
    _Case("sparse", _SPARSE, lambda asked: 16 * asked.size),
    _Case("10 % hits", 0.1, lambda asked: asked.size),
    _Case("100 % hits", 1, lambda asked: asked.size),
    _Case("sparse, --devices", _SPARSE, lambda asked: 8 * asked.size, ("--devices",)),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench expressions`."""
    parser.add_argument(
        "--size", type=parse_size, default=parse_size("4M"), help="of a dense log, default 4M"
    )
    parser.add_argument("--formats", help="by comma, those of one log by +; all that use patterns")
    parser.add_argument(
        "--cases", help=f"by number; all of {', '.join(case.name for case in _CASES)}".replace("%", "%%")
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--against", type=Path, action="append", default=[], help="folder of another checkout; maybe several"
    )
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="logs and sets")


def expressions(asked: argparse.Namespace) -> int:
    """Measure; 1 if two engines did not find the same."""
    folder = asked.folder / "expressions"
    folder.mkdir(parents=True, exist_ok=True)
    roots = [ROOT, *(other.resolve() for other in asked.against)]
    items = make_indicators(_LIST, asked.seed)
    plain = folder / "list.txt"
    plain.write_text("".join(f"{item.value}\n" for item in items), encoding="ascii")
    for root in roots:
        run(_quetsach("indicators", "compile", str(plain), "-o", str(_set(folder, root))), (0,), _env(root))
    print(f"{machine()}\n| format | case | {' | '.join(str(root) for root in roots)} |")
    print("|" + " --- |" * (2 + len(roots)), flush=True)
    is_same = True
    cases = [_CASES[int(n)] for n in asked.cases.split(",")] if asked.cases else _CASES
    for name in asked.formats.split(",") if asked.formats else _with_patterns():
        for case in cases:
            log = folder / "log.txt"
            _write(log, name, case.rate, case.size(asked), asked.seed, items)
            warm(log)
            costs, found = _alternate(log, case, roots, folder, asked.rounds)
            is_same &= len(found) == 1
            odd = "" if len(found) == 1 else " DIFFERENT |"
            print(f"| {name} | {case.name} | {' | '.join(_cells(costs))} |{odd}", flush=True)
    return int(not is_same)


def _with_patterns() -> list[str]:
    formats = logformat.load_all().values()
    return sorted(f.name for f in formats if any(shape.type == "pattern" for shape in f.shapes))


def _alternate(
    log: Path, case: _Case, roots: list[Path], folder: Path, rounds: int
) -> tuple[list[list[Cost]], set[bytes]]:
    costs: list[list[Cost]] = [[] for _ in roots]
    found = set()
    for _ in range(rounds):
        for mine, root in zip(costs, roots, strict=True):
            out = folder / "out.csv"
            out.unlink(missing_ok=True)
            call = ("scan", str(log), "-i", str(_set(folder, root)), "-o", str(out), "--jobs", "1")
            cost, _ = run(_quetsach(*call, *case.options), (0, 1), _env(root))
            mine.append(cost)
            found.add(hashlib.sha256(out.read_bytes()).digest())
    return costs, found


def _cells(costs: list[list[Cost]]) -> Iterator[str]:
    """Processor seconds, their range, and the ratio to the first in the same round."""
    first = costs[0]
    for mine in costs:
        times = [cost.cpu_seconds for cost in mine]
        ratio = median(cost.cpu_seconds / own.cpu_seconds for cost, own in zip(mine, first, strict=True))
        wall = median(cost.seconds / own.seconds for cost, own in zip(mine, first, strict=True))
        yield f"{median(times):.3f} ({min(times):.3f}-{max(times):.3f}) x{ratio:.2f}, wall x{wall:.2f}"


def _write(path: Path, name: str, rate: float, length: int, seed: int, items: list[Item]) -> None:
    rng = Random(f"{name} {rate} {length} {seed}")
    lines = _lines(name, rate, rng, items)
    block = bytearray()
    while len(block) < min(length, 2 << 20):
        block += next(lines)
    with path.open("wb") as file:
        for _ in range(max(1, round(length / len(block)))):
            file.write(block)


def _lines(name: str, rate: float, rng: Random, items: list[Item]) -> Iterator[bytes]:
    """Sample lines of a format; this share of them names a listed item."""
    listed = {
        kind: [item.value for item in items if item.kind == kind] for kind in ("domain", "ipv4", "ipv6")
    }
    samples = [
        s for one in name.split("+") for s in logformat.load_all()[one].samples if s.expect and not s.header
    ]
    able = [s for s in samples if any(key in s.expect for key in ("query", "host", "url", "server"))]
    for number in count():
        # The first line of any log is a hit.
        is_hit = not number or rng.random() < rate
        sample = rng.choice(able if is_hit else samples)
        client = str(sample.expect.get("client", ""))

        def other(match: re.Match[str], is_hit: bool = is_hit, client: str = client) -> str:
            value = match[0]
            if not re.fullmatch(f"{_NAME}|{_LABELS}", value) and not _is_address(value):
                return value
            if value == client and ":" in value:
                return f"fd00::{rng.randrange(1, 4096):x}"
            if value == client:
                return f"10.{rng.randrange(8)}.{rng.randrange(16)}.{rng.randrange(1, 250)}"
            if value.startswith("("):
                fresh = rng.choice(listed["domain"]) if is_hit else names.host_label(rng) + ".vn"
                return "".join(f"({len(label)}){label}" for label in fresh.split(".")) + "(0)"
            if "." in value and ":" not in value and value[-1].isalpha():
                return rng.choice(listed["domain"]) if is_hit else names.host_label(rng) + ".vn"
            if ":" in value:
                return rng.choice(listed["ipv6"]) if is_hit else names.ipv6(rng)
            return rng.choice(listed["ipv4"]) if is_hit else names.ipv4(rng)

        yield _VALUE.sub(other, sample.line).encode() + b"\n"


def _is_address(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return True


def _set(folder: Path, root: Path) -> Path:
    return folder / f"{hashlib.sha256(bytes(root)).hexdigest()[:8]}.qs"


def _quetsach(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from quetsach.cli import main; main()", *arguments]


def _env(root: Path) -> dict[str, str]:
    return {
        "QUETSACH_ENGINE": "native",
        "QUETSACH_LANG": "en",
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPATH": os.pathsep.join((str(root / "src"), str(ROOT / "src"))),
    }
