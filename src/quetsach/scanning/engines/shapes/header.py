"""The header of a log after the header lines so far."""

from __future__ import annotations

import re
from collections.abc import Iterable

from quetsach.scanning.engines.shapes.cells import cells

_DIRECTIVES = (
    b"separator",
    b"set_separator",
    b"empty_field",
    b"unset_field",
    b"path",
    b"fields",
    b"types",
    b"open",
    b"close",
)
_W3C = (b"Version", b"Fields", b"Software", b"Start-Date", b"End-Date", b"Date", b"Remark", b"Time Format")
HEADING_BYTES = 1 << 16
_HEX = re.compile(rb"\\x([0-9A-Fa-f]{2})")


class Header:
    """The header of a file after its header lines so far; `kind` is zeek (docs.zeek.org, the ASCII writer),
    csv (RFC 4180) or w3c (the W3C extended log file format).

    A change makes a new header, so a line keeps the header under which it was read. `depth` is the number of
    the reading that held the header line (0: the line as it is); only readings with this number are split
    into columns.
    """

    __slots__ = (
        "depth", "empty", "fields", "index", "is_local", "kind", "path", "separator", "set_separator",
        "unset",
    )  # fmt: skip

    def __init__(self, separator: bytes = b"\t") -> None:
        self.depth = 0
        self.kind = "zeek"
        self.is_local = False
        self.separator = separator
        self.set_separator = b","
        self.empty = b"(empty)"
        self.unset = b"-"
        self.path: bytes | None = None
        self.fields: tuple[str, ...] = ()
        self.index: dict[str, int] = {}

    def name(self, columns: list[bytes]) -> None:
        """Name the columns; of equal names the first column counts."""
        self.fields = tuple(_text(v) for v in columns)
        self.index = {name: i for i, name in reversed(list(enumerate(self.fields)))}

    @property
    def is_utc(self) -> bool:
        """Whether times without a zone are in UTC. The W3C extended log file format says so
        (WD-logfile-960323, on dates); Windows Firewall departs from it by `#Time Format: Local`."""
        return self.kind == "w3c" and not self.is_local

    def _copy(self) -> Header:
        new = Header(self.separator)
        for slot in self.__slots__:
            setattr(new, slot, getattr(self, slot))
        return new

    def read(self, line: bytes) -> Header | None:
        """The header after this line, or None if the line is no directive."""
        if line.startswith((b"#separator ", b"#separator\t")):
            value = _HEX.sub(lambda m: bytes([int(m[1], 16)]), line[11:])
            return Header(b"\t" if value in (b"", b"\\t") else value)
        word, found, value = line[1:].partition(b":")
        if found and word in _W3C:
            new = _columns("w3c", b" ", value.split()) if word == b"Fields" else self._copy()
            new.is_local = self.is_local if word != b"Time Format" else value.strip().lower() == b"local"
            return new
        zeek = self if self.kind == "zeek" else Header()
        word, found, value = line[1:].partition(zeek.separator)
        if not found or word not in _DIRECTIVES or word == b"separator":
            return None
        new = zeek._copy()
        if word == b"fields":
            new.name(value.split(new.separator))
        elif word == b"path":
            new.path = value
        elif word == b"set_separator":
            new.set_separator = value or b","
        elif word == b"empty_field":
            new.empty = value
        elif word == b"unset_field":
            new.unset = value
        return new


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def _columns(kind: str, separator: bytes, names: list[bytes]) -> Header:
    new = Header(separator)
    new.kind = kind
    new.name(names)
    return new


def heading(line: bytes, rules: Iterable[tuple[bytes, tuple[str, ...]]]) -> Header | None:
    """The header from a line of column names, if it holds all names that a format asks for."""
    for separator, named in rules:
        if all(name.encode() in line for name in named):
            new = _columns("csv", separator, cells(line, separator))
            if all(map(new.index.__contains__, named)):
                return new
    return None
