"""A file that is held open, and what is read of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from quetsach.files.source import BINARY, is_binary
from quetsach.machines.leases import naming
from quetsach.machines.leases.leaseformat import Event, LeaseFormat
from quetsach.scanning.engine import Before, Engine, Matcher, Progress, ScanOptions
from quetsach.watching.content import HEAD_BYTES, SETTLED_BYTES, Fingerprint, Handle, Mark, Stretch
from quetsach.watching.generation import Answer, Generation
from quetsach.watching.state import State
from quetsach.watching.whole import answer_of

QUIET_SECONDS = 10.0
"""A file that is read as a whole, or ends, must rest so long."""
AGAIN_SECONDS = 60.0
RESTING_SECONDS = 3600.0
"""A last line without an end is read where its file rests so long."""
_LONG_LINE = 1 << 20


@dataclass
class Held:
    """A file that is held open. `since` is when its present mark was seen first."""

    path: Path
    handle: Handle
    is_beside: bool
    since: float
    options: ScanOptions
    mark: Mark | None = None
    looked: tuple[Mark, int] | None = None
    """Mark and version of the list at the last look that read all there was."""
    generation: Generation | None = None
    is_whole: bool | None = None
    is_gone: bool = False
    is_past: bool = False
    """It was rotated since the last look, so it is read though nobody saw it under its first name."""
    noted: int = 0
    """How many first bytes the note of its format is about."""
    format: str = ""
    judged: int = -1
    """How many first bytes `is_binary` is about."""
    is_binary: bool = False
    leases: LeaseFormat | None = None
    leases_judged: int = 0
    """How many first bytes `leases`, the format of leases among its lines, is about."""
    is_copy: bool = False
    """Another file that is held open has the same content, and at least as much of it."""

    def rests(self, now: float) -> float:
        """Seconds since it changed, by its own time or by what was seen."""
        changed = self.mark.mtime_ns / 1e9 if self.mark is not None else now
        return max(now - changed, now - self.since)


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
        self.as_text = set(json.loads(self.state.about().get("as text", "[]")))
        """Paths of logs that no format fits."""

    def stop(self) -> None:
        """End soon, also within a long span."""
        self.is_stopping = True
        self.progress.cancel()

    def look(self, held: Held, mark: Mark, now: float) -> int:
        """Read what is new; returns the number of spans."""
        one = held.generation
        known = self.state.looked(one.number, self.version) if one is not None else None
        base, header = (one.base, one.base_header) if one is not None else (0, b"")
        start = base
        is_settled = known is not None and known.is_settled
        if known is not None and known.is_settled:
            start, header = known.place, known.header
        end = held.handle.line_end(start, mark.size)
        done = 0
        if end > start and (known is None or end > known.place):
            if not self._span(held, (start, end), header, now, adds=is_settled):
                return 0
            done = 1
        left = mark.size - max(start, end)
        if not left or self._has_ended(held, left, now):
            if left and not self._rest(held, max(start, end), mark.size, now):
                return done
            held.looked = (mark, self.version)
            done += left > 0
        return done

    def begin_here(self, held: Held, mark: Mark, now: float) -> None:
        """Pass over all that there is. It is read once, because its header lines count for what follows."""
        end = held.handle.line_end(0, mark.size)
        if end:
            _answer, header, source = self._read(held, (0, end), b"") or (None, b"", "")
            number = self.state.begin(source, Fingerprint.of(held.handle, end), header, str(held.path), now)
            held.generation = self.state.generation(number)

    def _has_ended(self, held: Held, left: int, now: float) -> bool:
        """Whether a last line without an end is read: the file is gone, renamed or rests long."""
        one = held.generation
        is_renamed = one is not None and one.path != str(held.path)
        if held.is_gone or is_renamed:
            return held.rests(now) >= QUIET_SECONDS
        return held.rests(now) >= (AGAIN_SECONDS if left > _LONG_LINE else RESTING_SECONDS)

    def _span(
        self, held: Held, at: tuple[int, int], header: bytes, now: float, *, adds: bool, is_rest: bool = False
    ) -> bool:
        """Read a span and keep what it shows; False where the file changed meanwhile or the watcher stops."""
        read = self._read(held, at, header)
        one = held.generation
        if read is None or (one is not None and not one.fingerprint.holds(held.handle)):
            return False
        answer, after, source = read
        number = self.state.record(
            one,
            self.version,
            source,
            Fingerprint.of(held.handle, at[1]),
            str(held.path),
            answer,
            header=after,
            is_settled=at[1] >= SETTLED_BYTES and not is_rest,
            replaces=not adds,
            now=now,
        )
        held.generation = self.state.generation(number)
        self._leases(held, at)
        return True

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
        one = held.generation
        known = self.state.looked(one.number, self.version) if one is not None else None
        if one is None or known is None or not known.is_settled:
            # A short file is read as a whole with this line, and will be again if it grows.
            base, header = (one.base, one.base_header) if one is not None else (0, b"")
            return self._span(held, (base, end), header, now, adds=False, is_rest=True)
        if known.rest is not None and known.rest.bytes == end - start:
            return True
        read = self._read(held, (start, end), known.header)
        if read is None:
            return False
        self.state.record_rest(one.number, self.version, read[0])
        self._leases(held, (start, end))
        return True

    def _format(self, held: Held, head: bytes) -> str:
        """The log format of a file, and a note where it has none."""
        path, found = str(held.path), held.options.format or self.matcher.recognise(head)
        lines = any(line and not line.startswith(b"#") for line in head.split(b"\n"))
        if lines and found == "text":
            self.as_text.add(path)
        else:
            self.as_text.discard(path)
        return found

    def _read(self, held: Held, at: tuple[int, int], header: bytes) -> tuple[Answer, bytes, str] | None:
        handle, (start, end) = held.handle, at
        if end - start > _LONG_LINE:
            self.state.flush()
        head = handle.read(0, min(SETTLED_BYTES, end))
        source = handle.digest(0, min(HEAD_BYTES, end))
        before = Before(start, head, header, source, handle.mark().mtime_ns / 1e9)
        self.progress = self.engine.progress()
        stretch = Stretch(handle, start, end)
        found = self.matcher.scan_span(str(held.path), held.options, self.progress, stretch, before)
        answer = answer_of(found.result)
        if self.is_stopping or answer.coverage.bytes != end - start:
            return None
        is_new = held.generation is None
        # A format is looked for anew when there is twice as much to see: it takes as long as a span.
        if start == 0 and (is_new or len(head) >= min(2 * held.noted, SETTLED_BYTES)):
            held.noted, held.format = len(head), self._format(held, head)
        if start == 0:
            answer = answer._replace(format=held.format)
        judged = min(len(head), HEAD_BYTES)
        if is_new or held.judged != judged:
            held.judged, held.is_binary = judged, is_binary(head[:HEAD_BYTES])
        if held.is_binary and self.matcher.recognise(head) == "text":
            answer.coverage.errors.append(BINARY)
        return answer, found.header, source
