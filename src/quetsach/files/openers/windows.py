"""How many bytes of text the xz decoders keep while they unpack, and how many of them run at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

HEAD_BYTES = 64
"""Enough bytes for the headers of the file and of its first block, except with very many filters."""
_TOGETHER_BYTES = 16 << 20
"""Two files of plain `xz` fit; a file of `xz -9` (64 MB) runs alone."""
_USUAL_BYTES = 8 << 20
_WAIT_SECONDS = 0.1
_LZMA2 = 0x21


def window_of(start: bytes) -> int:
    """How many bytes the first block looks back (.xz file format, section 3); the usual if unclear."""
    try:
        flags, at = start[13], 14
        for _ in range((flags >> 6 & 1) + (flags >> 7)):
            _size, at = _number(start, at)
        for _ in range((flags & 3) + 1):
            kind, at = _number(start, at)
            length, at = _number(start, at)
            if kind == _LZMA2 and length == 1:
                bits = start[at] & 63
                return (2 | bits & 1) << (bits // 2 + 11) if bits < 40 else (1 << 32) - 1
            at += length
    except IndexError:
        pass
    return _USUAL_BYTES


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and the place behind it."""
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


class Room:
    """Memory that files hold together; a file that needs more than all of it runs alone."""

    def __init__(self, most: int = _TOGETHER_BYTES) -> None:
        self._most, self._held = most, 0
        self._changed = threading.Condition()

    @contextmanager
    def take(self, wanted: int, go_on: Callable[[], None]) -> Iterator[None]:
        """Wait until there is room. `go_on` is called while waiting; its errors are raised."""
        size = min(wanted, self._most)
        with self._changed:
            while self._held + size > self._most:
                go_on()
                self._changed.wait(_WAIT_SECONDS)
            self._held += size
        try:
            yield
        finally:
            with self._changed:
                self._held -= size
                self._changed.notify_all()
