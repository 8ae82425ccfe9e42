"""A file that is followed, by its content: its name, inode and device are only hints."""

from __future__ import annotations

import errno
import hashlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from quetsach.files import opening
from quetsach.files.utf16 import Decoder
from quetsach.watching import holes
from quetsach.watching.holes import Hole

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
    """An open file. It stays readable after it was renamed or deleted.

    `encoding` is that of its text, UTF-16LE or UTF-16BE; "" for any other, of which the bytes are the text.
    """

    encoding = ""

    def __init__(self, path: Path) -> None:
        self._file = opening.regular(path)
        self._number = self._file.fileno()
        self._taken: tuple[tuple[int, bytes], ...] = ()

    def mark(self) -> Mark:
        """What the system says of it now. Raises OSError."""
        return Mark.of(os.fstat(self._number))

    def is_deleted(self) -> bool:
        """Whether it has no name any more."""
        return os.fstat(self._number).st_nlink == 0

    def read(self, start: int, size: int) -> bytes:
        """At most `size` bytes from a place on; fewer at the end. Raises OSError."""
        for begin, data in self._taken:
            if begin <= start and start + size <= begin + len(data):
                return data[start - begin : start - begin + size]
        return self._read(start, size)

    def _read(self, start: int, size: int) -> bytes:
        data = _read_at(self._number, size, start)
        if len(data) == size or not data:
            return data
        found = bytearray(data)
        while len(found) < size and (block := _read_at(self._number, size - len(found), start + len(found))):
            found += block
        return bytes(found)

    def written(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """What the disk keeps of a stretch: not the zeros that were never written, where the system tells."""
        at = begin
        while at < end:
            first, last = _written_at(self._number, at)
            if first >= end:
                return
            yield max(at, first), min(last, end)
            at = last

    def take(self, place: int, end: int) -> None:
        """Keep the first bytes, and those around a place up to `end`, as they are now, where these are few:
        until `forget`, reading them gives these bytes."""
        self._taken = ()
        begin = max(0, place - HEAD_BYTES) if end > SETTLED_BYTES else 0
        if end - begin <= SETTLED_BYTES:
            around = self._read(begin, end - begin)
            head = (0, self._read(0, HEAD_BYTES)) if begin else (0, b"")
            self._taken = (head, (begin, around))

    def has_taken(self, start: int, end: int) -> bool:
        """Whether these bytes are kept."""
        return any(begin <= start and end <= begin + len(data) for begin, data in self._taken)

    def forget(self) -> None:
        """Keep no bytes any more."""
        self._taken = ()

    def digest(self, start: int, size: int) -> str:
        """The SHA-256 of these bytes; "" where the file is shorter."""
        data = self.read(start, size)
        return hashlib.sha256(data).hexdigest() if len(data) == size else ""

    def line_end(self, start: int, end: int) -> int:
        """The place behind the last line feed between two places; `start` where there is none."""
        if self.encoding:
            return self._decoded_line_end(start, end)
        at = end
        while at > start:
            begin = max(start, at - _BLOCK)
            found = self.read(begin, at - begin).rfind(b"\n")
            if found >= 0:
                return begin + found + 1
            at = begin
        return start

    def _decoded_line_end(self, start: int, end: int) -> int:
        """The same of text in UTF-16. Lines in UTF-8 may stand in it, so only from its beginning on each line
        tells its encoding."""
        decoder = Decoder(self.encoding)
        at = start
        while data := self.read(at, min(_BLOCK, end - at)):
            decoder.feed(data)
            at += len(data)
        decoder.feed(b"", is_last=True)
        return start + decoder.line_end

    def text_head(self, end: int) -> bytes:
        """The first 64 KiB of the text that the file holds up to a place."""
        if not self.encoding:
            return self.read(0, min(SETTLED_BYTES, end))
        # No two bytes become less than one.
        data = self.read(0, min(2 * SETTLED_BYTES, end))
        return Decoder(self.encoding).feed(data, is_last=True)[:SETTLED_BYTES]

    def close(self) -> None:
        self._file.close()


if sys.platform == "win32":

    def _read_at(number: int, size: int, start: int) -> bytes:
        os.lseek(number, start, os.SEEK_SET)
        return os.read(number, size)

else:
    _read_at = os.pread


def _written_at(number: int, place: int) -> tuple[int, int]:
    """The first and the last place that a disk keeps, from a place on; no places where it keeps none."""
    try:
        first = os.lseek(number, place, os.SEEK_DATA)
        return first, os.lseek(number, first, os.SEEK_HOLE)
    except AttributeError:
        # Windows does not tell.
        return place, sys.maxsize
    except OSError as error:
        return (sys.maxsize, sys.maxsize) if error.errno == errno.ENXIO else (place, sys.maxsize)


class Stretch:
    """The text of an open file from one place to another, as a stream. `given` are its bytes so far."""

    def __init__(self, handle: Handle, start: int, end: int) -> None:
        self._handle, self._at, self._end = handle, start, end
        self._decoder = Decoder(handle.encoding) if handle.encoding else None
        self.given = 0
        self.holes = holes.Finder(start)

    def read(self, size: int, /) -> bytes:
        """See `quetsach.files.source.ByteStream`."""
        while True:
            data = self._handle.read(self._at, min(size, self._end - self._at))
            self._at += len(data)
            self.holes.feed(data)
            text = data
            if self._decoder is not None:
                text = self._decoder.feed(data, is_last=not data)
            if text or not data:
                self.given += len(text)
                return text

    @property
    def is_read(self) -> bool:
        """Whether it was read to its end."""
        return self._at == self._end

    @property
    def is_cut(self) -> bool:
        """Whether it ends within a character of UTF-16."""
        return self._decoder is not None and self._decoder.is_cut


class Fingerprint(NamedTuple):
    """Which content a file has: the hashes of its first bytes and of those before the place."""

    head: str
    head_size: int
    tail: str
    place: int

    @classmethod
    def of(cls, handle: Handle, place: int, before: Fingerprint | None = None) -> Fingerprint:
        """That of a file that was read up to a place; `before` is one of the same content."""
        size = min(HEAD_BYTES, place)
        is_known = before is not None and before.head_size == HEAD_BYTES
        head = before.head if before is not None and is_known else handle.digest(0, size)
        return cls(head, size, handle.digest(place - size, size), place)

    @classmethod
    def of_bytes(cls, head: bytes, tail: bytes, place: int) -> Fingerprint:
        """That of a file with these first bytes, and these before a place."""
        return cls(hashlib.sha256(head).hexdigest(), len(head), hashlib.sha256(tail).hexdigest(), place)

    def held_before(self, handle: Handle, zeros: Sequence[Hole]) -> bool:
        """Whether the file begins with that content, but for what stands now where there were zeros."""
        size, before = self.head_size, self.place - self.head_size
        head, tail = (holes.emptied(zeros, handle.read(begin, size), begin) for begin in (0, before))
        return self == Fingerprint.of_bytes(head, tail, self.place)

    def holds(self, handle: Handle) -> bool:
        """Whether the file begins with the content that was read up to the place."""
        before = self.place - self.head_size
        return (
            handle.digest(0, self.head_size) == self.head
            and handle.digest(before, self.head_size) == self.tail
        )
