"""Reads of the audit trail, always below a path."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from quetsach.portal.audit.models import Entry
from quetsach.text.vietnamese import search_key


@dataclass(frozen=True)
class Wanted:
    """The reader's filter; empty fields mean all. Days are the portal's calendar days.

    `with_portal`: also entries that belong to no unit, such as backups and sign-ins that failed or stopped.
    """

    path: str
    with_portal: bool = False
    action: str = ""
    person: str = ""
    object: str = ""
    first: date | None = None
    last: date | None = None


def entries(wanted: Wanted) -> QuerySet[Entry]:
    """Entries about the unit at the path and all units below it, the newest first."""
    if not wanted.path:
        return Entry.objects.none()
    places = Q(unit_path__gte=wanted.path, unit_path__lt=wanted.path[:-1] + "0")
    rows = Entry.objects.filter(places | Q(unit_path="") if wanted.with_portal else places)
    if wanted.action:
        rows = rows.filter(action=wanted.action)
    if wanted.person:
        key = search_key(wanted.person)
        names = rows.order_by().values_list("actor_name", flat=True).distinct()
        rows = rows.filter(actor_name__in=[name for name in names if key in search_key(name)])
    if wanted.object:
        rows = rows.filter(object_id=wanted.object)
    if wanted.first:
        rows = rows.filter(at__gte=_midnight(wanted.first))
    if wanted.last:
        rows = rows.filter(at__lt=_midnight(wanted.last + timedelta(days=1)))
    return rows.order_by("-pk")


def actions_below(path: str, *, with_portal: bool = False) -> list[str]:
    """The action codes that occur at the path and below, and those of the portal if asked."""
    return list(
        entries(Wanted(path, with_portal)).order_by("action").values_list("action", flat=True).distinct()
    )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
