"""Rows and coverage of the spans of one file add up to those of the file (docs/contract.md 4, Spans)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

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


def add_coverage(earlier: Coverage, later: Coverage) -> Coverage:
    """The coverage of two spans of one file, of which `later` begins where `earlier` ends."""
    return later._replace(
        bytes=earlier.bytes + later.bytes,
        lines=earlier.lines + later.lines,
        not_understood=earlier.not_understood + later.not_understood,
        unattributed=[*earlier.unattributed, *later.unattributed][:UNATTRIBUTED_LINES],
        long_lines=earlier.long_lines + later.long_lines,
        inbound=earlier.inbound + later.inbound,
        first=_least(earlier.first, later.first),
        last=_greatest(earlier.last, later.last),
        time=max(earlier.time, later.time, key=_TIMES.index),
        zone=later.zone or earlier.zone,
        devices=_devices(earlier.devices, later.devices),
        errors=list(dict.fromkeys([*earlier.errors, *later.errors]))[:_MOST_ERRORS],
        gaps=(*earlier.gaps, *later.gaps),
        hours=_hours(earlier, later),
        order=_order(earlier, later),
        alive=_alive(earlier.alive, later.alive),
    )


def _least(one: str | None, other: str | None) -> str | None:
    return min((time for time in (one, other) if time is not None), default=None)


def _greatest(one: str | None, other: str | None) -> str | None:
    return max((time for time in (one, other) if time is not None), default=None)


def _devices(earlier: Mapping[str, list[str]], later: Mapping[str, list[str]]) -> dict[str, list[str]]:
    days = sorted({*earlier, *later})
    return {day: sorted({*earlier.get(day, ()), *later.get(day, ())}) for day in days}


def _hours(earlier: Coverage, later: Coverage) -> Mapping[str, Sequence[int]]:
    """Lines without a time count with the line before them; before the first time, with that time."""
    counts = {day: list(hours) for day, hours in (earlier.hours or {}).items()}
    new = {day: list(hours) for day, hours in (later.hours or {}).items()}
    if not counts and new:
        _at_end(new, -1, earlier.lines)
    if counts and not new:
        _at_end(counts, 1, later.lines)
    for day, hours in new.items():
        counts[day] = [a + b for a, b in zip(counts.get(day, [0] * 24), hours, strict=True)]
    return dict(sorted(counts.items()))


def _at_end(days: dict[str, list[int]], way: int, lines: int) -> None:
    """Add lines to the last hour of the counts, or to the first for -1."""
    day = sorted(days)[-1 if way > 0 else 0]
    known = [hour for hour, count in enumerate(days[day]) if count]
    if known:
        days[day][known[-1 if way > 0 else 0]] += lines


def _order(earlier: Coverage, later: Coverage) -> str | None:
    if not earlier.order or not later.order:
        return earlier.order or later.order
    is_back = (
        earlier.last is not None
        and later.first is not None
        and datetime.fromisoformat(earlier.last) - datetime.fromisoformat(later.first) >= _HOUR
    )
    return "broken" if is_back or "broken" in (earlier.order, later.order) else "kept"


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
