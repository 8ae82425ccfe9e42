"""The hours of lines that are read span by span: what a scan of the whole file says of them.

A scan reads the times of few lines of each block of 256 KiB (docs/contract.md 4). A reader of parts of a
block would read the times of other lines. So where the lines of the last block lie in several hours, its
hours are counted again from where it begins.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind
from quetsach.scanning.engine import Before, Engine, Judged, Matcher, ScanOptions
from quetsach.sightings.sighting import Coverage
from quetsach.watching.content import Handle, Stretch

BLOCK = 1 << 18
"""Bytes of text (docs/contract.md 5)."""
_BYTES = 1 << 12
_NO_LINES = [0] * 24
_NOTHING = Indicator("nothing.invalid", Kind.DOMAIN)
"""No name ends so (RFC 2606), and an engine takes no empty set."""


class Counted(NamedTuple):
    """What is known of the hours of the lines up to a place. `behind` is the engine's word behind them.

    The rest is about the last block: its place in the file and in the text, the header and the hours before
    it, and its lines in each hour so far. The place is None where that is not known.
    """

    behind: bytes = b""
    place: int | None = None
    text: int = 0
    header: bytes = b""
    before: bytes = b""
    lines: Mapping[str, Sequence[int]] = {}

    @classmethod
    def of(cls, kept: str) -> Counted:
        """What `kept` wrote; nothing for ""."""
        if not kept:
            return cls()
        behind, place, text, header, before, lines = json.loads(kept)
        return cls(behind.encode(), place, text, bytes.fromhex(header), before.encode(), lines)

    def kept(self) -> str:
        """As text."""
        behind, before = self.behind.decode(), self.before.decode()
        return json.dumps([behind, self.place, self.text, self.header.hex(), before, self.lines])


class Counter:
    """Counts with an engine. It looks for nothing, so only a few lines of a block are parsed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._matcher: Matcher | None = None

    def add(
        self,
        known: Counted,
        coverage: Coverage,
        behind: bytes,
        handle: Handle,
        at: tuple[int, int],
        judged: Judged,
        options: ScanOptions,
        mtime: float,
    ) -> tuple[Counted, Coverage]:
        """The coverage of a span as a scan of the file has its hours: it takes lines from an hour where
        earlier spans counted them wrongly. `at` are the places of the span."""
        lines = _added(known.lines, coverage.hours or {}, 1)
        start, end = at
        if known.place is None or known.place == start or sum(map(_hours, lines.values())) < 2:
            return known._replace(behind=behind, lines=lines), coverage
        if self._matcher is None:
            self._matcher = self._engine.compile(IndicatorSet([_NOTHING]))
        stretch = Stretch(handle, known.place, end)
        before = Before(known.text, judged, known.header, coverage.source, mtime, known.before)
        found = self._matcher.scan_span(
            coverage.path,
            options._replace(devices=False, asked=()),
            self._engine.progress(),
            stretch,
            before,
        )
        if not stretch.is_read:
            # The file was truncated meanwhile; who reads the span sees that.
            return known._replace(behind=behind, lines=lines), coverage
        seen = found.result.coverage
        lines = _added({}, seen.hours or {}, 1)
        told = coverage._replace(hours=_added(lines, known.lines, -1), order=seen.order)
        return known._replace(behind=found.hours, lines=lines), told


def next_block(known: Counted, header: bytes, handle: Handle, place: int, text: int) -> Counted:
    """What is known at a place where a span ends, with the header there: a new block may begin."""
    if known.place is not None and known.text // BLOCK == text // BLOCK:
        return known
    border = text // BLOCK * BLOCK
    if handle.encoding or not border or _first_line(handle, border, place) != place:
        return Counted(known.behind)
    return Counted(known.behind, place, text, header, known.behind)


def stops(handle: Handle, start: int, end: int) -> Iterator[int]:
    """Where to end spans between two line ends, so that each block begins with one: behind the block at hand,
    before the last block, and at the end. Of UTF-16 only the end: the places of its text are not known."""
    if not handle.encoding:
        borders = dict.fromkeys(((start // BLOCK + 1) * BLOCK, end // BLOCK * BLOCK))
        for border in sorted(borders):
            if start < border < end and (stop := _first_line(handle, border, end)) < end:
                yield stop
    yield end


def _first_line(handle: Handle, border: int, end: int) -> int:
    """Where the first line begins that begins at a place or behind it."""
    at = border - 1
    while at < end:
        data = handle.read(at, min(_BYTES, end - at))
        found = data.find(b"\n")
        if found >= 0:
            return at + found + 1
        if not data:
            break
        at += len(data)
    return end


def _hours(counts: Sequence[int]) -> int:
    return len(counts) - counts.count(0)


def _added(
    one: Mapping[str, Sequence[int]], other: Mapping[str, Sequence[int]], sign: int
) -> dict[str, Sequence[int]]:
    found = dict(one)
    for day, counts in other.items():
        before = found.get(day, _NO_LINES)
        found[day] = [a + sign * b for a, b in zip(before, counts, strict=True)]
    return found
