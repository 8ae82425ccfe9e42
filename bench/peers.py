"""The measured tools: each knows whether it is installed, its command line, and whether its answer was
right."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from bench.measure import Cost, run
from demo.loggen import KINDS, SourceTruth, Truth

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Verdict:
    """Rows for quetsach, lines for tools that know lines only. `extra` and `wrong` must be 0."""

    unit: str
    expected: int
    found: int
    extra: int
    wrong: int = 0

    @property
    def is_right(self) -> bool:
        """Whether everything planted was found as planted, and nothing else."""
        return self.found == self.expected and not self.extra and not self.wrong


class Peer(Protocol):
    """One tool."""

    @property
    def name(self) -> str:
        """Its name in the table."""
        ...

    def absent(self) -> str:
        """Why it cannot be measured here, else ""."""
        ...

    def reads(self, kind: str) -> bool:
        """Whether it can read logs of this kind."""
        ...

    def prepare(self, plain: Path, folder: Path) -> None:
        """Do once the work that is not needed for every scan of the list."""
        ...

    def scan(self, log: Path, plain: Path, folder: Path, truth: Truth) -> tuple[Cost, Verdict]:
        """Scan once."""
        ...


@dataclass(frozen=True, slots=True)
class Quetsach:
    """`quetsach scan` with a compiled set, by the native or the portable engine."""

    engine: str
    jobs: int = 1

    @property
    def name(self) -> str:
        """Its name in the table."""
        return f"quetsach {self.engine}"

    def absent(self) -> str:
        chosen = f"from quetsach.scanning import engine; engine.choose({self.engine!r})"
        probe = subprocess.run(
            [sys.executable, "-c", chosen], capture_output=True, env=self.env(), check=False
        )
        return probe.stderr.decode().strip().rpartition("\n")[2] if probe.returncode else ""

    def reads(self, kind: str) -> bool:
        del kind
        return True

    def prepare(self, plain: Path, folder: Path) -> None:
        compiled = self.compiled(plain, folder)
        compiled.unlink(missing_ok=True)
        run(self._command("indicators", "compile", str(plain), "-o", str(compiled)), (0,), self.env())

    def scan(
        self, log: Path, plain: Path, folder: Path, truth: Truth, written_as: str = ""
    ) -> tuple[Cost, Verdict]:
        """`written_as` is the name of the log in `truth`, for a scan of a packed copy."""
        out = folder / "out.jsonl"
        out.unlink(missing_ok=True)
        cost, _ = run(self.command(log, plain, folder, out), (0, 1), self.env())
        return cost, judge(out, truth, written_as or log.name)

    def command(self, logs: Path, plain: Path, folder: Path, out: Path) -> list[str]:
        """The command line of a scan of a log or a folder into `out`."""
        scan = self._command("scan", str(logs), "-i", str(self.compiled(plain, folder)), "-o", str(out))
        return [*scan, "--jobs", str(self.jobs)]

    def compiled(self, plain: Path, folder: Path) -> Path:
        """The path where `prepare` puts the set."""
        return folder / f"{plain.stem}.{self.engine}.qs"

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-c", "from quetsach.cli import main; main()", *arguments]

    def env(self) -> dict[str, str]:
        """Its environment."""
        paths = (str(ROOT / "src"), os.environ.get("PYTHONPATH", ""))
        return {
            "QUETSACH_ENGINE": self.engine,
            "QUETSACH_LANG": "en",
            # As in an installation, modules are compiled once: here by the first run, which compiles the
            # list.
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        }


@dataclass(frozen=True, slots=True)
class Ripgrep:
    """`rg -F -f LIST -c`: the usual search with a list in a log. It counts lines and knows no borders."""

    name: str = "rg -F -f"

    def absent(self) -> str:
        return "" if shutil.which("rg") else "ripgrep is not installed"

    def reads(self, kind: str) -> bool:
        del kind
        return True

    def prepare(self, plain: Path, folder: Path) -> None:
        del plain, folder

    def scan(self, log: Path, plain: Path, folder: Path, truth: Truth) -> tuple[Cost, Verdict]:
        del folder
        command = ["rg", "--no-config", "--color", "never", "-a", "-F", "-f", str(plain), "-c", str(log)]
        cost, said = run(command, (0, 1))
        return cost, _lines(int(said.strip() or 0), truth.sources[log.name])


@dataclass(frozen=True, slots=True)
class DuckDb:
    """One SQL query over the log and the list (`bench.duckdb_lines`); it reads the list in every run."""

    threads: int = 1

    @property
    def name(self) -> str:
        """Its name in the table."""
        return "DuckDB"

    def absent(self) -> str:
        return "" if find_spec("duckdb") else "the package duckdb is not installed (pip install duckdb)"

    def reads(self, kind: str) -> bool:
        from bench.duckdb_lines import LINES

        return kind in LINES

    def prepare(self, plain: Path, folder: Path) -> None:
        del plain, folder

    def scan(self, log: Path, plain: Path, folder: Path, truth: Truth) -> tuple[Cost, Verdict]:
        del folder
        kind = next(kind for kind in KINDS if KINDS[kind].file_name == log.name)
        command = [sys.executable, "-m", "bench.duckdb_lines", kind, str(log), str(plain), str(self.threads)]
        cost, said = run(command, (0,), {"PYTHONPATH": str(ROOT)})
        return cost, _lines(int(said), truth.sources[log.name])


def _lines(lines: int, source: SourceTruth) -> Verdict:
    return Verdict("lines", source.planted, min(lines, source.planted), max(0, lines - source.planted))


def judge(out: Path, truth: Truth, file: str) -> Verdict:
    """Compare a scan document with the planted rows: keys, counts, first and last times."""
    expected = {key: row for key, row in truth.rows.items() if row.file == file}
    found = wrong = extra = 0
    for text in out.read_text(encoding="utf-8").splitlines():
        record = json.loads(text)
        if record["type"] != "sighting":
            continue
        machine = (record["device"] or "", record["who"])
        row = expected.pop((file, record["indicator"], *machine, record["day"] or ""), None)
        if row is None:
            extra += 1
        elif (record["count"], record["first_seen"], record["last_seen"]) != (row.count, row.first, row.last):
            wrong += 1
        else:
            found += 1
    return Verdict("rows", found + wrong + len(expected), found, extra, wrong)
