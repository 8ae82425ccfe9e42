"""Reads spans of files that are held open into the state."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from quetsach.files.source import CUT, no_text, utf16_of
from quetsach.machines.leases import naming
from quetsach.machines.leases.leaseformat import Event
from quetsach.scanning import reading
from quetsach.scanning.engine import Before, Engine, Judged, Matcher, Progress, ScanOptions
from quetsach.sightings.adding import add_coverage
from quetsach.watching import counting, holes
from quetsach.watching.content import HEAD_BYTES, SETTLED_BYTES, Fingerprint, Handle, Mark, Stretch
from quetsach.watching.counting import Counted
from quetsach.watching.generation import Answer, Generation, Read, Stand
from quetsach.watching.held import AGAIN_SECONDS, QUIET_SECONDS, RESTING_SECONDS, Held
from quetsach.watching.rewritten import REPEATED, has_old, last_lines
from quetsach.watching.state import State
from quetsach.watching.whole import answer_of

_LONG_LINE = 1 << 20
_TEXT = "text"
"""The name of the format of a log that no format fits."""


@dataclass
class Looker:
    """Reads spans of held files into the state, with one version of the list."""

    state: State
    engine: Engine
    matcher: Matcher
    version: int
    options: ScanOptions
    """Those of logs for which none are named."""
    take_leases: Callable[[str, Iterable[Event]], None] | None = None
    """Takes the leases in lines of logs, with the name of their place."""
    lease_length: int | None = None
    """That of leases in files that name only their end."""

    def __post_init__(self) -> None:
        self.progress: Progress = self.engine.progress()
        self.is_stopping = False
        self._counter = counting.Counter(self.engine)
        self.as_text = set(json.loads(self.state.about().get("as text", "[]")))
        """Paths of logs that no format fits."""

    def stop(self) -> None:
        """End soon, also within a long span."""
        self.is_stopping = True
        self.progress.cancel()

    def look(self, held: Held, mark: Mark, now: float) -> int:
        """Read what is new; returns the number of spans."""
        try:
            return self._look(held, mark, now)
        finally:
            held.handle.forget()

    def _look(self, held: Held, mark: Mark, now: float) -> int:
        if not self.goes_on(held, mark):
            return 0
        one = held.generation
        self.note_encoding(held)
        self._note_no_text(held, mark.size)
        stand, base = self._stand(held), one.base if one is not None else 0
        if stand is not None and holes.is_filled(stand.holes, held.handle.read, held.handle.written):
            # What is there now counts alone.
            self.write(held)
            held.stand = stand = None
        begin = stand.place if stand is not None else base
        end = held.handle.line_end(begin, mark.size)
        done = 0
        for stop in counting.stops(held.handle, begin, end) if end > begin else ():
            if not self._span(held, stop, now):
                return done
            done += 1
        left = mark.size - max(begin, end)
        if not left or self._has_ended(held, left, now):
            if left and not self._rest(held, max(begin, end), mark.size, now):
                return done
            held.looked = (mark, self.version)
            known = held.stand.holes if held.stand is not None else ()
            held.unseen = holes.UNSEEN if holes.is_too_much(known, held.handle.written) else ""
            done += left > 0
        return done

    def note_encoding(self, held: Held) -> None:
        """Note that of the text, which the first bytes decide."""
        one = held.generation
        if one is None or held.stand is None or one.fingerprint.place < HEAD_BYTES:
            encoding = utf16_of(held.handle.read(0, HEAD_BYTES)) or ""
            if encoding != held.handle.encoding:
                held.handle.encoding = encoding
                held.judge_anew()

    def _note_no_text(self, held: Held, size: int) -> None:
        """Note whether a file holds no lines, as a scan does."""
        if held.no_text_of < min(HEAD_BYTES, size):
            first = held.handle.read(0, HEAD_BYTES)
            held.no_text_of, held.no_text = len(first), no_text(first)
            if held.no_text and self.matcher.recognise(first) != _TEXT:
                held.no_text = ""
            held.unread = held.no_text or held.unread

    def goes_on(self, held: Held, mark: Mark) -> bool:
        """Whether a file begins with what was read of it. What is new is then at hand, if that is little."""
        one, stand, handle = held.generation, held.stand, held.handle
        place = one.fingerprint.place if one is not None else 0
        if stand is not None and stand.kept is not None:
            place = stand.place
        if mark.size < place:
            return False
        if handle.has_taken(place, mark.size):
            return True
        handle.take(place, mark.size)
        return one is None or _is_same(one, stand, handle) or self._is_filled(held, one)

    def _is_filled(self, held: Held, one: Generation) -> bool:
        """Whether a file begins with what was read of it, but for zeros that were filled; its content is
        then what it is now."""
        self.write(held)
        one = held.generation or one
        known = self.state.looked(one.number, self.version)
        if known is None or not known.holes or not one.fingerprint.held_before(held.handle, known.holes):
            return False
        held.generation = one._replace(fingerprint=Fingerprint.of(held.handle, one.fingerprint.place))
        held.stand = None
        held.judge_anew()
        return True

    def was_filled(self, held: Held, one: Generation) -> bool:
        """The same of a content that was read by another process."""
        if one.fingerprint.place > held.handle.mark().size:
            return False
        held.begin(one)
        is_so = self._is_filled(held, one)
        if not is_so:
            held.begin(None)
        return is_so

    def shift(self, held: Held, one: Generation, place: int) -> None:
        """Go on with a content that lacks its oldest lines now: what was read of it ends at a place."""

        def text_of(at: int) -> int:
            whole = Stretch(held.handle, 0, at)
            while held.handle.encoding and whole.read(_LONG_LINE):
                pass
            return whole.given if held.handle.encoding else at

        at = Fingerprint.of(held.handle, place)
        self.state.shift(one.number, at, one.fingerprint.place - place, text_of)
        held.begin(self.state.generation(one.number))

    def _stand(self, held: Held) -> Stand | None:
        stand, one = held.stand, held.generation
        if stand is not None and stand.version != self.version:
            self.write(held)
            stand = None
        if stand is None and one is not None:
            held.repeats = held.repeats or self.state.counts_twice(one.number)
            known = self.state.looked(one.number, self.version)
            if known is not None:
                rest = known.rest.bytes if known.rest is not None else 0
                stand = Stand(
                    *(self.version, known.place, known.text, known.header, known.is_settled),
                    *(known.counted, known.holes, rest),
                )
                said = [
                    error for one in (known.coverage, known.rest) if one is not None for error in one.errors
                ]
                held.unread = "; ".join(dict.fromkeys(said)) or held.unread
        held.stand = stand
        return stand

    def write(self, held: Held) -> None:
        """Give the state the coverage that waits."""
        one, stand = held.generation, held.stand
        if one is None or stand is None or stand.kept is None:
            return
        found = Fingerprint.of_bytes(*stand.kept, stand.place)
        answer = Answer([], [], add_coverage(*stand.unwritten))
        path = str(held.path)
        self.state.record(
            one,
            stand.version,
            one.source,
            found,
            path,
            answer,
            header=stand.header,
            text=stand.text,
            counted=stand.counted,
            holes=stand.holes,
            is_settled=stand.is_settled,
            replaces=False,
            now=stand.since,
            lines=last_lines(stand.kept[1], held.handle.encoding),
        )
        held.generation = one._replace(fingerprint=found, shown=path, is_ended=False)
        stand.unwritten, stand.kept = [], None

    def begin_here(self, held: Held, mark: Mark, now: float) -> None:
        """Pass over all that there is. It is read once, because its header lines count for what follows."""
        self.note_encoding(held)
        end = held.handle.line_end(0, mark.size)
        if end:
            judged = self._judged(held, end, is_rest=False)
            read = self._read(held, (0, end), (0, b"", Counted(place=0)), judged)
            source, header = (read.source, read.header) if read is not None else ("", b"")
            number = self.state.begin(source, Fingerprint.of(held.handle, end), header, str(held.path), now)
            held.begin(self.state.generation(number))

    def _has_ended(self, held: Held, left: int, now: float) -> bool:
        """Whether a last line without an end is read: the file is gone, renamed or rests long."""
        one = held.generation
        is_renamed = one is not None and one.path != str(held.path)
        if held.is_gone or is_renamed:
            return held.rests(now) >= QUIET_SECONDS
        return held.rests(now) >= (AGAIN_SECONDS if left > _LONG_LINE else RESTING_SECONDS)

    def _span(self, held: Held, end: int, now: float, *, is_rest: bool = False) -> bool:
        """Read up to a place and keep what that shows; False where the file changed meanwhile or the watcher
        stops. With `is_rest` the last line has no end yet."""
        one, stand = held.generation, held.stand
        judged = self._judged(held, end, is_rest=is_rest)
        adds = not is_rest and stand is not None and _adds(stand, judged)
        if adds and stand is not None:
            start, text, header, counted = stand.place, stand.text, stand.header, stand.counted
        else:
            start, header = (one.base, one.base_header) if one is not None else (0, b"")
            text, counted = start, Counted(b"", start, start, header)
        read = self._read(held, (start, end), (text, header, counted), judged)
        if not held.handle.has_taken(start, end):
            held.handle.forget()
            if one is not None and not _is_same(one, stand, held.handle):
                return False
        if read is None:
            return False
        before = stand.holes if adds and stand is not None else ()
        block = counting.next_block(read.counted, read.header, held.handle, end, read.text)
        read = read._replace(counted=block, holes=holes.added(before, read.holes))
        answer = read.answer
        waits = adds and end - start <= SETTLED_BYTES and not (answer.sightings or answer.bypasses)
        if waits and stand is not None and not stand.rest:
            if not stand.unwritten:
                stand.since = now
            stand.unwritten.append(answer.coverage)
            stand.place, stand.text, stand.header, stand.judged = end, read.text, read.header, judged
            stand.counted, stand.holes = read.counted, read.holes
            stand.is_settled |= end >= held.settled_at
            held.tail = held.handle.read(end - HEAD_BYTES, HEAD_BYTES)
            stand.kept = (held.handle.read(0, HEAD_BYTES), held.tail)
        else:
            is_new = one is None or stand is None
            found = Fingerprint.of(held.handle, end, None if is_new or one is None else one.fingerprint)
            held.tail = held.handle.read(end - found.head_size, found.head_size)
            self._keep(held, read, found, judged, now, adds=adds, is_rest=is_rest)
        self._leases(held, (start, end))
        return True

    def _keep(
        self,
        held: Held,
        read: Read,
        found: Fingerprint,
        judged: Judged,
        now: float,
        *,
        adds: bool,
        is_rest: bool,
    ) -> None:
        """Give the state what a span showed, and the place behind it."""
        one, stand = held.generation, held.stand
        answer, source, text, header, counted, zeros = read
        if adds and stand is not None and stand.unwritten:
            answer = answer._replace(coverage=add_coverage(*stand.unwritten, answer.coverage))
        # What lost its oldest lines cannot be read from its beginning any more.
        was_settled = adds and stand is not None and stand.is_settled
        is_settled = (was_settled or found.place >= held.settled_at) and not is_rest
        path = str(held.path)
        number = self.state.record(
            one,
            self.version,
            source,
            found,
            path,
            answer,
            header=header,
            text=text,
            counted=counted,
            holes=zeros,
            is_settled=is_settled,
            replaces=not adds,
            now=now,
            lines=last_lines(held.tail, held.handle.encoding),
        )
        if one is not None and one.source == source:
            held.generation = one._replace(fingerprint=found, shown=path, is_ended=False)
        else:
            held.generation = self.state.generation(number)
        judged_so = None if is_rest else judged
        place = found.place
        held.stand = Stand(self.version, place, text, header, is_settled, counted, zeros, judged=judged_so)

        if held.repeats and held.generation is not None:
            self.state.note_doubled(held.generation.path, held.repeats)

    def _leases(self, held: Held, at: tuple[int, int]) -> None:
        """Take the leases in the lines of a span, as a scan takes those of a log."""
        if self.take_leases is None:
            return
        seen = min(SETTLED_BYTES, at[1])
        if seen != held.leases_judged and seen >= min(2 * held.leases_judged, SETTLED_BYTES):
            held.leases = naming.kind_within(held.path, held.handle.read(0, seen))
            held.leases_judged = seen
        if held.leases is not None:
            written = held.handle.mark().mtime_ns // 1_000_000_000 * 1_000_000
            lines = Stretch(held.handle, *at)
            found = naming.within(held.path, held.leases, lines, written, held.options.tz)
            self.take_leases(held.options.source_name, found)

    def _rest(self, held: Held, start: int, end: int, now: float) -> bool:
        """Read a last line that has no end."""
        stand, judged = held.stand, self._judged(held, end, is_rest=True)
        if held.generation is None or stand is None or not _adds(stand, judged):
            # A short file is read as a whole with this line, and will be again if it grows.
            return self._span(held, end, now, is_rest=True)
        if stand.rest == end - start:
            return True
        self.write(held)
        read = self._read(held, (start, end), (stand.text, stand.header, stand.counted), judged)
        if read is None:
            return False
        self.state.record_rest(held.generation.number, self.version, read.answer)
        stand.rest = end - start
        self._leases(held, (start, end))
        return True

    def _judged(self, held: Held, end: int, *, is_rest: bool) -> Judged:
        """How the lines of a file are read that holds so many bytes, and a note where no format fits. A last
        line without its end is judged with all lines before it, each time."""
        known = held.judged
        if known is not None and (known.is_settled or held.judged_of == end):
            return known
        head = held.handle.text_head(end)
        if is_rest:
            return self.matcher.judging(held.options).add(head)
        if held.judging is None:
            held.judging = self.matcher.judging(held.options)
        new, path = head[held.judged_text :], str(held.path)
        judged = held.judged = held.judging.add(new)
        held.has_lines |= any(line and not line.startswith(b"#") for line in new.split(b"\n"))
        if held.has_lines and judged.format == _TEXT:
            self.as_text.add(path)
        else:
            self.as_text.discard(path)
        held.judged_of, held.judged_text = end, len(head)
        return judged

    def _read(
        self, held: Held, at: tuple[int, int], known: tuple[int, bytes, Counted], judged: Judged
    ) -> Read | None:
        """What a span shows; `known` are text, header and hours before it."""
        text, header, counted = known
        handle, one, (start, end) = held.handle, held.generation, at
        if end - start > _LONG_LINE:
            self.state.flush()
        stand = held.stand
        is_known = one is not None and stand is not None and (stand.is_settled or stand.place >= HEAD_BYTES)
        source = one.source if one is not None and is_known else handle.digest(0, min(HEAD_BYTES, end))
        mtime = (held.mark or handle.mark()).mtime_ns / 1e9
        before = Before(text, judged, header, source, mtime, counted.behind)
        self.progress = self.engine.progress()
        stretch = Stretch(handle, start, end)
        found = self.matcher.scan_span(str(held.path), held.options, self.progress, stretch, before)
        answer = answer_of(found.result, judged.format)
        if self.is_stopping or not stretch.is_read or answer.coverage.bytes != stretch.given:
            return None
        counted, coverage = self._counter.add(
            counted, answer.coverage, found.hours, handle, at, judged, held.options, mtime
        )
        if handle.encoding:
            coverage = coverage._replace(bytes=end - start)
        answer = answer._replace(coverage=coverage)
        if held.no_text:
            reading.tell_no_text(coverage, held.no_text)
        if one is None and has_old(
            held.last_of_old, (coverage.first, coverage.last), end, knows_lines=held.knows_lines
        ):
            held.repeats = REPEATED
        if held.repeats:
            coverage.errors.append(held.repeats)
        if stretch.is_cut:
            answer.coverage.errors.append(f"{held.path}: " + CUT.format(encoding=handle.encoding, at=end))
        held.unread = "; ".join(dict.fromkeys(answer.coverage.errors))
        return Read(answer, source, text + stretch.given, found.header, counted, stretch.holes.found())


def _is_same(one: Generation, stand: Stand | None, handle: Handle) -> bool:
    """Whether a file begins with what was read of a content."""
    if stand is None or stand.kept is None:
        return one.fingerprint.holds(handle)
    head, tail = stand.kept
    return handle.read(0, len(head)) == head and handle.read(stand.place - len(tail), len(tail)) == tail


def _adds(stand: Stand, judged: Judged) -> bool:
    """Whether the lines behind a place add to those before it: id, format and header stay as they were."""
    return stand.is_settled or (stand.place >= HEAD_BYTES and stand.judged == judged)
