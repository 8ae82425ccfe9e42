"""Run a matcher over many logs at once and put the answers together (spec: contract 1, 2).

Every log ends in one coverage record, whatever happens to it: a failure is a result with an error.
"""

from __future__ import annotations

import itertools
import queue
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, cast

from quetsach import openers, wire
from quetsach.engine import Engine, Matcher, Progress, ScanOptions, SourceResult, SpareThreads
from quetsach.errors import QuetsachError
from quetsach.inputs import Input, Inputs, Skipped
from quetsach.objectstore import Remote
from quetsach.sighting import Coverage, Scan, Sighting, dump
from quetsach.wire import WireSightings

INTERRUPTED = "interrupted before its end; scan it again"
SHORTENED = "became shorter while it was read; scan it again"
_HELD_BYTES = 32 << 20
_TICK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How far a scan is. Bytes are of files as stored; `bytes_total` leaves out standard input and pipes."""

    files: int
    files_total: int
    bytes: int
    bytes_total: int
    hits: int
    seconds: float


class Sightings:
    """Sightings of many sources, sorted by key, read as often as wanted; beyond 32 MiB they lie in a
    temporary file."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_HELD_BYTES)  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        self._places: dict[str, tuple[int, int]] = {}
        self._counts: dict[str, int] = {}

    def put(self, source: str, sightings: Iterable[Sighting]) -> None:
        """Keep the sightings of one source, sorted by key; what it had before is forgotten."""
        start = self._file.seek(0, 2)
        if isinstance(sightings, WireSightings):
            self._file.writelines(sightings.blocks())
            count = len(sightings)
        else:
            count = 0
            for sighting in sightings:
                self._file.write(dump(sighting))
                count += 1
        self._places[source] = (start, self._file.tell() - start)
        self._counts[source] = count

    def __len__(self) -> int:
        return sum(self._counts.values())

    def __iter__(self) -> Iterator[Sighting]:
        return map(wire.parse, self.lines())

    def lines(self) -> Iterator[bytes]:
        """The same as JSON Lines, ready for a document."""
        for source in sorted(self._places):
            yield from wire.lines(self._blocks(*self._places[source]))

    def _blocks(self, start: int, length: int) -> Iterator[bytes]:
        end = start + length
        while start < end:
            self._file.seek(start)
            block = self._file.read(min(1 << 20, end - start))
            start += len(block)
            yield block


@dataclass(slots=True)
class ScanResult:
    """The answer of one scan. `coverage` is sorted by source id, then path; `skipped` files were not read."""

    scan: Scan
    sightings: Sightings
    coverage: list[Coverage]
    skipped: list[Skipped] = field(default_factory=list)
    is_interrupted: bool = False
    seconds: float = 0.0

    @property
    def errors(self) -> list[tuple[str, str]]:
        """(path, what could not be read) over all sources."""
        return [(seen.path, error) for seen in self.coverage for error in seen.errors]


def run(
    inputs: Inputs,
    engine: Engine,
    matcher: Matcher,
    options: ScanOptions,
    header: Scan,
    *,
    jobs: int = 1,
    on_progress: Callable[[Snapshot], None] | None = None,
    stop: threading.Event | None = None,
) -> ScanResult:
    """Read all inputs on `jobs` threads: a file each, and together on the last files.

    Setting `stop` ends every thread soon; what was found until then comes back, marked interrupted, with an
    error for each log that was not read to its end.
    """
    work = _Work(inputs.logs, engine, matcher, options, max(1, jobs))
    is_interrupted = False
    # Large logs first, so that no thread is left alone with the largest one at the end.
    logs = sorted(inputs.logs, key=lambda log: -log.size)
    with ThreadPoolExecutor(max_workers=work.readers, thread_name_prefix="scan") as pool:
        pending: set[Future[None]] = {pool.submit(work.read, log) for log in logs}
        while pending or not work.results.empty():
            work.keep_some(_TICK_SECONDS)
            pending = {future for future in pending if not future.done()}
            if stop is not None and stop.is_set() and not is_interrupted and pending:
                is_interrupted = True
                work.cancel()
            if on_progress:
                on_progress(work.snapshot())
    for path, reason in inputs.errors:
        failed = _failed(Input(Path(), 0, None), options, reason)
        work.coverage.append(replace(failed, path=str(path)))
    return ScanResult(
        scan=header,
        sightings=work.sightings,
        coverage=sorted(work.coverage, key=lambda seen: (seen.source, seen.path)),
        skipped=inputs.skipped + work.skipped,
        is_interrupted=is_interrupted,
        seconds=work.snapshot().seconds,
    )


class _Reading:
    """How far one file is. A container has a meter of its own, and its members one progress after another."""

    def __init__(self, engine: Engine, spare: SpareThreads) -> None:
        self._engine, self._spare = engine, spare
        self.progress = engine.progress(spare)
        self.meter = openers.Meter()
        self._hits_before = 0

    @property
    def bytes_read(self) -> int:
        return self.meter.stored or self.progress.bytes_read

    @property
    def hits(self) -> int:
        return self._hits_before + self.progress.hits

    def next_member(self) -> Progress:
        self._hits_before, self.progress = self.hits, self._engine.progress(self._spare)
        if self.meter.is_cancelled:
            self.progress.cancel()
        return self.progress

    def cancel(self) -> None:
        self.meter.is_cancelled = True
        self.progress.cancel()


class _Work:
    """What the threads of one scan share. Only `read` runs in them."""

    def __init__(
        self, logs: list[Input], engine: Engine, matcher: Matcher, options: ScanOptions, jobs: int
    ) -> None:
        self.engine, self.matcher, self.options = engine, matcher, options
        self.readers = max(1, min(jobs, len(logs)))
        self._spare = engine.spare(jobs - self.readers)
        self._unread = itertools.count(len(logs) - self.readers, -1)
        self.sightings = Sightings()
        self.coverage: list[Coverage] = []
        self.results: queue.SimpleQueue[tuple[Input, SourceResult | Skipped | None]] = queue.SimpleQueue()
        self._by_source: dict[str, Coverage] = {}
        self.skipped: list[Skipped] = []
        self._readings: dict[Input, _Reading] = {log: _Reading(engine, self._spare) for log in logs}
        self._logs_total = len(logs)
        self._bytes_total = sum(log.size for log in logs)
        self._is_cancelled = False
        self._done = self._bytes_done = self._hits_done = 0
        self._started = time.monotonic()

    def read(self, log: Input) -> None:
        """Put the results of one file, then None, into `results`."""
        try:
            for result in self._results(log, self._readings[log]):
                self.results.put((log, result))
        finally:
            if next(self._unread) <= 0:
                self._spare.give()
            self.results.put((log, None))

    def _results(self, log: Input, reading: _Reading) -> Iterator[SourceResult | Skipped]:
        if self._is_cancelled:
            yield SourceResult([], _failed(log, self.options, INTERRUPTED))
            return
        try:
            if log.is_container:
                yield from self._members(log, reading)
                return
            result = self.matcher.scan(log.path, self.options, reading.progress)
            if _is_shortened(log):
                result.coverage.errors.append(SHORTENED)
            yield _cut_short(result) if self._is_cancelled else result
            return
        except QuetsachError as error:
            reason = str(error)
        except OSError as error:
            reason = f"cannot be read: {error.strerror or error}; check that it exists and may be read"
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
        yield SourceResult([], _failed(log, self.options, reason))

    def _members(self, log: Input, reading: _Reading) -> Iterator[SourceResult | Skipped]:
        for opened in _opened(log, reading.meter):
            path = f"{log.shown}!/{opened.member}" if opened.member else log.shown
            if isinstance(opened, openers.Passed):
                yield Skipped(path, opened.why)
                continue
            options = self.options
            if opened.format is not None:
                options = replace(options, format=opened.format)
            progress = reading.next_member()
            result = self.matcher.scan(path, options, progress, opened.stream, opened.mtime)
            if self._is_cancelled:
                yield _cut_short(result)
                return
            yield result

    def keep_some(self, seconds: float) -> None:
        """Keep what the threads have put, waiting for it at most so long."""
        try:
            log, result = self.results.get(timeout=seconds)
            while True:
                if result is None:
                    self._finish(log)
                elif isinstance(result, Skipped):
                    self.skipped.append(result)
                else:
                    self._keep(result)
                log, result = self.results.get_nowait()
        except queue.Empty:
            return

    def _finish(self, log: Input) -> None:
        reading = self._readings.pop(log)
        self._done += 1
        self._bytes_done += log.size or reading.bytes_read
        self._hits_done += reading.hits

    def _keep(self, result: SourceResult) -> None:
        new = result.coverage
        if not new.bytes:
            # Logs that could not be opened all share the id of the empty file.
            self.coverage.append(new)
            return
        old = self._by_source.get(new.source)
        if old is not None:
            is_old = (old.bytes, new.path) >= (new.bytes, old.path)
            longer, shorter = (old, new) if is_old else (new, old)
            self.skipped.append(Skipped(shorter.path, "duplicate", longer.path))
            if longer is old:
                return
            self.coverage.remove(old)
        self._by_source[new.source] = new
        self.coverage.append(new)
        try:
            self.sightings.put(new.source, result.sightings)
        except OSError as error:
            folder = tempfile.gettempdir()
            new.errors.append(
                f"what was found does not fit into the temporary folder {folder}: {error.strerror or error}; "
                "make room there or set TMPDIR to a folder that has some"
            )

    def cancel(self) -> None:
        self._is_cancelled = True
        for reading in list(self._readings.values()):
            reading.cancel()

    def snapshot(self) -> Snapshot:
        running = list(self._readings.values())
        return Snapshot(
            files=self._done,
            files_total=self._logs_total,
            bytes=self._bytes_done + sum(reading.bytes_read for reading in running),
            bytes_total=self._bytes_total,
            hits=self._hits_done + sum(reading.hits for reading in running),
            seconds=time.monotonic() - self._started,
        )


def _opened(log: Input, meter: openers.Meter) -> Iterator[openers.Opened | openers.Passed]:
    if log.stored is None:
        yield from openers.read(log.path, meter, log.part)
        return
    with Remote(log.stored) as file:
        yield from openers.read_file(cast(BinaryIO, file), meter, log.stored.mtime)


def _failed(log: Input, options: ScanOptions, reason: str) -> Coverage:
    return Coverage(
        source=log.source or "",
        path=log.shown,
        name=options.source_name,
        bytes=0,
        lines=0,
        not_understood=0,
        long_lines=0,
        inbound=0,
        first=None,
        last=None,
        time="none",
        zone="",
        errors=[reason],
    )


def _is_shortened(log: Input) -> bool:
    """A log emptied for rotation (logrotate's copytruncate) ends early, and no read fails."""
    try:
        return log.size > 0 and log.path.stat().st_size < log.size
    except OSError:
        # Moved away: the open file was still read to its end.
        return False


def _cut_short(result: SourceResult) -> SourceResult:
    seen = result.coverage
    if not any("cancelled" in error for error in seen.errors):
        seen.errors.append(INTERRUPTED)
    return result
