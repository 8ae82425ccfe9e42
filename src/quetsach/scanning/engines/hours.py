"""The lines of a source in each hour, by samples of their times (docs/contract.md 4).

The portable engine reads every line all the same, but it asks for no more times than the rule does: both
engines then say the same of a log out of order.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import tzinfo
from typing import Any

from quetsach.logs import times
from quetsach.logs.times import Moment, Yearless
from quetsach.sightings.hours import HOURS, MOST_DAYS, Hours

type _Time = int | Yearless
type _Hour = int | tuple[int, int, int, int]
"""An hour of UTC, counted from 1970; of a time without a year the quarter of an hour of its clock, because
a zone may be half an hour off."""

HOUR = 3600 * times.SECOND
LOOK = 16
"""Lines at each end of a stretch in which a time is sought."""
FEW = 4
"""A stretch of no more lines is read line by line."""
_MOST_HOURS = MOST_DAYS * HOURS + 366 * HOURS * 4
_YEAR = 372 * 86_400
"""Of twelve months of 31 days, which keeps the order of dates."""
_HALF_A_YEAR = _YEAR // 2


class _Order:
    """Whether times come in order: none is an hour or more before the latest that came before it.

    Without a year, the next time is the nearer of the two years: no step is longer than half a year.
    """

    def __init__(self) -> None:
        self.is_broken = False
        self._latest_known: int | None = None
        self._second_of_year: int | None = None
        self._since_first = self._latest_since_first = 0

    def add(self, time: _Time) -> None:
        if isinstance(time, int):
            latest = self._latest_known
            self.is_broken |= latest is not None and latest - time >= HOUR
            self._latest_known = time if latest is None else max(latest, time)
            return
        second = _second(time)
        if self._second_of_year is not None:
            step = second - self._second_of_year
            self._since_first += _HALF_A_YEAR - (_HALF_A_YEAR - step) % _YEAR
        self._second_of_year = second
        self.is_broken |= self._latest_since_first - self._since_first >= 3600
        self._latest_since_first = max(self._latest_since_first, self._since_first)

    def carried(self) -> dict[str, Any]:
        """What another order goes on with."""
        return vars(self)

    def go_on(self, carried: dict[str, Any]) -> None:
        """Times that come next come behind those that were carried."""
        vars(self).update(carried)


def _second(value: Yearless) -> int:
    days = value.month * 31 + value.day
    return ((days * 24 + value.hour) * 60 + value.minute) * 60 + value.second


def hour_of(value: _Time) -> _Hour:
    if isinstance(value, int):
        return value // HOUR
    return (value.month, value.day, value.hour, value.minute // 15)


class _Line:
    """A line of a block; its time is read at most once."""

    __slots__ = ("_moment_of", "_time", "offset", "seen")

    def __init__(self, offset: int, moment_of: Callable[[], Moment | None] | None) -> None:
        self.offset = offset
        self.seen: tuple[str, ...] = ()
        self._moment_of = moment_of
        self._time: _Time | None = None

    @property
    def time(self) -> _Time | None:
        if self._moment_of is not None:
            moment, self._moment_of = self._moment_of(), None
            self._time = moment.value if moment is not None else None
        return self._time


class _Reading:
    """The hours of the lines of one block."""

    def __init__(self, lines: list[_Line]) -> None:
        self.lines = lines
        self._begin()
        if len(lines) > LOOK:
            self._stretch(0, len(lines))
        if len(lines) <= LOOK or self._order.is_broken:
            self._begin()
            self._each(0, len(lines))

    def _begin(self) -> None:
        self.hours: list[_Hour | None] = [None] * len(self.lines)
        self.samples: list[_Time] = []
        self._order = _Order()

    def _times(self, places: Iterable[int]) -> Iterator[tuple[int, _Time]]:
        for at in places:
            time = self.lines[at].time
            if time is not None:
                yield at, time

    def _stretch(self, start: int, end: int) -> None:
        if end - start <= FEW:
            self._each(start, end)
            return
        first = next(self._times(range(start, min(start + LOOK, end))), None)
        last = next(self._times(range(end - 1, max(end - 1 - LOOK, start - 1), -1)), None)
        if first is None and last is None:
            return
        if first is not None and last is not None and hour_of(first[1]) == hour_of(last[1]):
            self._sample(first[1])
            self._sample(last[1])
            self.hours[first[0] : end] = [hour_of(first[1])] * (end - first[0])
            return
        begins = [line.offset for line in self.lines[start:end]]
        middle = start + bisect_left(begins, begins[0] + (begins[-1] - begins[0] + 1) // 2)
        self._stretch(start, middle)
        self._stretch(middle, end)

    def _each(self, start: int, end: int) -> None:
        for at, time in self._times(range(start, end)):
            self._sample(time)
            self.hours[at] = hour_of(time)

    def _sample(self, time: _Time) -> None:
        self.samples.append(time)
        self._order.add(time)


class HourCounter:
    """Counts the lines of a source, which come in file order, by their hours."""

    def __init__(self, block: int) -> None:
        self._block = block
        self._lines: list[_Line] = []
        self._counts: Counter[_Hour] = Counter()
        self._alive: dict[str, set[_Hour]] = {}
        self._last: _Hour | None = None
        self._before = 0
        """Lines before the first time, and the machines that they name."""
        self._seen_before: set[str] = set()
        self._order = _Order()

    def go_on(self, carried: bytes) -> None:
        """The lines that come next stand behind those that `carried` tells of; b"" for none."""
        if not carried:
            return
        told = json.loads(carried)
        last = told["last"]
        self._last = tuple(last) if isinstance(last, list) else last
        self._before, self._seen_before = told["before"], set(told["seen"])
        self._order.go_on(told["order"])

    def carried(self) -> bytes:
        """What lines behind these must know: the hour in which they end, the lines that wait for a first
        time, and the order of all times."""
        self._end_block()
        is_waiting = self._last is None
        told = {
            "last": self._last,
            "before": self._before if is_waiting else 0,
            "seen": sorted(self._seen_before) if is_waiting else [],
            "order": self._order.carried(),
        }
        return json.dumps(told).encode()

    def line(self, offset: int, moment_of: Callable[[], Moment | None] | None) -> None:
        """The next line begins here; `moment_of` is only called where its time is a sample."""
        if self._lines and self._lines[0].offset // self._block != offset // self._block:
            self._end_block()
        self._lines.append(_Line(offset, moment_of))

    def long_line(self, offset: int, moment_of: Callable[[], Moment | None] | None) -> None:
        """The next line is a block of its own."""
        self._end_block()
        self._lines.append(_Line(offset, moment_of))

    def end_long_line(self) -> None:
        """Call this after `see` for a long line."""
        self._end_block()

    def see(self, identifiers: Iterable[str]) -> None:
        """The line that came last names these machines as its own."""
        self._lines[-1].seen += tuple(identifiers)

    def packet(self, time: int | None) -> None:
        """The next packet of a capture: its own hour counts."""
        if time is not None:
            self._order.add(time)
        self._count(hour_of(time) if time is not None else None, ())

    def alive(self, identifier: str, hour: _Hour) -> None:
        """A line or packet of this machine in this hour."""
        self._alive.setdefault(identifier, set()).add(hour)

    def _end_block(self) -> None:
        lines, self._lines = self._lines, []
        if not lines:
            return
        read = _Reading(lines)
        for time in read.samples:
            self._order.add(time)
        for line, hour in zip(lines, read.hours, strict=True):
            self._count(hour, line.seen)

    def _count(self, hour: _Hour | None, seen: Iterable[str]) -> None:
        """A line without an hour counts with the line before; lines before the first hour count with it."""
        if hour is not None and self._last is None:
            self._counts[hour] += self._before
            for identifier in self._seen_before:
                self.alive(identifier, hour)
        self._last = hour if hour is not None else self._last
        if self._last is None:
            self._before += 1
            self._seen_before.update(seen)
            return
        self._counts[self._last] += 1
        for identifier in seen:
            self.alive(identifier, self._last)

    def is_too_many(self, most: int) -> bool:
        """Whether more machines and days were seen than may be told; these are then forgotten."""
        self._end_block()
        days = sum(
            len({hour // HOURS if isinstance(hour, int) else hour[:2] for hour in seen})
            for seen in self._alive.values()
        )
        if days > most:
            self._alive.clear()
        return days > most

    def end(self, latest: int | None, zone: tzinfo) -> Hours:
        """The numbers, times without a year no later than `latest`."""
        self._end_block()
        if self._last is None:
            return Hours({}, "", {})
        order = "broken" if self._order.is_broken else "kept"
        known = {hour: _resolved(hour, latest, zone) for hour in self._counts}
        hours: dict[str, list[int]] = {}
        for hour, count in self._counts.items():
            at = known[hour]
            if at is not None:
                hours.setdefault(times.day(at), [0] * HOURS)[at // HOUR % HOURS] += count
        if not hours:
            # No line has a time whose year is known.
            return Hours({}, "", {})
        alive: dict[str, dict[str, int]] = {}
        for identifier, seen in sorted(self._alive.items()):
            for hour in seen:
                at = known[hour] if hour in known else _resolved(hour, latest, zone)
                if at is not None:
                    masks = alive.setdefault(identifier, {})
                    masks[times.day(at)] = masks.get(times.day(at), 0) | 1 << at // HOUR % HOURS
        alive = {identifier: dict(sorted(masks.items())) for identifier, masks in alive.items()}
        if len(self._counts) > _MOST_HOURS or len(hours) > MOST_DAYS:
            return Hours({}, "broken", alive)
        return Hours(dict(sorted(hours.items())), order, alive)


def _resolved(hour: _Hour, latest: int | None, zone: tzinfo) -> int | None:
    """The beginning of the hour, or of the quarter of an hour, in microseconds since 1970 UTC."""
    if isinstance(hour, int):
        return hour * HOUR
    month, day, of_day, quarter = hour
    value = Yearless(month, day, of_day, quarter * 15, 0)
    return value.resolve(latest, zone) if latest is not None else None
