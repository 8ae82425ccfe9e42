"""Units on threads of this process: a unit each, and together on the last ones."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from quetsach import reading
from quetsach.engine import Engine, Matcher, ScanOptions
from quetsach.executor import Done, Outcome, Unit
from quetsach.fieldmap import FieldMap
from quetsach.reading import Reading


class Threads:
    """`jobs` threads for about `units` units; those that no unit needs help with the others."""

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
        workers = max(1, min(jobs, units))
        self._spare = engine.spare(jobs - workers)
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="scan")
        self._workers = workers
        self._readings: dict[Unit, Reading] = {}
        self._events: queue.SimpleQueue[tuple[Unit, Outcome | Done]] = queue.SimpleQueue()

    def submit(self, unit: Unit) -> None:
        """See `Executor`."""
        self._readings[unit] = Reading(self._engine, self._spare)
        self._pool.submit(self._read, unit, self._readings[unit])

    def _read(self, unit: Unit, at: Reading) -> None:
        lost = ""
        try:
            for outcome in reading.read(unit, self._matcher, self._options, at, self._fields):
                self._events.put((unit, outcome))
        except BaseException as error:
            lost = f"{type(error).__name__}: {error}"
            raise
        finally:
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
        self._pool.shutdown()
