"""A large plain file is cut into spans, and the parts become the answer of the whole file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from quetsach.files import opening
from quetsach.files.decompress import codec_of
from quetsach.files.inputs import Input
from quetsach.files.source import HEAD_BYTES, utf16_of
from quetsach.files.spool import Spool
from quetsach.scanning.engine import Part, ScanOptions, SourceResult, Span, SplittingMatcher
from quetsach.scanning.executor import Unit

SPLIT_BYTES = 256 << 20
"""Files are always cut at the same places, so that a scan stopped on two machines can go on with three."""
LEAST_BYTES = 4 << 20
"""A span keeps clear of the first and last MiB, which belong to the edges of the file."""


def spans(log: Input, size: int) -> list[Span]:
    """The spans of about `size` bytes that a file is cut into; none where it cannot or need not be cut."""
    if log.is_container or log.size < size + LEAST_BYTES or not _is_plain(log):
        return []
    starts = list(range(0, log.size - LEAST_BYTES, size))
    ends: list[int | None] = [*starts[1:], None]
    return [Span(start, end) for start, end in zip(starts, ends, strict=True)]


def _is_plain(log: Input) -> bool:
    try:
        with opening.read(log.path) as file:
            start = file.read(HEAD_BYTES)
    except OSError:
        return False
    return codec_of(start) is None and utf16_of(start) is None


class _Kept(NamedTuple):
    part: Part
    place: tuple[int, int]


class SplitLog:
    """One file in spans. A part that does not fit to the part before it is read again.

    Where something goes wrong (a read fails, the file changes), the whole file is read in one piece instead,
    and only that answer counts. A span whose worker is lost is reported and left out.
    """

    def __init__(self, log: Input, spans: list[Span]) -> None:
        self._log, self._spans = log, spans
        self._wanted = [Unit(log, span) for span in spans]
        self._parts: dict[int, _Kept | str] = {}
        self._open = set(range(len(spans)))
        self._bodies = Spool()
        self.is_whole = False
        """Whether the file is read in one piece after all."""

    def units(self) -> list[Unit]:
        """The units to read now; each unit is given once."""
        wanted, self._wanted = self._wanted, []
        return wanted

    def ended(self, span: Span, part: Part | None, lost: str) -> bool:
        """Take the part of a span. True when all parts are there, and `merge` may be called."""
        number = next(i for i, one in enumerate(self._spans) if one.start == span.start)
        self._open.discard(number)
        if self.is_whole:
            return False
        if lost:
            self._parts[number] = lost
        elif part is None or part.errors:
            self._read_whole()
            return False
        else:
            place = (self._bodies.size, len(part.body))
            self._bodies.put(part.body)
            self._parts[number] = _Kept(part._replace(body=b""), place)
        return not self._open and self._fits()

    def _fits(self) -> bool:
        known = [self._parts[i] for i in range(len(self._spans))]
        for number, (before, after) in enumerate(pairwise(known), 1):
            if isinstance(before, str) or isinstance(after, str):
                continue
            one, next_one = before.part, after.part
            if one.end != next_one.start or one.source != next_one.source:
                self._read_whole()
                return False
            if one.after != next_one.before:
                self._open.add(number)
                self._wanted.append(Unit(self._log, self._spans[number]._replace(header=one.after)))
                return False
        return True

    def _read_whole(self) -> None:
        self.is_whole = True
        self._parts.clear()
        self._wanted.append(Unit(self._log))

    def lost(self) -> list[str]:
        """The missing spans, and why they are missing."""
        return [
            f"{self._log.shown}: bytes {span.start} to {span.end or self._log.size}: {lost}"
            for number, span in enumerate(self._spans)
            if isinstance(lost := self._parts[number], str)
        ]

    def merge(self, matcher: SplittingMatcher, options: ScanOptions) -> SourceResult | None:
        """The answer of the whole file; None where every span was lost."""
        return matcher.merge(self._log.path, options, self._in_order(), self.lost())

    def _in_order(self) -> Iterator[bytes]:
        for number in range(len(self._spans)):
            kept = self._parts[number]
            if isinstance(kept, _Kept):
                yield self._bodies.read(*kept.place)
