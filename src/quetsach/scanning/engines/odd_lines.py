"""Lines of which not all was read as text (docs/log-formats.md 9).

They are what follows a log as gzip, in EBCDIC or in UTF-32, and lines that only carriage returns or zeros
part: a power cut leaves zeros. They are told, so that nobody takes them for lines without a sign.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from quetsach.files.source import LINE_NO_TEXT
from quetsach.scanning.engines.index import Hits

_LEAST = 64
"""A shorter line is no sign of another encoding."""
_LEAST_WIDE = 8
"""Characters of UTF-32 that decide at least."""
_LEAST_PIECE = 16
"""Bytes of a line between carriage returns or zeros."""
_PARTED = re.compile(rb"[\r\0]")
_GZIP = b"\x1f\x8b\x08"
"""How a member of gzip begins, but for its flags (RFC 1952 2.3.1)."""
_CONTROLS = bytes([*range(1, 9), *range(14, 27), *range(28, 32), 127])
_PLAIN = b"0123456789 \t"

_JOINED = (
    "is several lines with carriage returns or zeros between them, which were read as one; write line feeds"
    " between them and scan it again"
)


class OddLines:
    """The places of the first such lines of a source; `find` finds what a text holds of the list."""

    def __init__(self, find: Callable[[bytes], Hits]) -> None:
        self._find = find
        self._no_text: int | None = None
        self._joined: int | None = None

    def line(self, line: bytes, offset: int, *, has_hits: bool = False) -> None:
        """Look at a line; `has_hits`: it is known to hold a listed name or address."""
        if self._no_text is None and is_no_text(line):
            self._no_text = offset
        if self._joined is None and _is_joined(line) and (has_hits or self._find(line)):
            self._joined = offset

    def problems(self) -> Iterator[str]:
        """The sentences for the errors of its coverage."""
        for at, what in ((self._no_text, LINE_NO_TEXT), (self._joined, _JOINED)):
            if at is not None:
                yield f"the line at byte {at} {what}"


def _is_joined(line: bytes) -> bool:
    if b"\r" not in line and b"\0" not in line:
        return False
    return sum(len(piece) >= _LEAST_PIECE for piece in _PARTED.split(line)) > 1


def is_no_text(line: bytes) -> bool:
    """Whether a line is in an encoding that is not read, or packed."""
    if line.isascii() and b"\0" not in line:
        return False
    line = line.strip(b"\0")
    if _is_gzip(line) or _is_utf32(line):
        return True
    # A line of text may have broken off before it.
    rest = line[_first_strange(line) :]
    return len(rest) >= _LEAST and (_is_foreign(rest) or _is_binary(rest))


def _is_gzip(line: bytes) -> bool:
    at = line.find(_GZIP)
    while at >= 0:
        if line[at + 3 : at + 4] and line[at + 3] < 0x20:
            return True
        at = line.find(_GZIP, at + 3)
    return False


def _is_utf32(line: bytes) -> bool:
    """Whether more than half of the characters are ASCII in UTF-32 of either order."""
    if b"\0" not in line:
        return False
    for begin in range(4):
        rest = line[begin:]
        all_of = len(rest) // 4
        quads = (rest[4 * i : 4 * i + 4] for i in range(all_of))
        ascii_of = sum(0 < quad[0] < 128 and quad[1:] == b"\0\0\0" for quad in quads)
        if all_of >= _LEAST_WIDE and 2 * ascii_of > all_of:
            return True
    return False


def _is_foreign(line: bytes) -> bool:
    """Whether digits, letters and blanks have other bytes than in ASCII: a blank of EBCDIC is `@`."""
    if 33 * line.count(b"@") < len(line) or 50 * _count(line, _PLAIN) > len(line):
        return False
    shown = line.replace(b"@", b"")
    return 2 * _strange(shown) > len(shown)


def _is_binary(line: bytes) -> bool:
    return 20 * _count(line, _CONTROLS) > len(line) and 4 * _strange(line) > len(line)


def _count(line: bytes, of: bytes) -> int:
    return len(line) - len(line.translate(None, of))


def _first_strange(line: bytes) -> int:
    """The place of the first byte outside UTF-8; the end where there is none."""
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return error.start
    return len(line)


def _strange(line: bytes) -> int:
    """The number of bytes outside UTF-8."""
    return len(line) - len(line.decode("utf-8", "ignore").encode())
