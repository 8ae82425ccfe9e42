"""Times as evidence counts them: whole microseconds since 1970, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH, _MICRO = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Microseconds since 1970; negative before."""
    return (at - _EPOCH) // _MICRO


def moment(at: int) -> datetime:
    """The time of so many microseconds since 1970.

    Raises:
        OverflowError: the year has more than four digits.
    """
    return _EPOCH + at * _MICRO
