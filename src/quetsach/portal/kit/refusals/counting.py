"""Counts in memory, and writes the table at most once every few seconds.

An attacker is refused a thousand times a second. The refusals must not wait for their turn to write, and the
office's own writes must not wait for the refusals. So a process counts for itself and adds its sums in one
transaction every few seconds, on its own thread: a rolled-back request takes no count with it, and a killed
process loses a few seconds of counts.
"""

from __future__ import annotations

import atexit
import logging
import threading
from collections import Counter
from datetime import date, datetime, timedelta

from django.contrib.auth.signals import user_login_failed
from django.db import DatabaseError, connection, transaction
from django.forms import BaseForm
from django.http import Http404, HttpRequest
from django.urls import resolve
from django.utils import timezone

from quetsach.portal.kit.refusals.words import DOORS, OTHER, REASONS, ROUTES

EVERY = 5
"""Seconds between two writings of a process."""
KEPT_FOR = timedelta(days=90)
_EMPTY = "empty"
"""Django's code for a file without a byte."""
type Key = tuple[date, str, str]
_ADD = """
INSERT INTO kit_refusal (day, door, reason, count) VALUES (%s, %s, %s, %s)
ON CONFLICT (day, door, reason) DO UPDATE SET count = kit_refusal.count + excluded.count
"""
log = logging.getLogger(__name__)
_changing = threading.Lock()
_waiting: Counter[Key] = Counter()
_serving = False
_is_away = False
_timer: threading.Timer | None = None


def note(door: str, reason: str) -> None:
    """Count one refusal of today. A door or reason that `words` does not know counts as `other`."""
    key = (timezone.localdate(), door if door in DOORS else OTHER, reason if reason in REASONS else OTHER)
    with _changing:
        _waiting[key] += 1
        if _serving:
            _set_timer()


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


def write_behind() -> None:
    """Start writing the counts every few seconds. A process that serves calls this once."""
    global _serving
    _serving = True
    atexit.register(write)


def write() -> None:
    """Add the counts to the table; counts that cannot be written wait for the next time. Of several failures
    in a row only the first is logged."""
    global _is_away
    with _changing:
        taken = dict(_waiting)
        _waiting.clear()
    if not taken:
        return
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(_ADD, [(*key, count) for key, count in sorted(taken.items())])
    except DatabaseError as error:
        if not _is_away:
            log.warning("refusals are not written for now: %s", error)
        _is_away = True
        with _changing:
            _waiting.update(taken)
    else:
        if _is_away:
            log.warning("refusals are written again")
        _is_away = False


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
    with _changing:
        found.update({key: count for key, count in _waiting.items() if key[0] >= first})
    return found


def forget(now: datetime) -> int:
    """Delete the counts of days long past; returns how many rows."""
    with connection.cursor() as cursor:
        day = timezone.localdate(now) - KEPT_FOR
        cursor.execute("DELETE FROM kit_refusal WHERE day < %s", [connection.ops.adapt_datefield_value(day)])
        return int(cursor.rowcount)


def forget_waiting() -> None:
    """Drop the counts that are not yet written."""
    with _changing:
        _waiting.clear()


def _set_timer() -> None:
    global _timer
    if _timer is None:
        timer = threading.Timer(EVERY, _write_now)
        timer.daemon = True
        try:
            timer.start()
        except RuntimeError:  # no thread is available now; the next refusal tries again
            return
        _timer = timer


def _write_now() -> None:
    global _timer
    try:
        write()
    finally:
        connection.close()
        with _changing:
            _timer = None
            if _waiting and _serving:
                _set_timer()
