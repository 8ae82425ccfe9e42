"""Bounds one request: however many files it brings, it has one place and a number of seconds in all.

Without a visit, as on the command line, each file has its place and its time for itself.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar

from quetsach.files.bounded_process.refusal import SpentError
from quetsach.files.bounded_process.turns import Turns


class _Visit:
    def __init__(self, seconds: float, held: ExitStack) -> None:
        self.left, self._held = seconds, held
        self._is_placed = False

    def take_place(self, turns: Turns) -> None:
        if not self._is_placed:
            self._held.enter_context(turns.place())
            self._is_placed = True


_visit: ContextVar[_Visit | None] = ContextVar("visit", default=None)


@contextmanager
def visit(seconds: float) -> Iterator[None]:
    """All files that this thread reads inside belong to one request; readers serve it `seconds` in all."""
    with ExitStack() as held:
        token = _visit.set(_Visit(seconds, held))
        try:
            yield
        finally:
            _visit.reset(token)


@contextmanager
def place(turns: Turns) -> Iterator[None]:
    """The visit's place, kept until the visit ends, or a place for this block. Raises BusyError."""
    now = _visit.get()
    if now is None:
        with turns.place():
            yield
    else:
        now.take_place(turns)
        yield


def most(seconds: int) -> int:
    """How many of a file's `seconds` the visit has left for the file. Raises SpentError when none is left."""
    now = _visit.get()
    if now is None:
        return seconds
    if now.left <= 0:
        raise SpentError
    return min(seconds, math.ceil(now.left))


@contextmanager
def charged() -> Iterator[None]:
    """Charge the time of this block, by the clock, to the visit: the block holds a reader."""
    now, begun = _visit.get(), time.monotonic()
    try:
        yield
    finally:
        if now is not None:
            now.left -= time.monotonic() - begun
