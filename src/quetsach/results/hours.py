"""Lines per hour in local days: in which hours the logs say anything."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from quetsach.sightings.hours import HOURS, local
from quetsach.sightings.sighting import Coverage


def by_local_day(coverage: Iterable[Coverage], zone: ZoneInfo) -> dict[date, list[int]]:
    """Lines of all these sources: for each local day 24 counts.

    An hour of UTC counts for the local hour in which it begins, also where the zone is half an hour off.
    """
    days: dict[date, list[int]] = {}
    for seen in coverage:
        for day, counts in (seen.hours or {}).items():
            for hour, lines in enumerate(counts):
                if lines:
                    begins = local(day, hour, zone)
                    days.setdefault(begins.date(), [0] * HOURS)[begins.hour] += lines
    return dict(sorted(days.items()))
