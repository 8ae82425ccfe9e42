"""Times in victims' reports. A publisher's times are UTC; a sheet of an office tells its local time."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_VIETNAMESE = re.compile(
    r"(?:(?P<clock>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)[ ,]+)?"
    r"(?P<day>[0-9]{1,2})[/.-](?P<month>[0-9]{1,2})[/.-](?P<year>[0-9]{4})"
    r"(?:[ ,T]+(?P<behind>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?))?",
    re.ASCII,
)
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""A clock outside these dates is broken."""
CLOCKS_DIFFER = timedelta(minutes=10)
"""A publisher's clock may be so far ahead of ours."""
_DAY = timedelta(days=1) - timedelta(seconds=1)


def latest() -> datetime:
    """The latest moment of which a report can speak now."""
    return datetime.now(UTC) + CLOCKS_DIFFER


def of_publisher(text: str) -> datetime | None:
    """`2026-03-01 00:12:33`, with or without `T`, fractions and an offset; UTC where it names none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else _utc(found)
    return found if EARLIEST <= found < LATEST else None


def of_sheet(text: str, zone: tzinfo) -> tuple[datetime, datetime, bool] | None:
    """First and last moment, and True if only the day is known: ISO 8601, or day, month and year as in
    Vietnam. A time without an offset is one of `zone`."""
    text = " ".join(text.split())
    if found := _VIETNAMESE.fullmatch(text):
        clock = found["clock"] or found["behind"] or ""
        hours, minutes, *seconds = clock.split(":") if clock else ("", "")
        text = f"{found['year']}-{found['month']:0>2}-{found['day']:0>2}"
        if clock:
            text += f"T{hours:0>2}:{minutes}:{seconds[0] if seconds else '00'}"
    try:
        is_day = len(text) == 10 or (len(text) == 8 and text.isdecimal())
        if is_day:
            return of_day(date.fromisoformat(text), zone)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = _utc(moment.replace(tzinfo=moment.tzinfo or zone))
    return (moment, moment, False) if EARLIEST <= moment < LATEST else None


def of_day(day: date, zone: tzinfo) -> tuple[datetime, datetime, bool] | None:
    """The ends of a local day."""
    begin = _utc(datetime.combine(day, time(), zone))
    return (begin, begin + _DAY, True) if EARLIEST <= begin < LATEST else None


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)
