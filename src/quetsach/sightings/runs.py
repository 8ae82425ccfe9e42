"""Runs: hits of a row that follow each other closely (docs/contract.md 4)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

JOINED = 600_000_000
"""Two hits no further apart than this, in microseconds, are of one run."""
MOST = 144
"""Runs that a day has room for."""
DAY = 86_400_000_000

type Runs = list[list[int]]
"""[first, last, count] of each run in order: microseconds since the day's midnight in UTC."""


class Span(NamedTuple):
    """Hits within one run: their least and greatest time, in microseconds, and their number."""

    first: int
    last: int
    count: int  # type: ignore[assignment]


def joined(spans: Iterable[Span]) -> list[Span]:
    """The runs that hits in these spans make, in order.

    Exact as long as the hits of each span are within one run: a time between the first and the last hit of
    a span then has a hit within ten minutes of it.
    """
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.first - found[-1].last <= JOINED:
            before = found[-1]
            found[-1] = Span(before.first, max(before.last, span.last), before.count + span.count)
        else:
            found.append(span)
    return found


def of_day(spans: Iterable[Span]) -> Runs:
    """The same spans of one day, counted from its midnight."""
    return [[span.first % DAY, span.last % DAY, span.count] for span in spans]


def micros(time: str) -> int:
    """Microseconds since midnight of a time as the wire spells it."""
    seconds = int(time[17:19] + time[20:26])  # with six decimals: microseconds
    return int(time[11:13]) * 3_600_000_000 + int(time[14:16]) * 60_000_000 + seconds


def time(day: str, at: int) -> str:
    """The time of a day, as the wire spells it: the inverse of `micros`."""
    seconds, fraction = divmod(at, 1_000_000)
    minutes, second = divmod(seconds, 60)
    return f"{day}T{minutes // 60:02}:{minutes % 60:02}:{second:02}.{fraction:06}Z"


def problem(runs: Runs, count: int, ends: tuple[int, int] | None) -> str:
    """What is wrong with the runs of a row of so many lines; empty if nothing is.

    `ends` are the row's first and last time since midnight; None without any.
    """
    if ends is None:
        return "runs without a time" if runs else ""
    if runs == [[*ends, count]] and ends[0] <= ends[1]:
        return ""  # most rows
    if not runs or (runs[0][0], runs[-1][1]) != ends:
        return "runs do not begin with first_seen and end with last_seen"
    if sum(run[2] for run in runs) != count:
        return "the counts of the runs do not add up to count"
    if any(run[0] > run[1] for run in runs):
        return "a run ends before it begins"
    if any(later[0] - run[1] <= JOINED for run, later in pairwise(runs)):
        return "runs are out of order or not more than ten minutes apart"
    return ""
