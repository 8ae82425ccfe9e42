"""Sums up what a case knows of its evidence, after some of it came or went."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Min, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from quetsach.portal.cases import looks
from quetsach.portal.cases.models import Case, CaseEvent, CaseSighting, VictimReport


def sum_up_anew(case: Case, now: datetime) -> bool:
    """Recompute what a case knows of its evidence, after some of it went; whether any is left."""
    latest = now + timedelta(days=1)
    links = CaseSighting.rows.filter(case=case).aggregate(**sums(latest))
    sane = Q(last_seen__lte=latest)
    reports = VictimReport.rows.filter(case=case).aggregate(
        begin=Min("first_seen", filter=sane), end=Max("last_seen", filter=sane)
    )
    checks = CaseEvent.checks().filter(case=case).aggregate(begin=Min("at"), end=Max("at"))
    parts = (links, reports, checks)
    case.count = links["total"] or 0
    case.first_seen = min((one["begin"] for one in parts if one["begin"]), default=None)
    case.last_seen = max((one["end"] for one in parts if one["end"]), default=None)
    case.save(update_fields=["count", "first_seen", "last_seen"])
    has_links = bool(links["total"])
    return has_links or reports["end"] is not None or checks["end"] is not None


def follow_gone(ids: Collection[int]) -> Callable[[], None]:
    """Sum up anew, once these signs are gone, the cases whose evidence they are."""
    cases = set(CaseSighting.rows.filter(sighting__in=ids).values_list("case", flat=True))

    def act() -> None:
        for case in (
            Case.rows.select_for_update(of=("self",), no_key=True).filter(pk__in=cases).order_by("pk")
        ):
            sum_up_anew(case, timezone.now())

    return act


def sums(latest: datetime) -> dict[str, Any]:
    """Aggregates over `CaseSighting`: lines, and the first and last time of usable clocks."""
    first, last = Coalesce("first", "sighting__first_seen"), Coalesce("last", "sighting__last_seen")
    sane = Q(sighting__last_seen__gte=looks.OLDEST, sighting__last_seen__lte=latest)
    return {
        "total": Sum(Coalesce("count", "sighting__count")),
        "begin": Min(first, filter=sane),
        "end": Max(last, filter=sane),
    }
