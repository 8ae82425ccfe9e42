"""Rows and coverage of the spans of one file add up to those of the file (docs/contract.md 4, Spans)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import reduce

from quetsach.sightings.runs import Span, joined, of_day
from quetsach.sightings.sighting import ACTIONS, UNATTRIBUTED_LINES, Bypass, Coverage, Sighting

_HOUR = timedelta(hours=1)
_TIMES = ("none", "ok", "assumed_year", "suspect")
"""What coverage says of times; the later word counts."""
_MOST_ERRORS = 20


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
    """The coverage of spans of one file. Each begins at the end of its predecessor."""
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
        errors=list(dict.fromkeys(error for one in spans for error in one.errors))[:_MOST_ERRORS],
        gaps=tuple(gap for one in spans for gap in one.gaps),
        hours=_hours(spans),
        order=_order(spans),
        alive=reduce(_alive, [one.alive for one in spans]),
    )


def join_coverage(earlier: Coverage, later: Coverage) -> Coverage:
    """The coverage of two readings of one store, each of which may lack records of the other: of an hour the
    larger number of lines stands. The errors are those of the later reading."""
    one, other = earlier.hours or {}, later.hours or {}
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
    """Lines without a time count with the line before them; before the first time, with that time."""
    counts: dict[str, list[int]] = {}
    lines = 0
    for one in spans:
        new = {day: list(hours) for day, hours in (one.hours or {}).items()}
        if not counts and new:
            _at_end(new, -1, lines)
        if counts and not new:
            _at_end(counts, 1, one.lines)
        for day, hours in new.items():
            counts[day] = [a + b for a, b in zip(counts.get(day, [0] * 24), hours, strict=True)]
        lines += one.lines
    return dict(sorted(counts.items()))


def _at_end(days: dict[str, list[int]], way: int, lines: int) -> None:
    """Add lines to the last hour of the counts, or to the first for -1."""
    day = sorted(days)[-1 if way > 0 else 0]
    known = [hour for hour, count in enumerate(days[day]) if count]
    if known:
        days[day][known[-1 if way > 0 else 0]] += lines


def _order(spans: Iterable[Coverage]) -> str | None:
    order: str | None = None
    last: str | None = None
    for one in spans:
        is_back = (
            bool(order and one.order)
            and last is not None
            and one.first is not None
            and one.first < last
            and datetime.fromisoformat(last) - datetime.fromisoformat(one.first) >= _HOUR
        )
        if order and one.order:
            order = "broken" if is_back or "broken" in (order, one.order) else "kept"
        else:
            order = order or one.order
        last = _greatest(last, one.last)
    return order


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
