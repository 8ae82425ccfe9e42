"""Moments from our reader of times, and from Python's own clock."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from quetsach.logs import times

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
WHEN = st.datetimes(datetime(1980, 1, 1), datetime(2200, 1, 1))


def read(text: str, kind: str) -> str | None:
    moment = times.parse(text, (kind,), ZONE)
    assert moment is None or isinstance(moment.value, int)
    return times.iso(moment.value) if moment and isinstance(moment.value, int) else None


def shown(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
