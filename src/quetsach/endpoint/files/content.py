"""The content of a file, read once: its type, the hashes that the campaign needs, and the rules it
matches."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import Entry, Files
from quetsach.errors import QuetsachError

MOST_BYTES = 32 << 20
"""Larger files are compared by name only; malware that campaigns name is smaller."""
_GLOBALS = ("filename", "filepath", "extension")
SECONDS = 20
"""Seconds for the rules on one file."""
_SLOWEST = "md5"
_LEAST_FOR_POOL = 512 << 10
"""From this size on a second thread saves more time than its start costs."""
_TYPES: Sequence[tuple[bytes, str]] = (
    (b"MZ", "pe"),
    (b"\x7fELF", "elf"),
    (b"PK\x03\x04", "archive"),
    (b"Rar!", "archive"),
    (b"7z\xbc\xaf", "archive"),
    (b"#!", "script"),
)


class RulesError(QuetsachError):
    """A set of YARA rules cannot be used."""

    code = "rules"


@dataclass(frozen=True, slots=True)
class Content:
    """One file: `type` by its first bytes, its hash if the campaign lists it, the rules that it matches."""

    type: str
    listed: str = ""
    rules: tuple[str, ...] = ()


def type_of(head: bytes) -> str:
    """pe, elf, archive, script, or "" for anything else."""
    return next((name for magic, name in _TYPES if head.startswith(magic)), "")


def check_rules(text: str) -> None:
    """Compile rules, only to see whether they are valid.

    Raises:
        RulesError: names the place where the rules are wrong.
    """
    _scanner([text])


def compiler() -> Any:
    """A compiler of yara-x as a check uses it: no rule reads another file of the machine.

    Raises:
        ImportError: yara-x is not installed.
    """
    import yara_x

    made = yara_x.Compiler(relaxed_re_syntax=True)
    made.enable_includes(False)
    for name in _GLOBALS:
        made.define_global(name, "")
    return made


def own_rules() -> str:
    """The rules that come with the catalogue of signs."""
    return files("quetsach.endpoint").joinpath("signs/patchers.yar").read_text("utf-8")


class Reader:
    """Reads files one after the other. `has_rules` is false where yara-x is missing."""

    def __init__(self, hashes: Mapping[str, str], algorithms: Sequence[str], rules: Sequence[str]) -> None:
        self._hashes = hashes
        self._algorithms = algorithms
        self._pool = ThreadPoolExecutor(1) if _SLOWEST in algorithms and len(algorithms) > 1 else None
        self._scanner = _scanner(rules)
        self.has_rules = self._scanner is not None
        self.bytes_read = 0

    def read(self, files: Files, entry: Entry) -> Content:
        """Raises Unavailable where the file cannot be read, or is larger than `MOST_BYTES`."""
        data = files.read(entry.path, MOST_BYTES)
        self.bytes_read += len(data)
        if self._pool is None or len(data) < _LEAST_FOR_POOL:
            digests = [_digest(name, data) for name in self._algorithms]
            rules = self._matching(data, entry)
        else:
            # Two processors work on one file: MD5 takes about as long as all else together.
            slowest = self._pool.submit(_digest, _SLOWEST, data)
            others = [_digest(name, data) for name in self._algorithms if name != _SLOWEST]
            rules = self._matching(data, entry)
            digests = [slowest.result(), *others]
        listed = next((one for one in reversed(digests) if one in self._hashes), "")
        return Content(type_of(data), listed, rules)

    def _matching(self, data: bytes, entry: Entry) -> tuple[str, ...]:
        if self._scanner is None or not data:
            return ()
        import yara_x

        # A name may hold any bytes; rules know only text.
        name, path = _text(entry.name), _text(entry.path)
        self._scanner.set_global("filename", name)
        self._scanner.set_global("filepath", path)
        self._scanner.set_global("extension", f".{name.rpartition('.')[2]}" if "." in name else "")
        try:
            return tuple(rule.identifier for rule in self._scanner.scan(data).matching_rules)
        except (yara_x.ScanError, yara_x.TimeoutError) as error:
            raise Unavailable("failed", entry.path) from error


def _text(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def _digest(algorithm: str, data: bytes) -> str:
    return hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()


def _scanner(rules: Sequence[str]) -> Any:
    try:
        import yara_x
    except ImportError:
        return None
    made = compiler()
    for number, text in enumerate((own_rules(), *rules)):
        try:
            made.new_namespace(f"set{number}")
            made.add_source(text)
        except yara_x.CompileError as error:
            told = str(error).splitlines()
            raise RulesError(
                " ".join(line.strip(" ->|") for line in (told[0], *told[1:2], *told[4:5]))
            ) from error
    scanner = yara_x.Scanner(made.build())
    scanner.set_timeout(SECONDS)
    return scanner
