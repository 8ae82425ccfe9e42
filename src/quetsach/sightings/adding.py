"""Rows and coverage of the spans of one file add up to those of the file (docs/contract.md 4, Spans)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

from quetsach.sightings.runs import Span, joined, of_day
from quetsach.sightings.sighting import ACTIONS, UNATTRIBUTED_LINES, Bypass, Coverage, Sighting

_TIMES = ("none", "ok", "assumed_year", "suspect")
"""What coverage says of times; the later word counts."""
_MOST_ERRORS = 20
_AT_BYTE = re.compile(r".*\bthe line at byte \d+ ", re.DOTALL)
"""The log may have had another name."""


def add[Row: (Sighting, Bypass)](earlier: Row, later: Row) -> Row:
    """The row of the lines of both, which have one key; `earlier` stands before `later` in the file."""
    return earlier._replace(
        first_seen=_least(earlier.first_seen, later.first_seen),
        last_seen=_greatest(earlier.last_seen, later.last_seen),
        count=earlier.count + later.count,
        runs=of_day(joined(Span(*run) for run in (*earlier.runs, *later.runs))),
        action=min(earlier.action, later.action, key=ACTIONS.index),
    )


def add_coverage(*spans: Coverage) -> Coverage:
    """The coverage of spans of one file. Each begins at the end of its predecessor, and was told the hours
    behind it."""
    return spans[-1]._replace(
        bytes=sum(one.bytes for one in spans),
        lines=sum(one.lines for one in spans),
        not_understood=sum(one.not_understood for one in spans),
        unattributed=[line for one in spans for line in one.unattributed][:UNATTRIBUTED_LINES],
        long_lines=sum(one.long_lines for one in spans),
        inbound=sum(one.inbound for one in spans),
        first=min((one.first for one in spans if one.first is not None), default=None),
        last=max((one.last for one in spans if one.last is not None), default=None),
        time=max((one.time for one in spans), key=_TIMES.index),
        zone=next((one.zone for one in reversed(spans) if one.zone), ""),
        devices=reduce(_devices, [one.devices for one in spans]),
        errors=_errors(error for one in spans for error in one.errors)[:_MOST_ERRORS],
        gaps=tuple(gap for one in spans for gap in one.gaps),
        hours=_hours(spans),
        order=next((one.order for one in reversed(spans) if one.order), spans[-1].order),
        alive=reduce(_alive, [one.alive for one in spans]),
    )


def join_coverage(earlier: Coverage, later: Coverage) -> Coverage:
    """The coverage of two readings of one store, each of which may lack records of the other: of an hour the
    larger number of lines stands. The errors are those of the later reading.

    Each reading begins with the line that names the store, which counts in its first hour: in all it counts
    in the earlier one."""
    one, other = earlier.hours or {}, later.hours or {}
    if earlier.first and later.first and earlier.first[:13] < later.first[:13]:
        other = without_line(other, later.first)
    elif earlier.first and later.first and later.first[:13] < earlier.first[:13]:
        one = without_line(one, earlier.first)
    nothing = [0] * 24
    hours = {
        day: [max(pair) for pair in zip(one.get(day, nothing), other.get(day, nothing), strict=True)]
        for day in sorted({*one, *other})
    }
    both = (earlier, later)
    unattributed = dict.fromkeys(line for seen in (later, earlier) for line in seen.unattributed)
    return add_coverage(earlier, later)._replace(
        bytes=max(seen.bytes for seen in both),
        lines=max(earlier.lines, later.lines, sum(map(sum, hours.values()))),
        not_understood=max(seen.not_understood for seen in both),
        unattributed=list(unattributed)[:UNATTRIBUTED_LINES],
        long_lines=max(seen.long_lines for seen in both),
        inbound=max(seen.inbound for seen in both),
        errors=later.errors,
        gaps=tuple(dict.fromkeys(tuple(gap) for seen in both for gap in seen.gaps)),
        hours=hours,
        order="broken" if "broken" in (earlier.order, later.order) else later.order or earlier.order,
    )


def with_line(hours: Mapping[str, Sequence[int]], time: str, number: int = 1) -> dict[str, list[int]]:
    """Lines by day and hour, with one more in the hour of a time of the wire format."""
    found = {day: list(counts) for day, counts in hours.items()}
    found.setdefault(time[:10], [0] * 24)[int(time[11:13])] += number
    return found


def without_line(hours: Mapping[str, Sequence[int]], time: str) -> dict[str, list[int]]:
    """The same with one less. A span may take a line from an hour that earlier spans counted, so the number
    can be below 0."""
    return with_line(hours, time, -1)


def _errors(all_of: Iterable[str]) -> list[str]:
    """Each error once; of lines with one problem only the error of the first line."""
    found: dict[str, str] = {}
    for error in all_of:
        found.setdefault(_AT_BYTE.sub("", error, count=1), error)
    return list(found.values())


def _least(one: str | None, other: str | None) -> str | None:
    return min((time for time in (one, other) if time is not None), default=None)


def _greatest(one: str | None, other: str | None) -> str | None:
    return max((time for time in (one, other) if time is not None), default=None)


def _devices(earlier: dict[str, list[str]], later: dict[str, list[str]]) -> dict[str, list[str]]:
    if not earlier or not later:
        return earlier or later
    days = sorted({*earlier, *later})
    return {day: sorted({*earlier.get(day, ()), *later.get(day, ())}) for day in days}


def _hours(spans: Iterable[Coverage]) -> Mapping[str, Sequence[int]]:
    """A span may take lines from hours of those before: an hour of an earlier line was not read then."""
    counts: dict[str, list[int]] = {}
    for one in spans:
        for day, hours in (one.hours or {}).items():
            counts[day] = [a + b for a, b in zip(counts.get(day, [0] * 24), hours, strict=True)]
    return {day: hours for day, hours in sorted(counts.items()) if any(hours)}


def _alive(
    earlier: Mapping[str, Mapping[str, int]] | None, later: Mapping[str, Mapping[str, int]] | None
) -> Mapping[str, Mapping[str, int]] | None:
    if earlier is None or later is None:
        return earlier if later is None else later
    found: dict[str, Mapping[str, int]] = {}
    for name in sorted({*earlier, *later}):
        one, other = earlier.get(name, {}), later.get(name, {})
        found[name] = {day: one.get(day, 0) | other.get(day, 0) for day in sorted({*one, *other})}
    return found
