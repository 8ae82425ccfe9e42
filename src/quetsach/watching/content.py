"""A file that is followed, by its content: its name, inode and device are only hints."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from quetsach.files import opening

HEAD_BYTES = 4096
"""The first bytes, and the bytes before the place, that say which content a file has."""
SETTLED_BYTES = 1 << 16
"""Until a file holds so many, its source id, format and header may change: each look reads it whole."""
_BLOCK = 1 << 20


class Mark(NamedTuple):
    """What the system says of a file, to see whether it changed."""

    size: int
    mtime_ns: int
    device: int
    inode: int

    @classmethod
    def of(cls, about: os.stat_result) -> Mark:
        return cls(about.st_size, about.st_mtime_ns, about.st_dev, about.st_ino)

    @property
    def identity(self) -> tuple[int, int]:
        """What tells files apart, as far as the system knows."""
        return self.device, self.inode

    def is_file_of(self, other: Mark) -> bool:
        """Whether both are one file, as far as the system knows."""
        return self.identity == other.identity


class Handle:
    """An open file. It stays readable after it was renamed or deleted."""

    def __init__(self, path: Path) -> None:
        self._file = opening.read(path, is_raw=True)

    def mark(self) -> Mark:
        """What the system says of it now. Raises OSError."""
        return Mark.of(os.fstat(self._file.fileno()))

    def is_deleted(self) -> bool:
        """Whether it has no name any more."""
        return os.fstat(self._file.fileno()).st_nlink == 0

    def read(self, start: int, size: int) -> bytes:
        """At most `size` bytes from a place on; fewer at the end. Raises OSError."""
        self._file.seek(start)
        found = bytearray()
        while len(found) < size and (block := self._file.read(size - len(found))):
            found += block
        return bytes(found)

    def digest(self, start: int, size: int) -> str:
        """The SHA-256 of these bytes; "" where the file is shorter."""
        data = self.read(start, size)
        return hashlib.sha256(data).hexdigest() if len(data) == size else ""

    def line_end(self, start: int, end: int) -> int:
        """The place behind the last line feed between two places; `start` where there is none."""
        at = end
        while at > start:
            begin = max(start, at - _BLOCK)
            found = self.read(begin, at - begin).rfind(b"\n")
            if found >= 0:
                return begin + found + 1
            at = begin
        return start

    def close(self) -> None:
        self._file.close()


class Stretch:
    """The bytes of an open file from one place to another, as a stream."""

    def __init__(self, handle: Handle, start: int, end: int) -> None:
        self._handle, self._at, self._end = handle, start, end

    def read(self, size: int, /) -> bytes:
        """See `quetsach.files.source.ByteStream`."""
        data = self._handle.read(self._at, min(size, self._end - self._at))
        self._at += len(data)
        return data


class Fingerprint(NamedTuple):
    """Which content a file has: the hashes of its first bytes and of those before the place."""

    head: str
    head_size: int
    tail: str
    place: int

    @classmethod
    def of(cls, handle: Handle, place: int) -> Fingerprint:
        """That of a file that was read up to a place."""
        size = min(HEAD_BYTES, place)
        return cls(handle.digest(0, size), size, handle.digest(place - size, size), place)

    def holds(self, handle: Handle) -> bool:
        """Whether the file begins with the content that was read up to the place."""
        before = self.place - self.head_size
        return (
            handle.digest(0, self.head_size) == self.head
            and handle.digest(before, self.head_size) == self.tail
        )
