"""When a place that writes logs was up: an hour without lines is not an hour without signs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from quetsach.machines.proof.gaps import Lack
from quetsach.machines.proof.hours import Span, hour_of, moment_of, runs, span
from quetsach.machines.proof.nameless import Nameless, NamelessHours

BASELINE = 28
"""Days before the claim that tell how many lines are usual."""
DIVISOR = 10
"""A place is up with at least the tenth part of its usual lines."""
_DAY = 24
_EPOCH = date(1970, 1, 1).toordinal()


class LogDay(NamedTuple):
    """One UTC day of one source, as it was read with one list.

    `lines` of each UTC hour; empty where they are not known: then the times from `first` to `last` count.
    `flaw`: why no silence may rest on the source; its times are still known. `lost`: times whose lines are
    lost.
    """

    source: str
    listing: str
    day: date
    lines: Sequence[int]
    first: datetime
    last: datetime
    flaw: Lack | None = None
    lost: tuple[Span, ...] = ()


class Covered(NamedTuple):
    """The hours of a place, counted from `origin`. `up`: the place was up and everything in it was looked
    for. `weak` hours among them are not measured by lines. `lacks`: why the other hours are not covered, the
    first that fits; an hour in none of them has no log. `last`: the latest time of a line that counts."""

    origin: int
    up: int
    weak: int
    lacks: tuple[tuple[Lack, int], ...]
    last: datetime | None


class PlaceLog:
    """All that is known of the log of one place. Shared by the cases of all machines that it sees, so that
    answers are kept. `nameless`: its lines that name an indicator and no machine."""

    def __init__(self, days: Iterable[LogDay], nameless: Iterable[Nameless] = ()) -> None:
        self.days = sorted(days, key=lambda one: (one.day, one.source, one.listing))
        first = self.days[0].day.toordinal() - _EPOCH if self.days else 0
        self.origin = first * _DAY
        self._answers: dict[tuple[int, frozenset[str]], Covered] = {}
        self._total = _sums(self.days)
        self.listings = frozenset(one.listing for one in self.days)
        self.nameless = NamelessHours(nameless, self.origin)

    def covered(self, claim: int, listings: frozenset[str]) -> Covered:
        """The hours in which silence means something for a claim in the hour `claim`. Readings with other
        lists than `listings` looked for something else."""
        asked = claim // _DAY, listings & self.listings
        if asked not in self._answers:
            self._answers[asked] = self._covered(*asked)
        return self._answers[asked]

    def missing(self, now: int) -> list[Span]:
        """The times between its first and its last covered hour in which it has usual lines, and was not up
        or could not be read: those hours of which a proof of any machine would say that they are missing.
        Hours without usual lines, such as those of a night, neither make nor end such a time."""
        usual = self._usual(now // _DAY)
        up = self.covered(now, self.listings).up
        wanted = 0
        for day in range(self.origin // _DAY, now // _DAY + 1):
            at = day * _DAY - self.origin
            for hour in range(_DAY):
                wanted |= bool(usual.get(((day - now // _DAY) % 7, hour))) << (at + hour)
        first, end = (up & -up).bit_length() - 1, up.bit_length()
        found: list[tuple[int, int]] = []
        for begins, ends in runs(wanted & ~up & span(first, end)) if up else ():
            if found and not wanted & up & span(found[-1][1], begins):
                begins = found.pop()[0]
            found.append((begins, ends))
        return [(moment_of(self.origin + begins), moment_of(self.origin + ends)) for begins, ends in found]

    def is_measured(self, now: int) -> bool:
        """Whether its usual lines of the last weeks are known, so that `missing` tells all."""
        return any(self._usual(now // _DAY).values())

    def _hours(self, times: Iterable[Span]) -> int:
        bits = 0
        for begins, ends in times:
            bits |= span(hour_of(begins) - self.origin, hour_of(ends) + 1 - self.origin)
        return bits

    def _covered(self, claim: int, listings: frozenset[str]) -> Covered:
        usable = [one for one in self.days if one.flaw is None and one.listing in listings]
        lines, usual = _sums(usable), self._usual(claim)
        up = weak = 0
        for day, counts in lines.items():
            at = day * _DAY - self.origin
            for hour, count in enumerate(counts):
                least = usual.get(((day - claim) % 7, hour))
                bit = 1 << (at + hour)
                if count and count * DIVISOR >= (least or 0):
                    up |= bit
                    weak |= bit if least is None else 0
        for one in usable:
            if not one.lines:
                whole = span(self._begin(one.first), self._end(one.last))
                weak |= whole & ~up
                up |= whole
        lost = 0
        reasons: dict[Lack, int] = defaultdict(int)
        for one in self.days:
            lost |= self._hours(one.lost)
            if one.flaw is not None:
                reasons[one.flaw] |= self._told(one)
            elif one.listing not in listings:
                reasons[Lack.OTHER_LIST] |= self._told(one)
        told = self._hours(_times(usable))
        last = max((one.last for one in usable), default=None)
        found = ((Lack.LOST, lost), *sorted(reasons.items()), (Lack.DOWN, told))
        return Covered(self.origin, up & ~lost, weak & ~lost, found, last)

    def _usual(self, claim: int) -> dict[tuple[int, int], int]:
        """The usual lines by (day of the week counted from the claim's day, hour); what is not known is
        left out."""
        seen: dict[tuple[int, int], list[int]] = defaultdict(list)
        for day in range(claim - BASELINE, claim):
            if day in self._total:
                for hour, count in enumerate(self._total[day]):
                    seen[(day - claim) % 7, hour].append(count)
        return {key: sorted(counts)[len(counts) // 2] for key, counts in seen.items()}

    def _told(self, one: LogDay) -> int:
        """The hours that a reading speaks of."""
        if not one.lines:
            return span(hour_of(one.first) - self.origin, hour_of(one.last) + 1 - self.origin)
        begins = (one.day.toordinal() - _EPOCH) * _DAY - self.origin
        bits = 0
        for hour, count in enumerate(one.lines):
            bits |= 1 << (begins + hour) if count else 0
        return bits

    def _begin(self, first: datetime) -> int:
        """The first hour that begins at `first` or later."""
        return -int(-first.timestamp() // 3600) - self.origin

    def _end(self, last: datetime) -> int:
        """The end of the hours that are over at `last`; the last moment of an hour is its end."""
        return int((last.timestamp() + 1e-3) // 3600) - self.origin


def _times(days: Iterable[LogDay]) -> Iterable[Span]:
    """The times from the first to the last line of each source."""
    found: dict[str, Span] = {}
    for one in days:
        first, last = found.get(one.source, (one.first, one.last))
        found[one.source] = min(first, one.first), max(last, one.last)
    return found.values()


def _sums(days: Iterable[LogDay]) -> dict[int, list[int]]:
    """The lines of each hour by day. A source that was read with two lists counts once."""
    by_source: dict[tuple[int, str], Sequence[int]] = {}
    for one in days:
        if one.lines:
            key = one.day.toordinal() - _EPOCH, one.source
            before = by_source.get(key)
            by_source[key] = one.lines if before is None else list(map(max, before, one.lines))
    sums: dict[int, list[int]] = {}
    for (day, _source), lines in by_source.items():
        before = sums.get(day)
        sums[day] = list(lines) if before is None else [a + b for a, b in zip(before, lines, strict=True)]
    return sums
