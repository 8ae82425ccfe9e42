"""Numbered steps with their seconds, on standard output."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from demo.words import say


class Steps:
    """Counts and times the steps of the demonstration; a step's note is its result."""

    def __init__(self, total: int, before: float = 0.0) -> None:
        self.total = total
        self.number = 0
        self.started = time.monotonic() - before
        self.note = ""

    @contextmanager
    def step(self, title: str, *, spent: float | None = None) -> Iterator[None]:
        """One step; `spent` gives its seconds when the work was done before."""
        self.number += 1
        self.note = ""
        head = f"{self.number:>2}/{self.total}  {title}"
        if sys.stdout.isatty():
            print(f"{head} …", end="\r", flush=True)
        begin = time.monotonic()
        yield
        seconds = spent if spent is not None else time.monotonic() - begin
        note = f"  {self.note}" if self.note else ""
        print(f"{head:<46} {seconds:6.1f} {say('seconds')}{note}", flush=True)

    @property
    def seconds(self) -> float:
        """Seconds since the start, set-up included."""
        return time.monotonic() - self.started
