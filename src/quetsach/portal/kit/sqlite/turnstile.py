"""Lets the writers of one file in one at a time, over all threads and processes, and nobody is overtaken for
long.

SQLite itself waits by sleeps that grow: with many writers an unlucky one sleeps until its patience ends. Here
the writer that waits for the file holds the turnstile, so that no later writer takes the file first. The
kernel frees both locks of a process that dies.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: the threads of one process queue, processes wait as SQLite does
    fcntl = None  # type: ignore[assignment]

_LOOK_AGAIN = 0.001
"""Seconds between two tries for a lock of another process."""


class Turnstile:
    """The queue of one database file. Not re-entrant: a thread inside must not enter again."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(f"{database.name}-queue")
        self._inside = threading.Lock()
        self._files: tuple[int, int] | None = None
        self._process = 0

    def enter(self, patience: float) -> bool:
        """Wait for the turn; False if it did not come within `patience` seconds."""
        until = time.monotonic() + patience
        if not self._inside.acquire(timeout=patience):
            return False
        try:
            entered = self._enter_process(until)
        except BaseException:
            self._inside.release()
            raise
        if not entered:
            self._inside.release()
        return entered

    def leave(self) -> None:
        """Let the next writer in; only for a thread that has entered."""
        if fcntl is not None and self._files is not None:
            fcntl.flock(self._files[1], fcntl.LOCK_UN)
        self._inside.release()

    def _enter_process(self, until: float) -> bool:
        if fcntl is None:
            return True
        turnstile, turn = self._opened()
        if not _lock(turnstile, until):
            return False
        try:
            return _lock(turn, until)
        finally:
            fcntl.flock(turnstile, fcntl.LOCK_UN)

    def _opened(self) -> tuple[int, int]:
        # A lock belongs to the open file, and a forked child would share that with its parent.
        if self._files is None or self._process != os.getpid():
            names = (self._path, self._path.with_name(f"{self._path.name}-turn"))
            first, second = (os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600) for name in names)
            self._files, self._process = (first, second), os.getpid()
        return self._files


def _lock(file: int, until: float) -> bool:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(_LOOK_AGAIN)
