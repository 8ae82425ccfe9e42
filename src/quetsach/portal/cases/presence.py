"""Whether a machine was there after its cleaning: by place in words, and hour by hour as a small picture.

Seen, not seen although the place was asked, not asked, and "we could not look" are four things, and never
look alike; nor does an hour in which the machine was expected and nobody looked. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from itertools import groupby
from typing import Protocol

from quetsach.portal.sightings.spans import Span

MOST_DAYS = 28
"""Days in the picture, the latest."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_LEFT, _RIGHT = 14.0, 99.5
"""Percent of the width between which the hours lie; on the left stand the dates."""
_TOP, _STEP, _TALL = 22, 18, 13


class Hour(StrEnum):
    """What is known of one hour, the strongest first. `MISSED` is found later, and is stronger than `ABSENT`:
    where a log has almost no lines, nobody can tell that the machine was not there."""

    SEEN = "seen"
    ABSENT = "absent"
    LOST = "lost"
    MISSED = "missed"
    UNASKED = "unasked"
    NO_LOG = "no_log"


class Known(Protocol):
    """What a source knows of the machine on one UTC day (`looks.DayOfMachine`)."""

    @property
    def day(self) -> date: ...
    @property
    def hours(self) -> list[int]: ...
    @property
    def lost(self) -> tuple[Span, ...]: ...
    @property
    def is_asked(self) -> bool: ...
    @property
    def alive(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the picture: `x` and `width` in percent, ready for an attribute; `kind` of the hours."""

    kind: Hour
    x: str
    width: str
    y: int


@dataclass
class Presence:
    """`days` are the local days with their height in the picture; `seen_days` and `seen_hours` say how often
    the machine was seen in it; `kinds` are those that the picture holds."""

    boxes: list[Box] = field(default_factory=list)
    days: list[tuple[date, int]] = field(default_factory=list)
    ticks: list[tuple[int, str]] = field(default_factory=list)
    kinds: set[Hour] = field(default_factory=set)
    is_cut: bool = False
    """Earlier days are left out."""
    seen_days: int = 0
    seen_hours: int = 0
    height: int = 0
    tall: int = _TALL


def hours_of(days: Iterable[Known]) -> dict[datetime, Hour]:
    """The knowledge of each UTC hour that a log covers; of several places the strongest (`Hour`) counts."""
    found: dict[datetime, Hour] = {}
    order = list(Hour)
    for day in days:
        midnight = datetime.combine(day.day, time(), UTC)
        for n in range(24):
            if day.hours and not day.hours[n] and not day.alive >> n & 1:
                continue  # a place without a line in the hour says nothing of it
            start = midnight + n * HOUR
            kind = Hour.UNASKED
            if day.alive >> n & 1:
                kind = Hour.SEEN
            elif any(gap[0] < start + HOUR and gap[1] >= start for gap in day.lost):
                kind = Hour.LOST
            elif day.is_asked:
                kind = Hour.ABSENT
            found[start] = min(found.get(start, Hour.NO_LOG), kind, key=order.index)
    return found


def draw(
    days: Iterable[Known], since: datetime, until: datetime, zone: tzinfo, missed: Iterable[Span] = ()
) -> Presence | None:
    """The picture of the hours from `since` to `until`, by local day; None if no place was asked about the
    machine in them. `missed`: whole hours in which it was expected and the place not up."""
    days = list(days)
    begins = since.astimezone(zone).date()
    last = max(begins, (until - timedelta(microseconds=1)).astimezone(zone).date())
    first = max(begins, last - (MOST_DAYS - 1) * DAY)
    by_day: dict[date, dict[int, Hour]] = defaultdict(dict)
    found = hours_of(days)
    for opens, ends in missed:
        for n in range(int((ends - opens) / HOUR)):
            start = opens + n * HOUR
            if found.get(start) is not Hour.LOST and found.get(start) is not Hour.SEEN:
                found[start] = Hour.MISSED
    for start, kind in found.items():
        local = start.astimezone(zone)
        if first <= local.date() <= last and since - HOUR < start < until:
            by_day[local.date()][local.hour] = kind
    if not any(kind in (Hour.SEEN, Hour.ABSENT) for hours in by_day.values() for kind in hours.values()):
        return None
    picture = Presence(is_cut=first > begins)
    wide = (_RIGHT - _LEFT) / 24
    for row in range((last - first).days + 1):
        day, y = first + row * DAY, _TOP + row * _STEP
        picture.days.append((day, y + _TALL - 1))
        kinds = [by_day[day].get(hour, Hour.NO_LOG) for hour in range(24)]
        picture.seen_hours += kinds.count(Hour.SEEN)
        picture.seen_days += Hour.SEEN in kinds
        at = 0
        for kind, run in groupby(kinds):
            length = len(list(run))
            if kind is not Hour.NO_LOG:
                picture.kinds.add(kind)
                x, width = f"{_LEFT + at * wide:.2f}%", f"{length * wide:.2f}%"
                picture.boxes.append(Box(kind, x, width, y))
            at += length
    picture.ticks = [(hour, f"{_LEFT + hour * wide:.2f}%") for hour in (0, 6, 12, 18, 24)]
    picture.height = _TOP + len(picture.days) * _STEP
    return picture


@dataclass(frozen=True, slots=True)
class AtPlace:
    """One place that saw the signs, since the cleaning: whether its scans were asked about the machine, the
    latest hour in which it was seen, else the latest day; and whether it has logs at all."""

    name: str
    has_logs: bool
    is_asked: bool
    last_hour: datetime | None
    last_day: date | None


def at_place(name: str, days: Iterable[Known], recorded: Iterable[date], since: datetime) -> AtPlace:
    """What a place knows. `recorded` are the days on which it recorded the machine without an hour."""
    days = [day for day in days if day.day >= since.astimezone(UTC).date()]
    hours = [
        start
        for day in days
        for n in range(24)
        if day.alive >> n & 1 and (start := datetime.combine(day.day, time(n), UTC)) >= since
    ]
    # On the claim's own day the machine may have been seen before it only, as `rules` says.
    seen_on = [day for day in recorded if day > since.astimezone(UTC).date()]
    return AtPlace(
        name,
        bool(days),
        any(day.is_asked for day in days),
        max(hours, default=None),
        max(seen_on, default=None),
    )
