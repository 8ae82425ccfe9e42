"""A part of a stream as a stream, and a stream that knows its place."""

from __future__ import annotations

from typing import Protocol

from quetsach.errors import SourceError
from quetsach.files.source import ByteStream


def damaged(kind: str, at: int, why: str) -> SourceError:
    """The error for a user about a stream that cannot be understood from byte `at` on."""
    return SourceError(
        f"{kind}: damaged at decompressed byte {at} ({why}); "
        "what came before was scanned, copy the file again from its origin"
    )


def cut_off(kind: str, at: int) -> SourceError:
    """The error for a user about a stream that ends too early."""
    return SourceError(
        f"{kind}: cut off at decompressed byte {at}; "
        "what came before was scanned, copy the file again when it is complete"
    )


class Placed(Protocol):
    """A stream that knows its place; it may be able to seek forward only."""

    def read(self, size: int, /) -> bytes: ...
    def tell(self) -> int: ...
    def seek(self, offset: int, whence: int = 0, /) -> int: ...
    def seekable(self) -> bool: ...


class Span:
    """`size` bytes from `start` on of the stream below; others may move that stream between two reads."""

    def __init__(self, kind: str, below: Placed, start: int, size: int) -> None:
        self._kind = kind
        self._below = below
        self._start = start
        self._size = size
        self._at = 0

    def read(self, size: int = -1, /) -> bytes:
        """Raises SourceError where the stream below ends early."""
        left = self._size - self._at
        if left <= 0 or size == 0:
            return b""
        if self._below.tell() != self._start + self._at:
            self._below.seek(self._start + self._at)
        data = self._below.read(min(left, size if size >= 0 else left))
        if not data:
            raise cut_off(self._kind, self._at)
        self._at += len(data)
        return data

    def seekable(self) -> bool:
        """Whether a library can seek in it."""
        return self._below.seekable()

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """As `io.IOBase.seek`."""
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def tell(self) -> int:
        """As `io.IOBase.tell`."""
        return self._at


class Forward:
    """A stream that counts its place and skips by reading, for libraries that seek forward only."""

    def __init__(self, kind: str, stream: ByteStream, most: int) -> None:
        self._kind = kind
        self._stream = stream
        self._most = most
        self._at = 0
        self._problem: SourceError | None = None

    def read(self, size: int, /) -> bytes:
        """`size` bytes, fewer only at the end.

        Raises SourceError: after giving what came before, and for a hostile size that would fill the memory.
        """
        if not 0 <= size <= self._most:
            raise damaged(self._kind, self._at, f"asks for {size} bytes at once")
        if self._problem is not None:
            raise self._problem
        found = bytearray()
        try:
            while len(found) < size and (data := self._stream.read(size - len(found))):
                found += data
        except SourceError as error:
            if not found:
                raise
            self._problem = error
        self._at += len(found)
        return bytes(found)

    def tell(self) -> int:
        """Bytes read so far."""
        return self._at

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Skip to `offset`, or to the end where that comes first. Raises SourceError for a place before."""
        if whence or offset < self._at:
            raise damaged(self._kind, self._at, f"points back to byte {offset}")
        while self._at < offset and self.read(min(self._most, offset - self._at)):
            pass
        return self._at

    def seekable(self) -> bool:
        """No."""
        return False
