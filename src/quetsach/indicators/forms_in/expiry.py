"""When an entry of a list expires: moments in the spellings of publishers and offices."""

from __future__ import annotations

from datetime import UTC, date, datetime

_DATES = ("%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d-%m-%Y")


def has_passed(text: str, now: datetime) -> bool:
    """Whether a moment lies before `now`; a date ends with its day; a text that is no date never passes."""
    moment = parse_moment(text.strip())
    if moment is None:
        return False
    return moment < now


def parse_moment(text: str) -> datetime | None:
    """ISO 8601, or a date in Vietnam's form; UTC if no zone is shown. A bare date is its last second."""
    found: datetime | None = None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        for form in _DATES:
            try:
                found = datetime.strptime(text, form)
                break
            except ValueError:
                continue
    if found is None:
        return None
    if ":" not in text:
        found = datetime.combine(date(found.year, found.month, found.day), datetime.max.time())
    return found if found.tzinfo else found.replace(tzinfo=UTC)
