"""Zeros in text that was read: a writer may fill them later, though the file does not grow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

type Hole = tuple[int, int]
"""The places of its first byte and behind its last."""

UNSEEN = (
    "holds so many zeros that nobody sees where its writer fills them later; scan it again when it is"
    " finished"
)
LEAST = 4
"""So many zeros are a hole: text in UTF-32 has three in a row, and the shortest name has four bytes."""
MOST = 256
"""Holes of one content that are known: the first ones."""
_ZEROS = re.compile(rb"\0+")
_BLOCK = 1 << 20
_MOST_BYTES = 16 << 20


class Finder:
    """Notes the holes in bytes that come in order, from a place on."""

    def __init__(self, start: int) -> None:
        self._at = start
        self._open: Hole = (start, start)
        """The zeros in which the bytes so far end."""
        self._found: list[Hole] = []

    def feed(self, data: bytes) -> None:
        """The next bytes."""
        begin, end = self._open
        if data[:1] == b"\0" or data[-1:] == b"\0" or bytes(LEAST) in data:
            for zeros in _ZEROS.finditer(data):
                first, last = self._at + zeros.start(), self._at + zeros.end()
                if first != end:
                    self._close((begin, end))
                    begin = first
                end = last
        self._at += len(data)
        self._open = begin, end
        if end != self._at:
            self._close(self._open)
            self._open = self._at, self._at

    def _close(self, hole: Hole) -> None:
        if hole[1] - hole[0] >= LEAST and len(self._found) < MOST:
            self._found.append(hole)

    def found(self) -> tuple[Hole, ...]:
        """All holes."""
        self._close(self._open)
        self._open = self._at, self._at
        return tuple(self._found)


def added(known: Sequence[Hole], new: Sequence[Hole]) -> tuple[Hole, ...]:
    """The holes of two spans that follow each other."""
    return (*known, *new)[:MOST]


def emptied(holes: Sequence[Hole], data: bytes, start: int) -> bytes:
    """Bytes from a place on, with zeros where there were holes."""
    if not any(begin < start + len(data) and start < end for begin, end in holes):
        return data
    found = bytearray(data)
    for begin, end in holes:
        first, last = max(begin - start, 0), min(end - start, len(data))
        found[first:last] = bytes(max(0, last - first))
    return bytes(found)


type Pieces = Iterable[tuple[int, int]]


def is_filled(
    holes: Sequence[Hole], read: Callable[[int, int], bytes], written: Callable[[int, int], Pieces]
) -> bool:
    """Whether something stands now where zeros were read.

    `read` takes a place and a size; `written` gives the parts of a stretch that a disk keeps: not the zeros
    that were never written. Of many megabytes that are kept the ends are read.
    """
    left = _MOST_BYTES
    for begin, end in holes:
        for first, last in written(begin, end):
            pieces = [(first, last)]
            if last - first > left:
                pieces = [(first, min(last, first + _BLOCK)), (max(first, last - _BLOCK), last)]
            left = max(0, left - (last - first))
            for one, other in pieces:
                for at in range(one, other, _BLOCK):
                    data = read(at, min(_BLOCK, other - at))
                    if data.count(0) != len(data):
                        return True
    return False


def is_too_much(holes: Sequence[Hole], written: Callable[[int, int], Pieces]) -> bool:
    """Whether zeros may be filled where nobody looks."""
    kept = (last - first for hole in holes for first, last in written(*hole))
    return len(holes) >= MOST or sum(kept) > _MOST_BYTES
