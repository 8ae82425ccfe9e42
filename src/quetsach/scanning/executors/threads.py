"""Units on threads of this process: each thread reads a unit; idle threads help with the last units."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from quetsach.scanning import reading
from quetsach.scanning.engine import Engine, Matcher, ScanOptions
from quetsach.scanning.executor import Done, Outcome, Unit
from quetsach.scanning.reading import Reading

if TYPE_CHECKING:
    from quetsach.logs.fieldmap import FieldMap

_FILES = 4
"""More files at once take more memory than a scan may (docs/contract.md 5); helping with one takes less."""


class Threads:
    """`jobs` threads for about `units` units; threads without a unit help with the others."""

    def __init__(
        self,
        engine: Engine,
        matcher: Matcher,
        options: ScanOptions,
        jobs: int,
        units: int,
        fields: FieldMap | None = None,
    ) -> None:
        self._fields = fields
        self._engine, self._matcher, self._options = engine, matcher, options
        self._workers = max(1, min(jobs, units, _FILES))
        self._spare = engine.spare(jobs - self._workers, self._workers)
        self._units: queue.SimpleQueue[tuple[Unit, Reading] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._readings: dict[Unit, Reading] = {}
        self._events: queue.SimpleQueue[tuple[Unit, Outcome | Done]] = queue.SimpleQueue()

    def submit(self, unit: Unit) -> None:
        """See `Executor`."""
        self._readings[unit] = Reading(self._engine, self._spare)
        self._units.put((unit, self._readings[unit]))
        if len(self._threads) < self._workers:
            thread = threading.Thread(target=self._work, name=f"scan_{len(self._threads)}")
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        while (next_one := self._units.get()) is not None:
            self._read(*next_one)

    def _read(self, unit: Unit, at: Reading) -> None:
        lost = ""
        try:
            for outcome in reading.read(unit, self._matcher, self._options, at, self._fields):
                self._events.put((unit, outcome))
        except BaseException as error:
            lost = f"{type(error).__name__}: {error}"
        self._events.put((unit, Done(lost, at.bytes_read, at.hits)))

    def events(self, seconds: float) -> Iterator[tuple[Unit, Outcome | Done]]:
        """See `Executor`."""
        try:
            unit, event = self._events.get(timeout=seconds)
            while True:
                if isinstance(event, Done):
                    del self._readings[unit]
                    if len(self._readings) < self._workers:
                        self._spare.give()
                yield unit, event
                unit, event = self._events.get_nowait()
        except queue.Empty:
            return

    def running(self) -> tuple[int, int]:
        """See `Executor`."""
        at_work = self._readings.values()
        return sum(at.bytes_read for at in at_work), sum(at.hits for at in at_work)

    def cancel(self) -> None:
        """See `Executor`."""
        for at in self._readings.values():
            at.cancel()

    def close(self) -> None:
        """Waits for the threads."""
        for _thread in self._threads:
            self._units.put(None)
        for thread in self._threads:
            thread.join()
