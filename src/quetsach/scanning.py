"""Run a matcher over many logs at once and put the answers together.

Every log ends in one coverage record, whatever happens to it: a failure is a result with an error.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, cast

from quetsach import tally, wire
from quetsach.engine import Engine, Matcher, Part, ScanOptions, SourceResult, Span, SplittingMatcher
from quetsach.executor import Done, Executor, Outcome, Unit
from quetsach.executors.threads import Threads
from quetsach.inputs import Input, Inputs, Skipped
from quetsach.reading import INTERRUPTED, failed, note_shortened
from quetsach.sighting import Coverage, Scan, Sighting, dump
from quetsach.wire import WireSightings

if TYPE_CHECKING:
    from quetsach.fieldmap import FieldMap
    from quetsach.leases import Leases
    from quetsach.splitting import SplitLog
    from quetsach.state import State

_HELD_BYTES = 8 << 20
_TICK_SECONDS = 0.1


class Snapshot(NamedTuple):
    """How far a scan is. Bytes are of files as stored; `bytes_total` leaves out standard input and pipes."""

    files: int
    files_total: int
    bytes: int
    bytes_total: int
    hits: int
    seconds: float


class _Aside:
    """Bytes in memory, beyond 8 MiB in a temporary file.

    No SpooledTemporaryFile: to import tempfile takes as long as 10 MB of a log.
    """

    def __init__(self) -> None:
        self.size = 0
        self._file: BinaryIO = BytesIO()

    def put(self, block: bytes) -> None:
        """Raises OSError where there is no room for it."""
        if self.size <= _HELD_BYTES < self.size + len(block):
            self._move()
        self._file.seek(self.size)
        self._file.write(block)
        self.size += len(block)

    def _move(self) -> None:
        import tempfile
        import weakref

        file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115
        weakref.finalize(self, file.close)
        for block in self.blocks(0, self.size):
            file.write(block)
        self._file = file

    def blocks(self, start: int, length: int) -> Iterator[bytes]:
        """A part of them."""
        end = start + length
        while start < end:
            self._file.seek(start)
            block = self._file.read(min(1 << 20, end - start))
            start += len(block)
            yield block


class Sightings:
    """Sightings of many sources, sorted by key, read as often as wanted; beyond 8 MiB they lie in a
    temporary file. Those of the first source stay where they lie: mostly there is one large log. With
    `are_many` sources they take no memory there."""

    def __init__(self, *, are_many: bool = False) -> None:
        self._are_many = are_many
        self._aside = _Aside()
        self._places: dict[str, tuple[int, int]] = {}
        self._counts: dict[str, int] = {}
        """Of those put aside; the first source's own tell theirs."""
        self._first: tuple[str, WireSightings] | None = None
        self._tally: tally.Tally | None = None

    def put(self, source: str, sightings: Iterable[Sighting]) -> None:
        """Keep the sightings of one source, sorted by key; what it had before is forgotten."""
        self._tally = None
        self._places.pop(source, None)
        if self._first is not None and self._first[0] == source:
            self._first = None
        if isinstance(sightings, WireSightings) and self._first is None:
            if self._are_many:
                sightings.settle()
            self._first = (source, sightings)
            self._counts[source] = 0
            return
        start = self._aside.size
        if isinstance(sightings, WireSightings):
            for block in sightings.blocks():
                self._aside.put(block)
            count = len(sightings)
        else:
            count = 0
            for sighting in sightings:
                self._aside.put(dump(sighting))
                count += 1
        self._places[source] = (start, self._aside.size - start)
        self._counts[source] = count

    def __len__(self) -> int:
        first = len(self._first[1]) if self._first is not None else 0
        return first + sum(self._counts.values())

    def __iter__(self) -> Iterator[Sighting]:
        return map(wire.parse, self.lines())

    def lines(self) -> Iterator[bytes]:
        """The same as JSON Lines, one by one."""
        return wire.lines(self.blocks())

    def blocks(self) -> Iterator[bytes]:
        """The same as JSON Lines, ready for a document, in blocks that end anywhere."""
        for source in sorted(self._counts):
            if self._first is not None and self._first[0] == source:
                yield from self._first[1].blocks()
            else:
                yield from self._aside.blocks(*self._places[source])

    def write(self, put: Callable[[bytes], object]) -> None:
        """Hand the same blocks to `put`, which makes them sooner. Raises OSError like `put`."""
        if self._first is not None and self._counts.keys() == {self._first[0]}:
            self._first[1].write(put)
            return
        for block in self.blocks():
            put(block)

    def tally(self) -> tally.Tally | None:
        """All of them together, found once; None where only the portable engine is at hand."""
        if self._tally is None and self._first is not None and self._counts.keys() == {self._first[0]}:
            found = self._first[1].tally()
            self._tally = tally.Tally(found) if found is not None else None
        if self._tally is None:
            self._tally = tally.of(self.blocks())
        return self._tally


class ScanResult(NamedTuple):
    """The answer of one scan. `coverage` is sorted by source id, then path; `skipped` files were not read."""

    scan: Scan
    sightings: Sightings
    coverage: list[Coverage]
    skipped: list[Skipped]
    is_interrupted: bool = False
    seconds: float = 0.0
    named_by_lease: int = 0

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
    executor: Executor | None = None,
    split_bytes: int | None = None,
    state: "State | None" = None,
    on_progress: Callable[[Snapshot], None] | None = None,
    stop: threading.Event | None = None,
    leases: "Leases | None" = None,
    fields: "FieldMap | None" = None,
) -> ScanResult:
    """Read all inputs on `jobs` threads, or by the `executor`, which is closed at the end.

    Plain files larger than `split_bytes` are read in spans of about that size, where the engine can. What
    `state` knows from an earlier run is not read again. Neither changes the answer.

    Setting `stop` ends everything soon; what was found until then comes back, marked interrupted, with an
    error for each log that was not read to its end. `leases` name the machines behind addresses. With
    `fields` every input is a table of that make; the engine (and the executor) must know its formats.
    """
    # Large logs first, so that no worker is left alone with the largest one at the end.
    logs = sorted(inputs.logs, key=lambda log: -log.size)
    cuts: dict[Input, list[Span]] = {}
    if split_bytes is not None and fields is None and isinstance(matcher, SplittingMatcher):
        from quetsach import splitting

        cuts = {log: found for log in logs if (found := splitting.spans(log, split_bytes))}
    units = len(logs) + sum(len(cut) - 1 for cut in cuts.values())
    workers = executor or Threads(engine, matcher, options, jobs, units, fields)
    work = _Work(logs, matcher, options, workers, state, leases)
    is_interrupted = False
    try:
        work.begin(cuts)
        if on_progress:
            on_progress(work.snapshot())
        while work.is_running:
            work.keep_some(_TICK_SECONDS)
            if stop is not None and stop.is_set() and not is_interrupted and work.is_running:
                is_interrupted = True
                work.cancel()
            if on_progress:
                on_progress(work.snapshot())
    except BaseException:
        # Whoever is interrupted does not wait for the rest of the logs.
        work.cancel()
        raise
    finally:
        workers.close()
    for path, reason in inputs.errors:
        work.coverage.append(failed(None, options, reason, path))
    if state is not None and state.problem:
        work.coverage.append(failed(None, options, state.problem, state.path))
    return ScanResult(
        scan=header,
        sightings=work.sightings,
        coverage=sorted(work.coverage, key=lambda seen: (seen.source, seen.path)),
        skipped=inputs.skipped + work.skipped,
        is_interrupted=is_interrupted,
        seconds=work.snapshot().seconds,
        named_by_lease=leases.named if leases is not None else 0,
    )


class _Work:
    """What is known of one scan while it runs; used by one thread."""

    def __init__(
        self,
        logs: list[Input],
        matcher: Matcher,
        options: ScanOptions,
        executor: Executor,
        state: "State | None",
        leases: "Leases | None",
    ) -> None:
        self._leases = leases
        self._matcher, self._options, self._executor, self._state = matcher, options, executor, state
        self.sightings = Sightings(are_many=len(logs) > 1)
        self.coverage: list[Coverage] = []
        self.skipped: list[Skipped] = []
        self._by_source: dict[str, Coverage] = {}
        self._logs = logs
        self._split: dict[Input, SplitLog] = {}
        self._open: dict[Unit, list[Part]] = {}
        self._troubled: set[Unit] = set()
        self._is_cancelled = False
        self._done: set[Input] = set()
        self._bytes_total = sum(log.size for log in logs)
        self._bytes_done = self._hits_done = 0
        self._started = time.monotonic()

    @property
    def is_running(self) -> bool:
        return bool(self._open)

    def begin(self, cuts: dict[Input, list[Span]]) -> None:
        """Hand out all work that the state does not know."""
        for log in self._logs:
            if log in cuts:
                whole = Unit(log)
                if self._state is not None and self._state.finished(whole) is not None:
                    self._submit(whole)
                else:
                    from quetsach.splitting import SplitLog

                    self._split[log] = SplitLog(log, cuts[log])
                    for unit in self._split[log].units():
                        self._submit(unit)
            else:
                self._submit(Unit(log))

    def _submit(self, unit: Unit) -> None:
        self._open[unit] = []
        known = self._state.finished(unit) if self._state is not None else None
        if known is None:
            self._executor.submit(unit)
            return
        for outcome in known:
            self._take(unit, outcome)
        span = unit.span
        end = unit.log.size if span is None or span.end is None else span.end
        self._end(unit, Done(bytes=end - (span.start if span is not None else 0)))

    def keep_some(self, seconds: float) -> None:
        """Keep what the workers have said, waiting for it at most so long."""
        for unit, event in self._executor.events(seconds):
            if isinstance(event, Done):
                if self._state is not None:
                    is_complete = not event.lost and unit not in self._troubled and not self._is_cancelled
                    self._state.end(unit, is_complete=is_complete)
                self._end(unit, event)
                continue
            if self._state is not None:
                self._state.keep(unit, event)
            self._take(unit, event)

    def _take(self, unit: Unit, outcome: Outcome) -> None:
        match outcome:
            case Part():
                self._open[unit].append(outcome)
                if outcome.errors:
                    self._troubled.add(unit)
            case Skipped():
                self.skipped.append(outcome)
            case SourceResult():
                if outcome.coverage.errors:
                    self._troubled.add(unit)
                if unit.span is None:
                    self._keep(outcome)

    def _end(self, unit: Unit, done: Done) -> None:
        parts = self._open.pop(unit)
        self._bytes_done += done.bytes
        self._hits_done += done.hits
        split = self._split.get(unit.log)
        if split is None or unit.span is None:
            if done.lost:
                self.coverage.append(failed(unit.log, self._options, done.lost))
            self._finish(unit.log)
        elif self._is_cancelled:
            if not split.is_whole and unit.log not in self._done:
                self.coverage.append(failed(unit.log, self._options, INTERRUPTED))
                self._finish(unit.log)
        elif split.ended(unit.span, parts[0] if parts else None, done.lost):
            self._merge(unit.log, split)
        else:
            for again in split.units():
                self._submit(again)

    def _merge(self, log: Input, split: "SplitLog") -> None:
        assert isinstance(self._matcher, SplittingMatcher)
        result = split.merge(self._matcher, self._options)
        if result is None:
            missing = failed(log, self._options, "")
            self.coverage.append(missing._replace(errors=split.lost()))
        else:
            note_shortened(log, result.coverage)
            self._keep(result)
        self._finish(log)

    def _finish(self, log: Input) -> None:
        self._done.add(log)

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
            found = result.sightings if self._leases is None else self._leases.name(result.sightings)
            self.sightings.put(new.source, found)
        except OSError as error:
            import tempfile

            folder = tempfile.gettempdir()
            new.errors.append(
                f"what was found does not fit into the temporary folder {folder}: {error.strerror or error}; "
                "make room there or set TMPDIR to a folder that has some"
            )

    def cancel(self) -> None:
        self._is_cancelled = True
        self._executor.cancel()

    def snapshot(self) -> Snapshot:
        bytes_running, hits_running = self._executor.running()
        return Snapshot(
            files=len(self._done),
            files_total=len(self._logs),
            bytes=self._bytes_done + bytes_running,
            bytes_total=self._bytes_total,
            hits=self._hits_done + hits_running,
            seconds=time.monotonic() - self._started,
        )
