"""How many strangers' files are read at once, over all processes that share a folder.

A turn is a lock on one of a few files. The system gives it back when its holder ends, however it ends; on
POSIX the process that reads holds it as well, so that a portal that was killed has no more readers than it
may.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quetsach.limited.refusal import BusyError

READERS = 2
_PAUSE = 0.02
"""Seconds until a turn is asked for again."""


class Turns:
    """`readers` at once; without a folder those of this process only. `wait` seconds, None: for ever."""

    def __init__(self, readers: int = READERS, folder: Path | None = None, wait: float | None = None) -> None:
        self._here = threading.BoundedSemaphore(readers)
        self._readers, self._folder, self._wait = readers, folder, wait

    @contextmanager
    def one(self) -> Iterator[int | None]:
        """A turn: the descriptor that holds it, None without a folder. Raises BusyError."""
        end = None if self._wait is None else time.monotonic() + self._wait
        if not self._here.acquire(timeout=self._wait):
            raise BusyError
        try:
            if self._folder is None:
                yield None
                return
            held = self._held(self._folder, end)
            try:
                yield held
            finally:
                os.close(held)
        finally:
            self._here.release()

    def _held(self, folder: Path, end: float | None) -> int:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        while True:
            for number in range(self._readers):
                file = os.open(folder / f"reader-{number}", os.O_RDWR | os.O_CREAT, 0o600)
                if _locked(file):
                    return file
                os.close(file)
            if end is not None and time.monotonic() > end:
                raise BusyError
            time.sleep(_PAUSE)


def _locked(file: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
