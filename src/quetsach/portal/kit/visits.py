"""Visits of the public self-check, counted by day and by the unit whose range the visitor came from.

No address is kept, and the page that shows the counts hides those under five.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection
from django.utils import timezone

from quetsach.portal.kit.write_behind import WriteBehind

KEPT_FOR = timedelta(days=400)
type Key = tuple[date, str]
_ADD = """
INSERT INTO kit_visit (day, unit, count) VALUES (%s, %s, %s)
ON CONFLICT (day, unit) DO UPDATE SET count = kit_visit.count + excluded.count
"""


def _add(sums: Iterable[tuple[Key, int]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(_ADD, [(*key, count) for key, count in sorted(sums)])


COUNTS = WriteBehind[Key]("visits of the self-check", _add)


def note(unit: UUID | None) -> None:
    """Count one visit of today from the range of that unit; None: of no unit, or of more than one."""
    COUNTS.note((timezone.localdate(), unit.hex if unit is not None else ""))


def counted(first: date) -> Counter[Key]:
    """The visits from a day on; the last seconds of other processes may be missing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT day, unit, count FROM kit_visit WHERE day >= %s",
            [connection.ops.adapt_datefield_value(first)],
        )
        rows = cursor.fetchall()
    found: Counter[Key] = Counter()
    for day, unit, count in rows:
        found[day if isinstance(day, date) else date.fromisoformat(day), unit] += count
    found.update({key: count for key, count in COUNTS.waiting().items() if key[0] >= first})
    return found


def forget(now: datetime) -> int:
    """Delete the counts of days long past; returns how many rows."""
    with connection.cursor() as cursor:
        day = timezone.localdate(now) - KEPT_FOR
        cursor.execute("DELETE FROM kit_visit WHERE day < %s", [connection.ops.adapt_datefield_value(day)])
        return int(cursor.rowcount)
