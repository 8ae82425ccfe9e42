"""The engine in pure Python: it parses every line and looks up every field, so its answer is the truth.

The native engine must give the same answer. Nothing here is clever: an error would be easy to see.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from quetsach.bypass import providers
from quetsach.bypass.providers import Providers
from quetsach.errors import IndicatorError, ScanError
from quetsach.files.source import ByteStream, Source, Text, is_capture
from quetsach.indicators import setfile
from quetsach.indicators.indicator import IndicatorSet
from quetsach.logs import logformat
from quetsach.logs.logformat import LogFormat
from quetsach.scanning.engine import Before, Judged, ScanOptions, SourceResult, SpanResult
from quetsach.scanning.engine import Progress as ProgressLike
from quetsach.scanning.engine import SpareThreads as SpareThreadsLike
from quetsach.scanning.engines import attribution, capture, clocks, escapes, freetext, moments
from quetsach.scanning.engines.alive import Alive
from quetsach.scanning.engines.around import Around, foreign_resolver, is_of_dns, names_machine, rows_of
from quetsach.scanning.engines.decoders import TRIGGER
from quetsach.scanning.engines.detecting import TEXT, Judging, detect, formats_of
from quetsach.scanning.engines.hours import HourCounter
from quetsach.scanning.engines.index import Hits, Index, hits_of
from quetsach.scanning.engines.limits import LIMITS, Limits
from quetsach.scanning.engines.lines import LongLine, clean, split
from quetsach.scanning.engines.odd_lines import OddLines
from quetsach.scanning.engines.progress import Progress, SpareThreads
from quetsach.scanning.engines.records import LineReader, Record, device_of, identity_of
from quetsach.scanning.engines.rows import LineTold, Rows
from quetsach.scanning.engines.shapes import carried
from quetsach.scanning.engines.stretches import SpillError
from quetsach.scanning.engines.timeline import Timeline
from quetsach.scanning.engines.tokens import tokens_of
from quetsach.scanning.engines.wrappers import behind_hole
from quetsach.sightings import wire
from quetsach.sightings.asked import Asked
from quetsach.sightings.sighting import UNATTRIBUTED_LINES, Coverage, who_is
from quetsach.text.escape import escape


class PortableMatcher:
    """An indicator set ready for scanning."""

    def __init__(
        self,
        indicators: IndicatorSet,
        limits: Limits = LIMITS,
        extra_formats: Mapping[str, LogFormat] | None = None,
        around: Providers | None = None,
    ) -> None:
        if not len(indicators):
            raise IndicatorError("the indicator set is empty; there is nothing to look for")
        self.index = Index(indicators)
        self.around = Around(around if around is not None else providers.load())
        self.count = len(indicators)
        self.set_id = indicators.id
        self._limits = limits
        self._extra = extra_formats or {}

    def recognise(self, start: bytes) -> str:
        """See `quetsach.scanning.engine.Matcher`."""
        return detect(logformat.load_all(), start)

    def scan(
        self,
        path: Path | str,
        options: ScanOptions,
        progress: ProgressLike,
        stream: ByteStream | None = None,
        mtime: float | None = None,
    ) -> SourceResult:
        """Read one source to its end (see `quetsach.scanning.engine.Matcher`)."""
        return self._begin(options, progress).run(Source(path, stream, mtime))

    def judging(self, options: ScanOptions) -> Judging:
        """See `quetsach.scanning.engine.Matcher`."""
        return Judging(self._formats(options), options.format, self._limits)

    def scan_span(
        self,
        path: Path | str,
        options: ScanOptions,
        progress: ProgressLike,
        stream: ByteStream,
        before: Before,
    ) -> SpanResult:
        """Read one span to its end (see `quetsach.scanning.engine.Matcher`)."""
        scan = self._begin(options, progress)
        scan.take(before.judged)
        scan.reader.header = carried.read(before.header)
        scan.hours.go_on(before.hours)
        result = scan.run_span(Text(path, stream, before.mtime, before.start), before)
        return SpanResult(result, carried.written(scan.reader.header), scan.hours.carried())

    def _formats(self, options: ScanOptions) -> Mapping[str, LogFormat]:
        forced = self._extra.get(options.format or "")
        return {forced.name: forced} if forced else formats_of(options.format)

    def _begin(self, options: ScanOptions, progress: ProgressLike) -> _Scan:
        try:
            zone = ZoneInfo(options.tz)
        except (KeyError, ValueError, OSError) as error:
            raise ScanError(f"unknown time zone '{options.tz}'; give one like Asia/Ho_Chi_Minh") from error
        return _Scan(self.index, self.around, self._formats(options), options, zone, progress, self._limits)


class _Scan:
    """The state of one scan of one source."""

    def __init__(
        self,
        index: Index,
        around: Around,
        formats: Mapping[str, LogFormat],
        options: ScanOptions,
        zone: ZoneInfo,
        progress: ProgressLike,
        limits: Limits,
    ) -> None:
        self.index = index
        self.around = around
        self.formats = formats
        self.options = options
        self.zone = zone
        self.progress = progress
        self.limits = limits
        self.reader = LineReader(formats)
        self.format = options.format or TEXT
        self.dates = ""
        self.endpoints = True
        self.own: tuple[str, ...] = ()
        self.others: tuple[str, ...] = ()
        self.rows = Rows(limits.rows)
        self.bypasses = Rows(limits.rows)
        self.timeline = Timeline(zone, options.tz, lines=limits.edge_lines, window=limits.edge_bytes)
        self.alive = Alive()
        self.hours = HourCounter(limits.block)
        self.asked = Asked(options.asked)
        self.lines = self.not_understood = self.long_lines = self.inbound = 0
        self.unattributed: list[str] = []
        self.odd = OddLines(self._hits)
        self.has_stopped = False

    def run(self, source: Source) -> SourceResult:
        chunks = self._watch(source)
        start = bytearray()
        for chunk in chunks:
            start += chunk
            if len(start) >= self.limits.detect_bytes:
                break
        if is_capture(source.head):
            return self._capture(source, chain([bytes(start)], chunks))
        self.take(Judging(self.formats, self.options.format, self.limits).add(bytes(start)))
        self._read(source, chain([bytes(start)] if start else [], chunks))
        return self._answer(source, hashlib.sha256(source.head).hexdigest())

    def run_span(self, source: Text, before: Before) -> SourceResult:
        """The lines of a span of a file; `source` gives only these."""
        self._read(source, self._watch(source), before.start)
        return self._answer(source, before.source)

    def take(self, judged: Judged) -> None:
        """Read lines as a file's beginning says."""
        self.format, self.dates = judged.format, judged.dates
        self.endpoints = self.format == TEXT or not is_of_dns(self.formats[self.format])
        self.own = () if self.format == TEXT else (self.format,)
        self.others = tuple(n for n in self.formats if n != self.format)

    def _answer(self, source: Source, identity: str) -> SourceResult:
        latest = self.timeline.latest(source.decoded, source.mtime)
        sightings = self._kept(source, wire.keep, self.rows.sightings(identity, latest, self.zone))
        bypasses = self._kept(source, wire.keep_bypasses, self.bypasses.bypasses(identity, latest, self.zone))
        times = [*self.rows.times, *self.bypasses.times]
        span = self.timeline.span(source.decoded, latest, times)
        source.errors += [f"{source.path}: {problem}" for problem in self.odd.problems()]
        devices = self._devices(latest, source)
        if self.hours.is_too_many(self.limits.alive):
            source.errors.append(f"{source.path}: {capture.TOO_MANY % self.limits.alive}")
        hours = self.hours.end(latest, self.zone)
        coverage = Coverage(
            source=identity,
            path=source.path,
            name=self.options.source_name,
            bytes=source.decompressed,
            lines=self.lines,
            not_understood=self.not_understood,
            long_lines=self.long_lines,
            inbound=self.inbound,
            first=span.first,
            last=span.last,
            time=span.time,
            zone=span.zone,
            devices=devices,
            errors=source.errors,
            unattributed=self.unattributed,
            hours=hours.lines,
            order=hours.order,
            alive=hours.alive if self.asked else None,
        )
        return SourceResult(sightings, coverage, bypasses)

    def _kept[Kept](self, source: Source, keep: Callable[[Iterable[Any]], Kept], rows: Iterable[Any]) -> Kept:
        try:
            return keep(rows)
        except (OSError, SpillError) as error:
            reason = SpillError(error) if isinstance(error, OSError) else error
            source.errors.append(f"{source.path}: {reason}")
            return keep([])

    def _capture(self, source: Source, chunks: Iterator[bytes]) -> SourceResult:
        found = capture.scan(
            chunks,
            (self.index, self.around),
            (self.rows, self.bypasses),
            most_alive=self.limits.alive,
            devices=self.options.devices,
            flows=self.limits.flows,
            asked=self.asked,
        )
        if isinstance(self.progress, Progress):
            self.progress.hits += found.hits
        # Where the source reports why it ended, the capture need not report it again.
        problems = found.problems[1:] if found.is_cut and source.errors else found.problems
        source.errors += [f"{source.path}: {problem}" for problem in problems]
        identity = hashlib.sha256(source.head).hexdigest()
        sightings = self._kept(source, wire.keep, self.rows.sightings(identity, None, self.zone))
        bypasses = self._kept(source, wire.keep_bypasses, self.bypasses.bypasses(identity, None, self.zone))
        coverage = Coverage(
            source=identity,
            path=source.path,
            name=self.options.source_name,
            bytes=found.size,
            lines=found.packets,
            not_understood=0,
            long_lines=0,
            inbound=found.inbound,
            first=found.span.first,
            last=found.span.last,
            time=found.span.time,
            zone="",
            devices=found.devices,
            errors=source.errors,
            unattributed=[],
            hours=found.hours.lines,
            order=found.hours.order,
            alive=found.hours.alive if self.asked else None,
        )
        return SourceResult(sightings, coverage, bypasses)

    def _watch(self, source: Source) -> Iterator[bytes]:
        progress = self.progress
        for chunk in source.chunks():
            if isinstance(progress, Progress):
                progress.bytes_read = source.stored
            if self._is_cancelled(source, source.decoded - len(chunk)):
                return
            yield chunk

    def _is_cancelled(self, source: Source, at: int) -> bool:
        """Whether the scan is cancelled; first, an error names the byte to which the log was read."""
        if not isinstance(self.progress, Progress) or not self.progress.cancelled:
            return False
        if not self.has_stopped:
            self.has_stopped = True
            source.errors.append(f"{source.path}: cancelled at byte {at}; the rest was not looked at")
        return True

    def _read(self, source: Source, chunks: Iterator[bytes], start: int = 0) -> None:
        try:
            self._lines(source, chunks, start)
        except SpillError as error:
            source.errors.append(f"{source.path}: stopped: {error}")

    def _lines(self, source: Source, chunks: Iterator[bytes], start: int) -> None:
        for place, line in split(chunks, self.limits.long_line):
            offset = start + place
            # A chunk full of hits takes seconds; a person who presses Ctrl-C does not wait so long.
            if self._is_cancelled(source, offset):
                return
            self.lines += 1
            if isinstance(line, LongLine):
                self.long_lines += 1
                self._long(line, offset)
            else:
                self.odd.line(line, offset)
                self._line(clean(line, offset == 0), offset)

    def _line(self, line: bytes, offset: int) -> None:
        if not line or self.reader.is_directive(line, offset):
            self.hours.line(offset, None)
            return
        record = self.reader.read(line, self.own)
        if record is not None:
            moment = partial(record.time, self.zone)
            self.hours.line(offset, moment)
            self.timeline.parsed(offset, moment)
            self._ask(record)
            self._record(record, line, offset)
            return
        if self.format == TEXT:
            found_in_text = partial(moments.time, moments.start(line), self.zone, self._told_of_times())
            self.hours.line(offset, found_in_text)
            self.timeline.parsed(offset, found_in_text)
        else:
            self.hours.line(offset, None)
        if self.options.devices or self.asked:
            record = self.reader.read(line, self.others)
            if record is not None:
                self._ask(record)
                if self.options.devices:
                    self._alive(record)
        hits, said = self._free_text(line, self._hits)
        if hits:
            self._hit_line(line, offset, hits, said)
            return
        if self.format == TEXT and TRIGGER in line:
            record = self.reader.read(line, self.others)
            if record is not None:
                self._record(record, line, offset)
                return
        hits, said = self._free_text(line, self._ways)
        if hits:
            self._way_line(line, offset, hits, said)
        elif record is not None:
            self._resolver_record(record, line, offset)

    def _free_text(self, line: bytes, find: Callable[[bytes], Hits]) -> tuple[Hits, bytes]:
        """Hits of a line read as text, and the text that says whose they are: what stands behind a hole in
        the line, if that holds a hit."""
        behind = behind_hole(line) if b"\0" in line else b""
        hits, said = escapes.best(line, self.reader.readings(line), find)
        return hits, behind if hits and behind and find(behind) else said

    def _hits(self, part: bytes) -> Hits:
        return hits_of(self.index, freetext.read(part, self.index.urls).tokens)

    def _ways(self, part: bytes) -> Hits:
        return self.around.hits(freetext.read(part, self.index.urls).tokens, endpoints=self.endpoints)

    def _way_line(self, line: bytes, offset: int, hits: Hits, said: bytes) -> None:
        """A line in which only a provider stands, and that does not parse by the file's format."""
        record = self.reader.read(line, self.others)
        if record is not None:
            self._way_record(record, line, offset)
            return
        found = attribution.attribute(said, hits, list(self.reader.readings(line)), self._ways)
        if self.format == TEXT and found.hits:
            self._keep_way(rows_of(found.hits), self._free_text_told(line, said, offset, found.device))

    def _hit_line(self, line: bytes, offset: int, hits: Hits, said: bytes, *, is_long: bool = False) -> None:
        """A line with a hit that does not parse by the file's format; `said` is its text. A long line
        counts as not understood where no field of its first part has the hit: it may lie behind that part."""
        record = self.reader.read(line, self.others)
        if record is not None:
            self._record(record, line, offset)
            if is_long and set(hits) - set(hits_of(self.index, tokens_of(record))):
                self._not_understood(line)
            return
        found = attribution.attribute(said, hits, list(self.reader.readings(line)), self._hits)
        if self.format != TEXT or not found.hits:
            self._not_understood(line)
            return
        self._keep(found.hits, self._free_text_told(line, said, offset, found.device))

    def _not_understood(self, line: bytes) -> None:
        """A line with a match that cannot be attributed: it is counted, and the first are kept to be read."""
        self.not_understood += 1
        if len(self.unattributed) < UNATTRIBUTED_LINES:
            self.unattributed.append(escape(line))

    def _record(self, record: Record, line: bytes, offset: int) -> None:
        if self.options.devices:
            self._alive(record)
        if record.client_is_address and record.client is not None:
            self.inbound += self.index.inbound(record.client, record.client_port)
        hits = hits_of(self.index, tokens_of(record))
        if hits:
            self._keep(hits, self._told(record, line, offset))
        else:
            self._way_record(record, line, offset)

    def _way_record(self, record: Record, line: bytes, offset: int) -> None:
        hits = self.around.hits(tokens_of(record), endpoints=self.endpoints)
        if hits:
            self._keep_way(rows_of(hits), self._told(record, line, offset))
        else:
            self._resolver_record(record, line, offset)

    def _resolver_record(self, record: Record, line: bytes, offset: int) -> None:
        if self.endpoints and any(self.asked.of(device_of(record), identity_of(record))):
            hits = foreign_resolver(tokens_of(record), self.asked)
            if hits:
                self._keep_way(hits, self._told(record, line, offset))

    def _told(self, record: Record, line: bytes, offset: int) -> LineTold:
        return LineTold(
            offset=offset,
            device=device_of(record),
            moment=record.time(self.zone),
            action=record.action,
            identity=identity_of(record),
            log_format=record.log_format,
            line=line,
        )

    def _free_text_told(self, line: bytes, said: bytes, offset: int, device: str | None) -> LineTold:
        told = self._told_of_times()
        moment = moments.time(line, self.zone, told) or moments.time(said, self.zone, told)
        return LineTold(offset, device, moment, "unknown", {}, TEXT, line)

    def _told_of_times(self) -> clocks.Told:
        return clocks.Told(self.dates, self.reader.header.is_utc)

    def _keep_way(self, hits: Hits, told: LineTold) -> None:
        if names_machine(told.device, who_is(told.identity, told.device)):
            self.timeline.hit(told.offset, told.moment)
            self.bypasses.add(hits, **told._asdict())

    def _ask(self, record: Record) -> None:
        if self.asked:
            self.hours.see(self.asked.of(device_of(record), identity_of(record)))

    def _alive(self, record: Record) -> None:
        device, moment = device_of(record), record.time(self.zone)
        if device is not None and moment is not None and len(self.alive) <= self.limits.alive:
            self.alive.note(device, moment.value)

    def _keep(self, hits: Hits, told: LineTold) -> None:
        self.timeline.hit(told.offset, told.moment)
        if isinstance(self.progress, Progress):
            self.progress.hits += len(hits)
        self.rows.add(hits, **told._asdict())

    def _long(self, line: LongLine, offset: int) -> None:
        """Match every byte of a long line, and parse its first part."""
        start = clean(line.shown(self.limits.parsed_part), offset == 0)
        record = self.reader.read(start, self.own)
        hits: Hits = {}
        undone = partial(escapes.undone, is_inside=b'"' in start)
        for part in line.pieces(self.limits.piece, self.limits.parsed_part if record is not None else 0):
            found, shown = self._hits(part), self._hits(undone(part))
            for indicator, hit in (shown if len(shown) >= len(found) else found).items():
                hits.setdefault(indicator, hit)
        if record is not None:
            self.timeline.parsed(offset, partial(record.time, self.zone))
            self.hours.long_line(offset, partial(record.time, self.zone))
            self._ask(record)
            self._record(record, start, offset)
            if hits:
                self._not_understood(start)
        else:
            self.hours.long_line(offset, None)
            if hits:
                self._hit_line(start, offset, hits, start, is_long=True)
        self.odd.line(start, offset, has_hits=bool(hits))
        self.hours.end_long_line()

    def _devices(self, latest: int | None, source: Source) -> dict[str, list[str]]:
        if len(self.alive) > self.limits.alive:
            # A list cut short would make living machines look silent.
            source.errors.append(f"{source.path}: {capture.TOO_MANY % self.limits.alive}")
            return {}
        return self.alive.days(latest, self.zone)


class PortableEngine:
    """The engine where no binary fits, and the oracle of the native one."""

    name = "portable"
    _extra: Mapping[str, LogFormat] = {}

    def __init__(self, extra_formats: Sequence[str] = ()) -> None:
        found = (logformat.parse(text, "extra format") for text in extra_formats)
        self._extra = {one.name: one for one in found}

    def compile(self, indicators: IndicatorSet) -> PortableMatcher:
        """Raises IndicatorError when the set is empty."""
        return PortableMatcher(indicators, extra_formats=self._extra)

    def load(self, path: Path) -> PortableMatcher:
        """Open a compiled set file. Raises IndicatorError when it is damaged or empty."""
        return PortableMatcher(setfile.read(path), extra_formats=self._extra)

    def spare(self, threads: int, takers: int = 1) -> SpareThreads:
        del threads, takers
        return SpareThreads()

    def progress(self, spare: SpareThreadsLike | None = None) -> Progress:
        del spare
        return Progress()
