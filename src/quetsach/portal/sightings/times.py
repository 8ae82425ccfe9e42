"""The times of the lines of a row, as far as the row tells them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from quetsach.portal.sightings.models import Bypass, Sighting
from quetsach.portal.sightings.spans import Span
from quetsach.sightings.runs import JOINED

_MOMENT = timedelta(microseconds=1)


def times_of(row: Sighting | Bypass) -> tuple[Span, ...]:
    """The times of a row's lines. Without runs its first and last line alone are known."""
    if row.first_seen is None or row.last_seen is None:
        return ()
    if row.day is not None and row.runs:
        return times_of_runs(row.day, row.runs)
    return (row.first_seen, row.first_seen), (row.last_seen, row.last_seen)


def times_of_runs(day: date, runs: Iterable[Sequence[int]]) -> tuple[Span, ...]:
    """The times of the lines in runs of one UTC day."""
    midnight = datetime.combine(day, time(), UTC)
    return tuple(
        (midnight + first * _MOMENT, midnight + last * _MOMENT)
        for begin, end, count in runs
        for first, last in _known(begin, end, count)
    )


def earliest_after(moment: datetime, times: Iterable[Span]) -> datetime | None:
    """The earliest time that is known of a line later than a moment. Of a run over the moment only its last
    line is surely later."""
    return min((first if first > moment else last for first, last in times if last > moment), default=None)


def are_times_known(row: Sighting | Bypass) -> bool:
    """Whether the row's times leave out no line."""
    return row.day is not None and bool(row.runs) and all(_is_run(*run) for run in row.runs)


def _known(first: int, last: int, count: int) -> tuple[tuple[int, int], ...]:
    """The times in microseconds at which a run had lines. Between two lines of a run are ten minutes at most.
    A row of an older scan is one run of its whole day: of it the ends alone are known."""
    return ((first, last),) if _is_run(first, last, count) else ((first, first), (last, last))


def _is_run(first: int, last: int, count: int) -> bool:
    return last - first <= (count - 1) * JOINED
