"""How many strangers' files are read at once, over all processes that share a folder.

A turn is a lock on one of a few files. The system gives the lock back when its holder ends, however it ends.
On POSIX the reading process holds the lock as well, so the readers of a killed portal still count. The next
thread in the queue holds one more lock: a thread that just gave a turn back cannot overtake it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quetsach.files.bounded_process.refusal import BusyError

READERS = 2
_PAUSE = 0.02
"""Seconds between two tries for a turn."""


class Turns:
    """`readers` at once; without a folder those of this process only. `wait` seconds, None: for ever.

    `places`: how many threads of this process have a turn or wait for one; None: any number.
    """

    def __init__(
        self,
        readers: int = READERS,
        folder: Path | None = None,
        wait: float | None = None,
        places: int | None = None,
    ) -> None:
        self._here = threading.BoundedSemaphore(readers)
        self._places = None if places is None else threading.BoundedSemaphore(places)
        self._readers, self._folder, self._wait = readers, folder, wait

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one of the `places`. Raises BusyError at once where all are taken."""
        if self._places is None:
            yield
            return
        if not self._places.acquire(blocking=False):
            raise BusyError
        try:
            yield
        finally:
            self._places.release()

    @contextmanager
    def one(self) -> Iterator[int | None]:
        """Hold a turn: yields the descriptor of its lock, None without a folder. Raises BusyError."""
        if self._folder is None:
            if not self._here.acquire(timeout=self._wait):
                raise BusyError
            try:
                yield None
            finally:
                self._here.release()
            return
        held = self._held(self._folder)
        try:
            yield held
        finally:
            os.close(held)

    def _held(self, folder: Path) -> int:
        end = None if self._wait is None else time.monotonic() + self._wait
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        next_ = _first([folder / "next"], end)
        try:
            return _first([folder / f"reader-{number}" for number in range(self._readers)], end)
        finally:
            os.close(next_)


def _first(files: list[Path], end: float | None) -> int:
    """Take the first of these locks that is free. Raises BusyError at the time `end`."""
    while True:
        for path in files:
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
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
