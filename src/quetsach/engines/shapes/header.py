"""What the header lines of a log have said so far."""

from __future__ import annotations

import re

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
_HEX = re.compile(rb"\\x([0-9A-Fa-f]{2})")


class Header:
    """What the directives of a Zeek log have said so far (docs.zeek.org, the ASCII writer).

    A changed header is a new object, so that a line keeps the one it was read under.
    """

    __slots__ = ("empty", "fields", "index", "path", "separator", "set_separator", "unset")

    def __init__(self, separator: bytes = b"\t") -> None:
        self.separator = separator
        self.set_separator = b","
        self.empty = b"(empty)"
        self.unset = b"-"
        self.path: bytes | None = None
        self.fields: tuple[str, ...] = ()
        self.index: dict[str, int] = {}

    def _copy(self) -> Header:
        new = Header(self.separator)
        for slot in self.__slots__:
            setattr(new, slot, getattr(self, slot))
        return new

    def read(self, line: bytes) -> Header | None:
        """The header after this line, or None if the line is no directive."""
        if line.startswith(b"#separator "):
            value = _HEX.sub(lambda m: bytes([int(m[1], 16)]), line[11:])
            return Header(value or b"\t")
        word, found, value = line[1:].partition(self.separator)
        if not found or word not in _DIRECTIVES or word == b"separator":
            return None
        new = self._copy()
        if word == b"fields":
            new.fields = tuple(_text(v) for v in value.split(self.separator))
            new.index = {name: i for i, name in reversed(list(enumerate(new.fields)))}
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
