"""Bodies that are too large for memory: on the disk, in files without a name, with a bound for all together.

A file without a name disappears with the process that has it open, also if that is killed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from waitress.buffers import OverflowableBuffer, TempfileBasedBuffer

from quetsach.portal.serving.bounds import IN_MEMORY


def clear(folder: Path, older_than: float) -> None:
    """Delete files of that folder that are older than so many seconds: leftovers of killed processes.

    Bodies have no name, but Django gives one to a large file of a form until its request is answered.
    """
    before = time.time() - older_than
    for file in folder.iterdir():
        with suppress(OSError):
            if file.is_file() and file.stat().st_mtime < before:
                file.unlink()


class RoomFull(Exception):
    """The bodies of this process fill the room on the disk."""


class Room:
    """The bytes on the disk for bodies of this process; `make_way` ends one body to free some, if it can."""

    def __init__(self, most: int, folder: str, make_way: Callable[[], bool]) -> None:
        self.most, self.folder, self.taken = most, folder, 0
        self._make_way = make_way
        self._lock = threading.Lock()

    def take(self, count: int) -> None:
        """Reserve `count` bytes more; other bodies may have to end for them.

        Raises:
            RoomFull: nothing was reserved.
        """
        while not self._has_taken(count):
            if not self._make_way():
                raise RoomFull

    def _has_taken(self, count: int) -> bool:
        with self._lock:
            if self.taken + count > self.most:
                return False
            self.taken += count
            return True

    def give_back(self, count: int) -> None:
        """Return `count` bytes, when the file that held them is closed."""
        with self._lock:
            self.taken -= count


class _Unnamed(TempfileBasedBuffer):  # type: ignore[misc]
    def __init__(self, folder: str, begun: Any) -> None:
        self._folder = folder
        try:
            super().__init__(begun)
        except OSError:
            with suppress(OSError, AttributeError):
                self.file.close()
            raise

    def newfile(self) -> Any:
        return TemporaryFile(dir=self._folder)


class Spooled(OverflowableBuffer):  # type: ignore[misc]
    """waitress's buffer of a body, which reserves room before it writes to the disk."""

    buf: Any

    def __init__(self, room: Room) -> None:
        super().__init__(IN_MEMORY)
        self._room, self._taken = room, 0

    def append(self, data: bytes) -> None:
        """Add `data`. Raises RoomFull, or OSError where the disk is full."""
        after = len(self) + len(data)
        if after >= IN_MEMORY:
            self._room.take(after - self._taken)
            self._taken = after
        super().append(data)

    def _set_large_buffer(self) -> None:
        begun = self.buf
        self.buf = _Unnamed(self._room.folder, begun)
        if begun is not None:
            begun.close()
        self.overflowed = True

    def close(self) -> None:
        """Drop the bytes, and give their room back. May be called again."""
        # On a full disk, closing a file fails once more.
        with suppress(OSError):
            super().close()
        self.buf, self.strbuf = None, b""
        taken, self._taken = self._taken, 0
        self._room.give_back(taken)
