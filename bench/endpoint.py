"""`python -m bench endpoint`: the files of one machine, by hash and YARA rule, against other tools."""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from bench import office_tree
from bench.measure import Cost, machine, run
from bench.office_tree import Office
from bench.peers import ROOT
from demo.loggen.__main__ import size as parse_size

_ALL = ("md5", "sha1", "sha256")
_ENV = {"PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "", "QUETSACH_LANG": "en"}
_LOOPS = str(Path(__file__).with_name("file_peers.py"))
_PLANTED = re.compile(r"(?:listed|rule)-\w+\.exe")


@dataclass(frozen=True, slots=True)
class Run:
    """One tool: its command line, the pattern for names in its output, and the names that it must find."""

    name: str
    command: Sequence[str]
    found: Callable[[str], set[str]]
    expected: set[str]
    codes: Sequence[int] = (0,)


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench endpoint`."""
    parser.add_argument(
        "--size", type=parse_size, default=parse_size("400M"), help="of the files, default 400M"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--folder", type=Path, default=Path("var/bench"))
    parser.add_argument(
        "--yara-python", default=sys.executable, metavar="PYTHON", help="an interpreter that has yara-python"
    )


def endpoint(asked: argparse.Namespace) -> int:
    """Measure; 1 if an answer was wrong."""
    office = office_tree.make(asked.folder, asked.size, asked.seed)
    costs: dict[str, list[Cost]] = {}
    wrong: dict[str, str] = {}
    runs = list(_runs(office, asked))
    for _round in range(asked.rounds):
        for one in runs:
            cost, said = run(one.command, one.codes, _ENV)
            costs.setdefault(one.name, []).append(cost)
            if (found := one.found(said)) != one.expected:
                wrong[one.name] = f"WRONG: {sorted(found ^ one.expected)}"
    print(f"{machine()} {office.files:,} files, {office.size / 1e6:,.0f} MB, {office_tree.RULES} rules")
    print(
        "| tool | MB/s of CPU time (range) | seconds (range) | quetsach is times as fast | peak MB | answer |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    ours = costs[runs[0].name]
    for name, told in costs.items():
        speeds = [office.size / one.cpu_seconds / 1e6 for one in told]
        seconds = [one.seconds for one in told]
        ratio = median(theirs.cpu_seconds / own.cpu_seconds for own, theirs in zip(ours, told, strict=True))
        print(
            f"| {name} | {median(speeds):,.0f} ({min(speeds):,.0f}-{max(speeds):,.0f}) "
            f"| {median(seconds):.2f} ({min(seconds):.2f}-{max(seconds):.2f}) | {ratio:.2f} "
            f"| {max(one.peak_bytes for one in told) / 1e6:,.0f} | {wrong.get(name, 'right')} |"
        )
    return int(bool(wrong))


def _runs(office: Office, asked: argparse.Namespace) -> list[Run]:
    everything = set(office.planted)
    by_hash = {name for name in everything if name.startswith("listed")}
    hashes, one_hash = office.hash_file(_ALL), office.hash_file(("sha256",))
    rules = str(office.rules)
    out = office.rules.with_name("result.json")
    check = [
        sys.executable,
        "-c",
        "from quetsach.cli import main; main()",
        "check",
        "--root",
        str(office.root),
    ]
    check += ["--full", "--yes", "--rules", rules, "--json", str(out), "--hashes"]
    told = partial(_told, out)
    runs = [
        Run("quetsach check, 3 hashes and rules", [*check, str(hashes)], told, everything, (1,)),
        Run(
            "quetsach check, SHA-256 and rules", [*check, str(one_hash)], told,
            everything - {"listed-md5.exe", "listed-sha1.exe"}, (1,),
        ),
    ]  # fmt: skip
    python = asked.yara_python
    if subprocess.run([python, "-c", "import yara"], capture_output=True, check=False).returncode:
        print("absent: yara-python: not installed (see --yara-python)", file=sys.stderr)
    else:
        command = [python, _LOOPS, "yara", str(office.root), str(hashes), rules]
        runs.append(Run("yara-python, 3 hashes and rules", command, _named, everything))
    if shutil.which("clamscan") is None:
        print("absent: clamscan: not installed (sudo apt-get install clamav)", file=sys.stderr)
    else:
        command = ["clamscan", "-r", "-i", "--no-summary", "--max-filesize=32M", "--max-scansize=32M", "-d"]
        command += [str(_signatures(office)), str(office.root)]
        runs.append(Run("clamscan, 3 hashes and rules", command, _named, everything, (1,)))
    command = [python, _LOOPS, "hash", str(office.root), str(hashes)]
    runs.append(Run("plain loop, 3 hashes, no rules", command, _named, by_hash))
    return runs


def _told(out: Path, _said: str) -> set[str]:
    return _named(json.dumps(json.loads(out.read_text(encoding="utf-8"))["findings"]))


def _named(said: str) -> set[str]:
    return set(_PLANTED.findall(said))


def _signatures(office: Office) -> Path:
    """ClamAV's form of the same hashes and rules."""
    folder = office.rules.with_name("clamav")
    folder.mkdir(exist_ok=True)
    for suffix, names in ((".hdb", ("md5",)), (".hsb", ("sha1", "sha256"))):
        lines = [f"{one}:*:Test-{name}:73\n" for name in names for one in office.hashes[name]]
        (folder / f"hashes{suffix}").write_text("".join(lines), encoding="ascii")
    shutil.copy(office.rules, folder / "rules.yar")
    return folder
