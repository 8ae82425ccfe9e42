"""A spool keeps bytes until they are needed: in memory, beyond 2 MiB in a temporary file."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO, cast

_HELD_BYTES = 2 << 20
_BLOCK_BYTES = 1 << 20


def no_room(error: OSError) -> str:
    """The message for a user when the temporary folder is full, with advice."""
    import tempfile

    return (
        f"what was found does not fit into the temporary folder {tempfile.gettempdir()}: "
        f"{error.strerror or error}; make room there or set TMPDIR to a folder that has some"
    )


class Spool:
    """`size` bytes, read by their places as often as wanted.

    No SpooledTemporaryFile: to import tempfile takes as long as 10 MB of a log.
    """

    def __init__(self) -> None:
        self.size = 0
        self._file: BinaryIO = BytesIO()

    def put(self, block: bytes) -> None:
        """Add bytes at the end. Raises OSError where there is no room for them."""
        if self.size <= _HELD_BYTES < self.size + len(block):
            self._move()
        self._file.seek(self.size)
        self._file.write(block)
        self.size += len(block)

    def _move(self) -> None:
        import tempfile
        import weakref

        file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115
        weakref.finalize(self, file.close)
        for block in self.blocks(0, self.size):
            file.write(block)
        self._file = file

    def read(self, start: int, length: int) -> bytes:
        """At most `length` bytes; fewer at the end."""
        self._file.seek(start)
        return self._file.read(length)

    def blocks(self, start: int, length: int) -> Iterator[bytes]:
        """`length` bytes from `start` on, in blocks of at most 1 MiB."""
        end = start + length
        for at in range(start, end, _BLOCK_BYTES):
            yield self.read(at, min(_BLOCK_BYTES, end - at))
