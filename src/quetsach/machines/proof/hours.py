"""Sets of hours as whole numbers: bit n stands for the n-th hour after an origin that the caller knows.

Years of hours are joined and counted in a microsecond, which a nightly judgement of 200,000 cases needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache

type Span = tuple[datetime, datetime]

WEEK = 168
"""Hours of a week."""
_SECONDS = 3600


def hour_of(moment: datetime) -> int:
    """The hour that holds the moment, counted from 1970 in UTC."""
    return int(moment.timestamp() // _SECONDS)


@lru_cache(maxsize=1 << 14)
def moment_of(hour: int) -> datetime:
    """The beginning of the hour."""
    return datetime.fromtimestamp(hour * _SECONDS, UTC)


def span(first: int, end: int) -> int:
    """The hours [first, end); those before the origin are left out."""
    if first < 0:
        first = 0  # asked some fifty times for each claim: a call of `max` takes longer
    return ((1 << (end - first)) - 1) << first if end > first else 0


def moved(bits: int, by: int) -> int:
    """The same hours, `by` hours later; those before the origin are left out."""
    return bits << by if by >= 0 else bits >> -by


def runs(bits: int) -> Iterator[tuple[int, int]]:
    """Hours that follow each other, as [first, end), in order."""
    at = 0
    while bits:
        skip = (bits & -bits).bit_length() - 1
        bits >>= skip
        long = (~bits & bits + 1).bit_length() - 1
        yield at + skip, at + skip + long
        bits >>= long
        at += skip + long


def in_a_row(missed: int, looked: int, long: int) -> int:
    """The missed hours that stand in a row of at least `long`: no hour of `looked` lies between them. An
    hour in neither, such as one of the night, does not end a row."""
    if missed.bit_count() < long:
        return 0
    found = row = last = 0
    for first, end in runs(missed):
        if looked & span(last, first):
            row = 0
        row, last = row | span(first, end), end
        found |= row if row.bit_count() >= long else 0
    return found


def weekly(bits: int, weeks: int, end: int) -> int:
    """The hours [0, end) whose hour of the week is in the first `weeks` weeks of `bits`."""
    week = 0
    for n in range(weeks):
        week |= bits >> (n * WEEK) & span(0, WEEK)
    repeated, have = week, WEEK
    while have < end:
        repeated |= repeated << have
        have *= 2
    return repeated & span(0, end)
