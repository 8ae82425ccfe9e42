"""The times of the lines of a row, as far as the row tells them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from quetsach.portal.sightings.models import Bypass, Sighting
from quetsach.portal.sightings.spans import Span
from quetsach.sightings.runs import JOINED

_MOMENT = timedelta(microseconds=1)


def times_of(row: Sighting | Bypass) -> tuple[Span, ...]:
    """The times of a row's lines. Without runs its first and last line alone are known."""
    if row.first_seen is None or row.last_seen is None:
        return ()
    if row.day is not None and row.runs:
        midnight = datetime.combine(row.day, time(), UTC)
        return tuple(
            (midnight + first * _MOMENT, midnight + last * _MOMENT)
            for run in row.runs
            for first, last in _known(*run)
        )
    return (row.first_seen, row.first_seen), (row.last_seen, row.last_seen)


def are_times_known(row: Sighting | Bypass) -> bool:
    """Whether the row's times leave out no line."""
    return row.day is not None and bool(row.runs) and all(_is_run(*run) for run in row.runs)


def _known(first: int, last: int, count: int) -> tuple[tuple[int, int], ...]:
    """The times in microseconds at which a run had lines. Between two lines of a run are ten minutes at most.
    A row of an older scan is one run of its whole day: of it the ends alone are known."""
    return ((first, last),) if _is_run(first, last, count) else ((first, first), (last, last))


def _is_run(first: int, last: int, count: int) -> bool:
    return last - first <= (count - 1) * JOINED
