"""Lines of a source in each hour, and the hours in which machines were seen (docs/contract.md 4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import groupby
from typing import Any, NamedTuple

HOURS = 24
MOST_DAYS = 4_000
"""Days of one source, about eleven years: a source of more days tells none."""
ORDERS = ("", "kept", "broken")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Hours(NamedTuple):
    """`lines` are by day and hour, `alive` has for each machine and day a bit for each hour; days are of UTC.

    `order` is empty where no time was read.
    """

    lines: dict[str, list[int]]
    order: str
    alive: dict[str, dict[str, int]]


def local(day: str, hour: int, zone: tzinfo) -> datetime:
    """The local time at which an hour of a UTC day begins."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=UTC)
    try:
        return (midnight + timedelta(hours=hour)).astimezone(zone)
    except OverflowError:
        # The first and last hours of all years have no local time.
        return midnight.replace(hour=hour)


def seen_by_local_day(masks: Mapping[str, int], zone: tzinfo) -> dict[date, list[int]]:
    """For each local day 24 numbers: 1 for an hour in which the machine was seen, else 0. `masks` are those
    of `alive`, by UTC day."""
    days: dict[date, list[int]] = {}
    for day, mask in masks.items():
        for hour in range(HOURS):
            if mask >> hour & 1:
                begins = local(day, hour, zone)
                days.setdefault(begins.date(), [0] * HOURS)[begins.hour] = 1
    return dict(sorted(days.items()))


def spelled(counts: Iterable[int]) -> str:
    """The hours that count more than nothing, such as `00:00–05:00, 07:00–24:00`."""
    found = []
    for is_told, group in groupby(enumerate(counts), key=lambda one: one[1] > 0):
        hours = [hour for hour, _count in group]
        if is_told:
            found.append(f"{hours[0]:02}:00–{hours[-1] + 1:02}:00")
    return ", ".join(found)


def by_days(days: Mapping[date, Iterable[int]]) -> list[tuple[str, str]]:
    """Days and their hours, both spelled; days that follow each other with the same hours are one entry, such
    as `15/11/2026 – 28/11/2026` and `07:00–10:00`."""
    found: list[tuple[date, date, str]] = []
    for day, counts in sorted(days.items()):
        hours = spelled(counts)
        if found and found[-1][1] + timedelta(days=1) == day and found[-1][2] == hours:
            found[-1] = (found[-1][0], day, hours)
        else:
            found.append((day, day, hours))
    return [
        (f"{first:%d/%m/%Y}" if first == last else f"{first:%d/%m/%Y} – {last:%d/%m/%Y}", hours)
        for first, last, hours in found
    ]


def outside(first: str | None, last: str | None, lines: Mapping[str, Iterable[int]]) -> str:
    """The earliest hour with lines that lies before the first or after the last time of a source, as
    `2026-11-24 05:00`; empty for none. Times are those of the wire format."""
    begin, end = (first or "9")[:13], (last or "0")[:13]
    told = (f"{day}T{hour:02}" for day, counts in sorted(lines.items()) for hour, n in enumerate(counts) if n)
    wrong = next((hour for hour in told if not begin <= hour <= end), "")
    return f"{wrong.replace('T', ' ')}:00" if wrong else ""


def is_lines(value: Any) -> bool:
    """Whether a stranger's value is 24 counts for each of at most `MOST_DAYS` days."""

    def is_count(one: Any) -> bool:
        return type(one) is int and 0 <= one < 1 << 63

    return _is_by_day(value) and all(
        isinstance(counts, list) and len(counts) == HOURS and all(map(is_count, counts))
        for counts in value.values()
    )


def is_masks(value: Any) -> bool:
    """Whether a stranger's value is a mask of 24 bits, at least one of them set, for each day."""
    return _is_by_day(value) and all(type(mask) is int and 0 < mask < 1 << HOURS for mask in value.values())


def _is_by_day(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and len(value) <= MOST_DAYS
        and all(isinstance(day, str) and _DAY.fullmatch(day) for day in value)
    )
