"""A worker's work on one unit: open it, let the engine read it, and turn every failure into a result."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from quetsach.errors import QuetsachError, SourceError
from quetsach.files import openers
from quetsach.files.inputs import Input, Skipped, identity
from quetsach.files.source import HEAD_BYTES, LINE_NO_TEXT, SHORTENED, Source, no_text
from quetsach.scanning.engine import (
    Engine,
    Matcher,
    Progress,
    ScanOptions,
    SourceResult,
    SpareThreads,
    SplittingMatcher,
)
from quetsach.scanning.executor import Outcome, Unit
from quetsach.sightings.sighting import Coverage

if TYPE_CHECKING:
    from quetsach.logs.fieldmap import FieldMap

_TABLE_HEAD_BYTES = 1 << 16
"""Enough bytes to see the columns of a table."""
INTERRUPTED = "interrupted before its end; scan it again"


class Reading:
    """How far one unit is. A container has a meter of its own, and its members one progress after another."""

    def __init__(self, engine: Engine, spare: SpareThreads | None = None) -> None:
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
        """A new progress; the counts of the member before are kept."""
        self._hits_before, self.progress = self.hits, self._engine.progress(self._spare)
        if self.meter.is_cancelled:
            self.progress.cancel()
        return self.progress

    @property
    def is_cancelled(self) -> bool:
        return self.meter.is_cancelled

    def cancel(self) -> None:
        """End the unit soon."""
        self.meter.is_cancelled = True
        self.progress.cancel()


def read(
    unit: Unit, matcher: Matcher, options: ScanOptions, reading: Reading, fields: FieldMap | None = None
) -> Iterator[Outcome]:
    """All outcomes of the unit; a span that cannot be read by itself has none.

    With `fields` every file is a table with these columns; the matcher must know its formats.
    """
    log = unit.log
    if reading.is_cancelled:
        yield SourceResult([], failed(log, options, INTERRUPTED))
        return
    try:
        if unit.span is not None:
            assert isinstance(matcher, SplittingMatcher)
            part = matcher.scan_part(log.path, options, reading.progress, unit.span)
            if part is not None and not reading.is_cancelled:
                yield part
        elif log.is_container:
            yield from _members(log, matcher, options, reading, fields)
        else:
            chosen = options if fields is None else _table(fields, options, start_of(log.path))
            result = matcher.scan(log.path, chosen, reading.progress)
            note_shortened(log, result.coverage)
            if chosen.format is None:
                note_binary(start_of(log.path, HEAD_BYTES), matcher, result.coverage)
            yield _cut_short(result) if reading.is_cancelled else result
        return
    except QuetsachError as error:
        reason = str(error)
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}; check that it exists and may be read"
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    yield SourceResult([], failed(log, options, reason))


def _members(
    log: Input, matcher: Matcher, options: ScanOptions, reading: Reading, fields: FieldMap | None
) -> Iterator[SourceResult | Skipped]:
    for opened in _opened(log, reading.meter):
        path = f"{log.shown}!/{opened.member}" if opened.member else log.shown
        if isinstance(opened, openers.Passed):
            yield Skipped(path, opened.why)
            continue
        chosen = options
        if opened.format is not None:
            chosen = options._replace(format=opened.format)
        elif fields is not None:
            try:
                chosen = _table(fields, options, opened.stream.start(_TABLE_HEAD_BYTES))
            except SourceError as error:
                yield SourceResult([], failed(log, options, str(error))._replace(path=path))
                continue
        start = b"" if chosen.format is not None else openers.unpacked_start(opened.stream)
        progress = reading.next_member()
        result = matcher.scan(path, chosen, progress, opened.stream, opened.mtime)
        if reading.is_cancelled:
            yield _cut_short(result)
            return
        note_binary(start, matcher, result.coverage)
        yield result


def _table(fields: FieldMap, options: ScanOptions, start: bytes) -> ScanOptions:
    """Raises SourceError where the table lacks a column."""
    return options._replace(format=fields.choose(start) or options.format)


def start_of(path: Path, size: int = _TABLE_HEAD_BYTES) -> bytes:
    """The first bytes of a file, as unpacked; fewer where it cannot be read."""
    start = b""
    for block in Source(path).chunks():
        start += block
        if len(start) >= size:
            break
    return start[:size]


def _opened(log: Input, meter: openers.Meter) -> Iterator[openers.Opened | openers.Passed]:
    if log.stored is None:
        yield from openers.read(log.path, meter, log.part)
        return
    from quetsach.files.objectstore import Remote

    with Remote(log.stored) as file:
        yield from openers.read_file(cast(BinaryIO, file), meter, log.stored.mtime)


def failed(log: Input | None, options: ScanOptions, reason: str, path: Path | str = "") -> Coverage:
    """The coverage of a log that could not be read; `path` where there is no input."""
    return Coverage(
        source=(identity(log) or "") if log is not None else "",
        path=log.shown if log is not None else str(path),
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
        devices={},
        errors=[reason],
    )


def note_binary(start: bytes, matcher: Matcher, seen: Coverage) -> None:
    """Report that a file that begins like this holds no lines: nothing seen in it is no answer."""
    if seen.lines and (why := no_text(start)) and matcher.recognise(start) == "text":
        tell_no_text(seen, why)


def tell_no_text(seen: Coverage, why: str) -> None:
    """Add why a file holds no text at all; it says more than the place of the first such line."""
    seen.errors[:] = [error for error in seen.errors if not error.endswith(LINE_NO_TEXT)] + [why]


def note_shortened(log: Input, seen: Coverage) -> None:
    """Report that the file shrank since it was found: the engine sees only changes while it reads."""
    try:
        is_shortened = log.size > 0 and log.path.stat().st_size < log.size
    except OSError:
        # The file was moved away, and read to its end through the open handle.
        return
    if is_shortened and not any(error.endswith(SHORTENED) for error in seen.errors):
        seen.errors.append(SHORTENED)


def _cut_short(result: SourceResult) -> SourceResult:
    seen = result.coverage
    if not any("cancelled" in error for error in seen.errors):
        seen.errors.append(INTERRUPTED)
    return result
