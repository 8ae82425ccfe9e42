"""Lines per hour in local days: in which hours the logs say anything."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from quetsach.sightings.hours import HOURS
from quetsach.sightings.sighting import Coverage


def by_local_day(coverage: Iterable[Coverage], zone: ZoneInfo) -> dict[date, list[int]]:
    """Lines of all these sources: for each local day 24 counts.

    An hour of UTC counts for the local hour in which it begins, also where the zone is half an hour off.
    """
    days: dict[date, list[int]] = {}
    for seen in coverage:
        for day, counts in (seen.hours or {}).items():
            midnight = datetime.fromisoformat(day).replace(tzinfo=UTC)
            for hour, lines in enumerate(counts):
                if lines:
                    local = _local(midnight, hour, zone)
                    days.setdefault(local.date(), [0] * HOURS)[local.hour] += lines
    return dict(sorted(days.items()))


def _local(midnight: datetime, hour: int, zone: ZoneInfo) -> datetime:
    try:
        return (midnight + timedelta(hours=hour)).astimezone(zone)
    except OverflowError:
        # The first and last hours of all years have no local time.
        return midnight.replace(hour=hour)


def spelled(counts: Iterable[int]) -> str:
    """The hours with lines, such as `00:00–05:00, 07:00–24:00`."""
    found = []
    for has_lines, group in groupby(enumerate(counts), key=lambda one: one[1] > 0):
        hours = [hour for hour, _lines in group]
        if has_lines:
            found.append(f"{hours[0]:02}:00–{hours[-1] + 1:02}:00")
    return ", ".join(found)
