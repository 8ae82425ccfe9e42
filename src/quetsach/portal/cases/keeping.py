"""What an act changed in a case and its machine, kept with the act, so that it can be taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime

from quetsach.portal.cases.models import Case

OF_CASE = (
    "claimed_at",
    "done",
    "verified_at",
    "quiet_until",
    "confirmed_by_id",
    "clock_at",
    "acknowledged_at",
    "located_at",
    "dismissed_at",
    "false_alarm_of_id",
    "tries",
    "unreachable_at",
    "aside_until",
)
OF_DEVICE = ("isolated_at", "released_at")
_TIMES = ("_at", "_until")


def plain(value: Any) -> Any:
    """The value as JSON keeps it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def kept(case: Case) -> dict[str, Any]:
    """All that an act may change."""
    of_device = {name: plain(getattr(case.device, name)) for name in OF_DEVICE}
    return {name: plain(getattr(case, name)) for name in OF_CASE} | of_device


def changed(before: dict[str, Any], case: Case) -> dict[str, Any]:
    """The former values of what is different now."""
    now = kept(case)
    return {name: value for name, value in before.items() if now[name] != value}


def restore(case: Case, before: dict[str, Any]) -> None:
    """Give case and machine their former values again; the caller saves both."""
    for name, value in before.items():
        if name in OF_CASE or name in OF_DEVICE:
            target = case.device if name in OF_DEVICE else case
            is_time = name.endswith(_TIMES) and isinstance(value, str)
            setattr(target, name, parse_datetime(value) if is_time else value)
