"""YARA rules of a campaign, judged before any machine is checked with them.

They are compiled as in a check and may use only the content of the file itself. They are tried on innocent
files: a rule that hits one of these would accuse every machine.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quetsach.endpoint.files import content
from quetsach.endpoint.files.content import MOST_BYTES, RulesError
from quetsach.files import bounded_process

MODULES = frozenset(("crx", "dex", "dotnet", "elf", "hash", "lnk", "macho", "math", "pe", "string", "zip"))
"""Without console (writes to the screen), time (its answer changes), cuckoo and vt (their data is on no
machine)."""
MOST_SECONDS = 1.0
"""Of processor time for the small ones of the innocent files, ten or so; good rules take a thousandth, and
a machine has 100,000 such files."""
_SMALL = 64 << 10
_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00"


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake in a set of rules: `line` counts from 1, 0 means the whole set. `code` is "compile",
    "include", "module", "innocent" (with the file `where`), "slow", "limits", "empty" or "no_engine"; `text`
    is the compiler's message, the module, or the rule."""

    code: str
    line: int
    text: str
    where: str = ""


class ProblemsError(RulesError):
    """A set of rules that a campaign cannot use; `problems` are in the order of their lines."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{p.line}: {p.text}" for p in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Judged:
    """Rules fit for use: their names, and the compiler's warnings as (line, message)."""

    names: tuple[str, ...]
    warnings: tuple[tuple[int, str], ...]


def judge(text: str) -> Judged:
    """Compile a set of rules and try it on innocent files.

    Raises:
        ProblemsError: the set must not be used; holds the reasons.
    """
    try:
        told = _judged(text.encode("utf-8", "replace"))
    except bounded_process.BusyError:
        raise
    except bounded_process.NotReadError as error:
        raise ProblemsError([Problem("limits", 0, "")]) from error
    if isinstance(told, list):
        raise ProblemsError(told)
    return told


@bounded_process.bounded(seconds=60, imports=("yara_x",), is_threaded=True)
def _judged(source: bytes) -> Judged | list[Problem]:
    try:
        return _compiled(source.decode())
    except ProblemsError as error:
        return error.problems


def _compiled(text: str) -> Judged:
    try:
        import yara_x
    except ImportError as error:
        raise ProblemsError([Problem("no_engine", 0, "yara-x")]) from error
    compiler = content.compiler()
    try:
        compiler.add_source(text)
    except yara_x.CompileError as error:
        raise ProblemsError(_problems(compiler.errors())) from error
    rules = compiler.build()
    names = tuple(rule.identifier for rule in rules)
    if not names:
        raise ProblemsError([Problem("empty", 0, "")])
    foreign = [name for name in rules.imports() if name not in MODULES]
    if foreign:
        raise ProblemsError([Problem("module", _line_of_import(text, name), name) for name in foreign])
    hits = [Problem("innocent", _line_of_rule(text, rule), rule, name) for rule, name in _tried(rules)]
    if hits:
        raise ProblemsError(hits)
    return Judged(names, tuple((one["line"], one["title"]) for one in compiler.warnings()))


def _problems(errors: list[dict[str, Any]]) -> list[Problem]:
    found = [
        Problem(
            "include" if one["type"] == "IncludeNotAllowed" else "compile",
            int(one.get("line") or 0),
            ": ".join(filter(None, (one["title"], *(label["text"] for label in one["labels"][:1])))),
        )
        for one in errors
    ]
    return sorted(found, key=lambda one: one.line) or [Problem("compile", 0, "")]


def _line_of_import(text: str, module: str) -> int:
    return _line(text, re.search(rf'^\s*import\s+"{re.escape(module)}"', text, re.MULTILINE))


def _line_of_rule(text: str, rule: str) -> int:
    return _line(text, re.search(rf"\brule\s+{re.escape(rule)}\b", text))


def _line(text: str, found: re.Match[str] | None) -> int:
    return text.count("\n", 0, found.end()) + 1 if found else 0


def _tried(rules: Any) -> Iterator[tuple[str, str]]:
    """Each rule that hits an innocent file, with the first such file."""
    import yara_x

    scanner = yara_x.Scanner(rules)
    told: set[str] = set()
    taken = 0.0
    for name, path, data in innocent():
        is_small = len(data) <= _SMALL
        scanner.set_timeout(content.SECONDS // 2 if is_small else content.SECONDS)
        begun = time.process_time()
        scanner.set_global("filename", name)
        scanner.set_global("filepath", path)
        scanner.set_global("extension", f".{name.rpartition('.')[2]}")
        try:
            hits = [rule.identifier for rule in scanner.scan(data).matching_rules]
        except (yara_x.ScanError, yara_x.TimeoutError) as error:
            raise ProblemsError([Problem("slow", 0, "", name)]) from error
        taken += time.process_time() - begun if is_small else 0.0
        if taken > MOST_SECONDS:
            raise ProblemsError([Problem("slow", 0, "", name)])
        for rule in hits:
            if rule not in told:
                told.add(rule)
                yield rule, name


def innocent() -> Iterator[tuple[str, str, bytes]]:
    """Files that no rule may hit: name, path, content. Made-up files, and this program's own Python files."""
    windows = "C:\\Windows\\System32\\"
    header = b"MZ" + bytes(58) + (64).to_bytes(4, "little") + b"PE\x00\x00d\x86\x01\x00" + bytes(512)
    yield "svchost.exe", f"{windows}svchost.exe", header
    yield "kernel32.dll", f"{windows}kernel32.dll", header
    yield "cong-van.docx", "C:\\Users\\an\\Documents\\cong-van.docx", b"PK\x03\x04" + bytes(200)
    yield "anh.png", "C:\\Users\\an\\Pictures\\anh.png", _PNG
    yield (
        "ghi-chu.txt",
        "C:\\Users\\an\\Desktop\\ghi-chu.txt",
        "Kính gửi: UBND xã. http://example.org\r\n".encode(),
    )
    yield "rong.txt", "C:\\Users\\an\\Desktop\\rong.txt", b" "
    yield (
        "trang.html",
        "C:\\Users\\an\\Desktop\\trang.html",
        b"<!doctype html><script>1</script>",
    )
    yield "chay.cmd", "C:\\Users\\an\\Desktop\\chay.cmd", b"@echo off\r\ncmd /c powershell -NoProfile\r\n"
    for path in (Path(sys.executable).resolve(), Path(__file__)):
        if os.access(path, os.R_OK) and path.is_file() and path.stat().st_size <= MOST_BYTES:
            yield path.name, str(path), path.read_bytes()
