"""A file with holes, read without the holes.

Two files have holes: a log that was cut to nothing while its program went on writing at the old place, and
`lastlog`, with a place for each user's number, of which few were ever written.
"""

from __future__ import annotations

import errno
import os
from typing import BinaryIO

_LEAST_BYTES = 64 << 20
_LEAST_RATIO = 16
"""A compressing file system reaches less on a log."""
_BLOCK = 512


def is_sparse(about: os.stat_result) -> bool:
    """Whether nearly all of a file is holes, and the system can say where they are."""
    stored = getattr(about, "st_blocks", 0) * _BLOCK
    size = about.st_size
    return hasattr(os, "SEEK_DATA") and size >= _LEAST_BYTES and stored * _LEAST_RATIO < size


class Holes:
    """The written parts of an open file, front to back. Each hole becomes one zero, so no name spans it."""

    def __init__(self, file: BinaryIO) -> None:
        self._descriptor = file.fileno()
        self._at = self._end = 0

    def read(self, size: int, /) -> bytes:
        """Raises OSError as reading does."""
        if self._at >= self._end:
            try:
                begin = os.lseek(self._descriptor, self._at, os.SEEK_DATA)
            except OSError as error:
                if error.errno == errno.ENXIO:  # nothing is written from here on
                    return b""
                raise
            self._end = os.lseek(self._descriptor, begin, os.SEEK_HOLE)
            if begin > self._at:
                self._at = begin
                return b"\0"
        data = os.pread(self._descriptor, min(size, self._end - self._at), self._at)
        self._at += len(data)
        return data

    def seekable(self) -> bool:
        """False: places in this stream are not places in the file."""
        return False
