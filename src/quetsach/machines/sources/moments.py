"""Times in the cells of a table, in the spellings of consoles and of offices.

03/04/2026 is read as its column shows: some day beyond 12 decides where the month stands, then the words AM
and PM (American) or SA and CH (Vietnamese). Where nothing decides, the day stands first, and a note says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import tzinfo

from quetsach.logs import times

_NUMBERS = re.compile(
    r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2}),?(?:\s+(\d{1,2}):(\d\d)(?::(\d\d))?(?:[.,]\d+)?\s*([AP]M|SA|CH)?)?",
    re.ASCII | re.IGNORECASE,
)
_CLOCK_FIRST = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?,?\s+(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)
_WORDS = re.compile(
    r"(?:(\d{4})\s+)?(?:(\d{1,2})\s+)?([A-Z][a-z]{2})[a-z]*\.?\s+(\d{1,2}|\d{4})(?:,?\s+(\d{4}))?"
    r"(?:,?\s+(\d{1,2}):(\d\d)(?::(\d\d))?\s*([AP]M)?)?(?:\s+(GMT|UTC|[+-]\d\d:?\d\d))?",
    re.ASCII | re.IGNORECASE,
)
_MOST = 64
"""Letters of a cell that can be a time."""
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)


def day_first(cells: Iterable[str]) -> bool | None:
    """Whether the day stands before the month in a column; None where nothing decides and it matters."""
    ambiguous = american = vietnamese = False
    for cell in cells:
        found = _NUMBERS.fullmatch(cell.strip())
        if found is None:
            continue
        if int(found[1]) > 12:
            return True
        if int(found[2]) > 12:
            return False
        ambiguous |= found[1].lstrip("0") != found[2].lstrip("0")
        american |= (found[7] or "").upper() in ("AM", "PM")
        vietnamese |= (found[7] or "").upper() in ("SA", "CH")
    if vietnamese or not ambiguous:
        return True
    return False if american else None


def moment(cell: str, zone: tzinfo, *, is_day_first: bool = True) -> int | None:
    """Microseconds of a time in a cell; a day alone means its beginning. None for any other text."""
    spelled = " ".join(cell[:_MOST].split())
    found = times.parse(spelled, ("iso8601", "utc", "epoch_auto"), zone)
    if found is not None and isinstance(found.value, int) and (len(spelled) >= 10):
        return found.value
    if date := _DATE.fullmatch(spelled):
        return times.local(int(date[1]), int(date[2]), int(date[3]), 0, 0, 0, 0, zone)
    if numbers := _NUMBERS.fullmatch(spelled):
        first, second, year = int(numbers[1]), int(numbers[2]), int(numbers[3])
        day, month = (first, second) if is_day_first else (second, first)
        return _local(year, month, day, numbers.group(4, 5, 6), numbers[7], zone)
    if numbers := _CLOCK_FIRST.fullmatch(spelled):
        first, second = int(numbers[4]), int(numbers[5])
        day, month = (first, second) if is_day_first else (second, first)
        return _local(int(numbers[6]), month, day, numbers.group(1, 2, 3), None, zone)
    return _worded(spelled, zone)


def _worded(spelled: str, zone: tzinfo) -> int | None:
    """`24 Nov 2026, 15:04:05`, `Nov 24, 2026 3:04 PM`, `2026 Nov 24 15:04:05`."""
    found = _WORDS.fullmatch(spelled)
    month = times.MONTHS.get(found[3].title()) if found else None
    if found is None or month is None:
        return None
    before, day_before, behind, year = found[1], found[2], found[4], found[5]
    parts = (before or year or (behind if day_before else None), day_before or behind)
    if parts[0] is None or len(parts[1]) > 2:
        return None
    stated = found[10]
    own = times.ZONES.get(stated.upper()) or times.offset(stated) if stated else zone
    if own is None:
        return None
    return _local(int(parts[0]), month, int(parts[1]), found.group(6, 7, 8), found[9], own)


def _local(
    year: int, month: int, day: int, clock: tuple[str | None, ...], half: str | None, zone: tzinfo
) -> int | None:
    hour, minute, second = (int(part or 0) for part in clock)
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half.upper() in ("PM", "CH") else 0)
    return times.local(year + 2000 if year < 100 else year, month, day, hour, minute, second, 0, zone)
