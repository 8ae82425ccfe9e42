"""Refusals as counts in memory, which a process writes to the table every few seconds (`kit.write_behind`).

An attacker is refused a thousand times a second: the refusals must not wait for their turn to write.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.contrib.auth.signals import user_login_failed
from django.db import connection
from django.forms import BaseForm
from django.http import Http404, HttpRequest
from django.urls import resolve
from django.utils import timezone

from quetsach.portal.kit.refusals.words import DOORS, OTHER, REASONS, ROUTES
from quetsach.portal.kit.write_behind import WriteBehind

KEPT_FOR = timedelta(days=90)
_EMPTY = "empty"
"""Django's code for a file without a byte."""
type Key = tuple[date, str, str]
_ADD = """
INSERT INTO kit_refusal (day, door, reason, count) VALUES (%s, %s, %s, %s)
ON CONFLICT (day, door, reason) DO UPDATE SET count = kit_refusal.count + excluded.count
"""


def _add(sums: Iterable[tuple[Key, int]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(_ADD, [(*key, count) for key, count in sorted(sums)])


COUNTS = WriteBehind[Key]("refusals", _add)
write = COUNTS.write
forget_waiting = COUNTS.forget_waiting


def note(door: str, reason: str) -> None:
    """Count one refusal of today. A door or reason that `words` does not know counts as `other`."""
    COUNTS.note(
        (timezone.localdate(), door if door in DOORS else OTHER, reason if reason in REASONS else OTHER)
    )


def note_request(request: HttpRequest, reason: str) -> None:
    """Count one refusal at the request's door; the status of the answer is then not counted."""
    request.is_refusal_counted = True  # type: ignore[attr-defined]
    note(door_of(request), reason)


def note_form(request: HttpRequest, form: BaseForm) -> None:
    """Count each error of a form whose code is one of the reasons, such as `too_large`; also empty files."""
    for errors in form.errors.as_data().values():
        for error in errors:
            reason = "damaged" if error.code == _EMPTY else error.code
            if reason in REASONS:
                note_request(request, reason)


def door_of(request: HttpRequest) -> str:
    """The door of the request's address; `other` for addresses that are none."""
    match = request.resolver_match
    return door_at(request.path_info) if match is None else ROUTES.get(match.view_name or "", OTHER)


def door_at(path: str) -> str:
    """The door of a path, for a request that does not reach Django."""
    try:
        return ROUTES.get(resolve(path).view_name or "", OTHER)
    except Http404:
        return OTHER


def watch_sign_ins() -> None:
    """Count wrong passwords; called once when the app is ready."""
    user_login_failed.connect(_wrong_password, dispatch_uid="refusals")


def _wrong_password(**_about: object) -> None:
    note("sign_in", "password")


def counted(first: date) -> Counter[Key]:
    """The refusals from a day on; the last seconds of other processes may be missing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT day, door, reason, count FROM kit_refusal WHERE day >= %s",
            [connection.ops.adapt_datefield_value(first)],
        )
        rows = cursor.fetchall()
    found: Counter[Key] = Counter()
    for day, door, reason, count in rows:
        found[day if isinstance(day, date) else date.fromisoformat(day), door, reason] += count
    found.update({key: count for key, count in COUNTS.waiting().items() if key[0] >= first})
    return found


def forget(now: datetime) -> int:
    """Delete the counts of days long past; returns how many rows."""
    with connection.cursor() as cursor:
        day = timezone.localdate(now) - KEPT_FOR
        cursor.execute("DELETE FROM kit_refusal WHERE day < %s", [connection.ops.adapt_datefield_value(day)])
        return int(cursor.rowcount)
