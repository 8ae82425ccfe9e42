"""Counts that a process keeps in memory and adds to a table at most once every few seconds.

A page that thousands open, or an attacker calls, must not wait for its turn to write, and the office's own
writes must not wait for counts. So a process counts for itself and adds its sums in one transaction every few
seconds, on its own thread: a rolled-back request takes no count with it, and a killed process loses a few
seconds of counts.
"""

from __future__ import annotations

import atexit
import logging
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterable

from django.db import DatabaseError, connection, transaction

EVERY = 5
"""Seconds between two writings of a process."""
log = logging.getLogger(__name__)


class WriteBehind[Key: Hashable]:
    """One kind of counts. `add` adds sums to the table, in a transaction; `what` names them in the log."""

    def __init__(self, what: str, add: Callable[[Iterable[tuple[Key, int]]], None]) -> None:
        self._what, self._add = what, add
        self._changing = threading.Lock()
        self._waiting: Counter[Key] = Counter()
        self._is_serving = self._is_away = False
        self._timer: threading.Timer | None = None

    def note(self, key: Key) -> None:
        """Count one. Touches no database."""
        with self._changing:
            self._waiting[key] += 1
            if self._is_serving:
                self._set_timer()

    def serve(self) -> None:
        """Start writing the counts every few seconds. A process that serves calls this once."""
        self._is_serving = True
        atexit.register(self.write)

    def write(self) -> None:
        """Add the counts to the table; counts that cannot be written wait for the next time. Of several
        failures in a row only the first is logged."""
        with self._changing:
            taken = dict(self._waiting)
            self._waiting.clear()
        if not taken:
            return
        try:
            with transaction.atomic():
                self._add(taken.items())
        except DatabaseError as error:
            if not self._is_away:
                log.warning("%s are not written for now: %s", self._what, error)
            self._is_away = True
            with self._changing:
                self._waiting.update(taken)
        else:
            if self._is_away:
                log.warning("%s are written again", self._what)
            self._is_away = False

    def waiting(self) -> Counter[Key]:
        """The counts that are not yet written."""
        with self._changing:
            return Counter(self._waiting)

    def forget_waiting(self) -> None:
        """Drop the counts that are not yet written."""
        with self._changing:
            self._waiting.clear()

    def _set_timer(self) -> None:
        if self._timer is None:
            timer = threading.Timer(EVERY, self._write_now)
            timer.daemon = True
            try:
                timer.start()
            except RuntimeError:  # no thread is available now; the next count tries again
                return
            self._timer = timer

    def _write_now(self) -> None:
        try:
            self.write()
        finally:
            connection.close()
            with self._changing:
                self._timer = None
                if self._waiting and self._is_serving:
                    self._set_timer()
