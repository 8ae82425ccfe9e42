"""Run a matcher over many logs at once and put the answers together.

Every log ends in one coverage record: a failure, too, is a result with an error.
"""

import threading
import time
from collections.abc import Callable, Iterable
from itertools import islice
from typing import TYPE_CHECKING

from quetsach.files.inputs import Input, Inputs, Skipped
from quetsach.files.source import HEAD_BYTES
from quetsach.files.spool import no_room
from quetsach.scanning.engine import Engine, Matcher, Part, ScanOptions, SourceResult, Span, SplittingMatcher
from quetsach.scanning.executor import Done, Executor, Outcome, Unit
from quetsach.scanning.executors.threads import Threads
from quetsach.scanning.reading import INTERRUPTED, failed, note_binary, note_shortened, start_of
from quetsach.scanning.result import Bypasses, ScanResult, Sightings, Snapshot
from quetsach.sightings import copies
from quetsach.sightings.sighting import (
    LEFT_OUT,
    UNATTRIBUTED_IN_ALL,
    Bypass,
    Coverage,
    Scan,
    Sighting,
    shown_in_part,
)

if TYPE_CHECKING:
    from quetsach.logs.fieldmap import FieldMap
    from quetsach.machines.leases.naming import Leases
    from quetsach.scanning.splitting import SplitLog
    from quetsach.scanning.state import State

_TICK_SECONDS = 0.1


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

    Plain files larger than `split_bytes` are read in spans of about that size, where the engine can. Outcomes
    that `state` has from an earlier run are not read again. Neither changes the answer.

    Setting `stop` ends everything soon; the sightings so far come back, marked interrupted, with an
    error for each log that was not read to its end. `leases` name the machines behind addresses. With
    `fields` every input is a table with these columns; the engine (and the executor) must know its formats.
    """
    # Large logs first, so that no worker is left alone with the largest one at the end.
    logs = sorted(inputs.logs, key=lambda log: -log.size)
    cuts: dict[Input, list[Span]] = {}
    if split_bytes is not None and fields is None and isinstance(matcher, SplittingMatcher):
        from quetsach.scanning import splitting

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
        # After Ctrl-C nobody waits for the rest of the logs.
        work.cancel()
        raise
    finally:
        workers.close()
    for path, reason in inputs.errors:
        work.coverage.append(failed(None, options, reason, path))
    if state is not None and state.problem:
        work.coverage.append(failed(None, options, state.problem, state.path))
    skipped = inputs.skipped + work.skipped
    return ScanResult(
        scan=header._replace(left_out=_left_out(skipped)),
        sightings=work.sightings,
        bypasses=work.bypasses,
        coverage=shown_in_part(work.coverage),
        skipped=skipped,
        is_interrupted=is_interrupted,
        seconds=work.snapshot().seconds,
        named_by_lease=leases.named if leases is not None else 0,
    )


def _left_out(skipped: Iterable[Skipped]) -> tuple[tuple[str, str], ...]:
    """What a document says of files that were not read: not of those that the scan needs for itself, nor of
    copies, whose content was read."""
    told = (one for one in skipped if one.why not in ("own", "duplicate", "lease"))
    return tuple((str(one.path)[:1000], one.why) for one in islice(told, LEFT_OUT))


class _Work:
    """The state of one scan while it runs; used by one thread."""

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
        self.bypasses = Bypasses()
        self.coverage: list[Coverage] = []
        self.skipped: list[Skipped] = []
        self._by_source: dict[str, list[Coverage]] = {}
        self._own_rows: dict[str, tuple[list[Sighting], list[Bypass]]] = {}
        """By path: the rows of each of several logs with one source id, whose rows stand in one heap."""
        """Of inputs that are copies of one another, the longest."""
        self._logs = logs
        self._others = {log.shown for log in logs if log.is_other}
        self._split: dict[Input, SplitLog] = {}
        self._open: dict[Unit, list[Part]] = {}
        self._troubled: set[Unit] = set()
        self._is_cancelled = False
        self._done: set[Input] = set()
        self._bytes_total = sum(log.size for log in logs)
        self._bytes_done = self._hits_done = self._told_lines = 0
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
                    from quetsach.scanning.splitting import SplitLog

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
        """Keep new outcomes of the workers; waits at most `seconds` for the first."""
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
            if self._options.format is None:
                note_binary(start_of(log.path, HEAD_BYTES), self._matcher, result.coverage)
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
        kept = self._by_source.setdefault(new.source, [])
        others = []
        for old in list(kept):
            is_old = (old.bytes, new.path) >= (new.bytes, old.path)
            longer, shorter = (old, new) if is_old else (new, old)
            if self._are_others(old, new):
                others.append(old)
                continue
            if not copies.is_copy(shorter, longer):
                others += [old] if copies.differ(old, new) else []
                continue
            if copies.hides(longer, shorter) or self._lacks(result, longer, shorter):
                others.append(old)
                continue
            self.skipped.append(Skipped(shorter.path, "duplicate", longer.path))
            for error in copies.unread(shorter, longer):
                self.coverage.append(failed(None, self._options, error, shorter.path))
            if longer is old:
                return
            kept.remove(old)
            self.coverage.remove(old)
            copies.untell(old, kept)
        for old in kept:
            if old in others:
                copies.tell(old, new)
        are_more = bool(kept)
        kept.append(new)
        self.coverage.append(new)
        self._told_lines += len(new.unattributed)
        if self._told_lines > 2 * UNATTRIBUTED_IN_ALL:
            self.coverage = shown_in_part(self.coverage)
            self._by_source = {}
            for one in self.coverage:
                if one.bytes:
                    self._by_source.setdefault(one.source, []).append(one)
            self._told_lines = sum(len(one.unattributed) for one in self.coverage)
        try:
            found, around = result.sightings, result.bypasses
            if self._leases is not None:
                found, around = self._leases.name(found), self._leases.name_bypasses(around)
            # The engine forgets its rows once the sightings are copied.
            if are_more:
                if len(kept) == 2:
                    rows = list(self.sightings.of_source(new.source))
                    self._own_rows[kept[0].path] = rows, list(self.bypasses.of_source(new.source))
                self._own_rows[new.path] = list(found), list(around)
                self.bypasses.add(new.source, around)
                self.sightings.add(new.source, found)
            else:
                self.bypasses.put(new.source, around)
                self.sightings.put(new.source, found)
        except OSError as error:
            new.errors.append(no_room(error))

    def _lacks(self, result: SourceResult, longer: Coverage, shorter: Coverage) -> bool:
        """Whether a row would be lost with the shorter of two logs that look like copies. `result` is that of
        one of them; the rows of the other are kept."""
        new = result.coverage
        old = shorter if longer is new else longer
        has_years = "assumed_year" not in (longer.time, shorter.time)
        is_named = self._leases is not None
        try:
            seen, around = self._own_rows.get(old.path) or (
                self.sightings.of_source(new.source),
                self.bypasses.of_source(new.source),
            )
            sightings: list[Iterable[Sighting]] = [seen, result.sightings]
            bypasses: list[Iterable[Bypass]] = [around, result.bypasses]
            if longer is new:
                sightings.reverse()
                bypasses.reverse()
            return copies.lacks(*sightings, has_years=has_years, is_named=is_named) or copies.lacks(
                *bypasses, has_years=has_years, is_named=is_named
            )
        except OSError:
            # Rows that cannot be read are never taken for a copy.
            return True

    def _are_others(self, *seen: Coverage) -> bool:
        """Whether these logs are no copies, by their last bytes."""
        return all(one.path in self._others for one in seen)

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
