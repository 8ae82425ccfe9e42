"""The visits of the self-check, for the campaign's coordinator: by unit and by day, never both at once, so
that a small number cannot be worked out from the others."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from quetsach.portal.campaigns.seat import take_issuer_seat
from quetsach.portal.cases.self_check.queries_visits import names_of
from quetsach.portal.kit import visits
from quetsach.portal.kit.templatetags.kit import num
from quetsach.portal.units.roles import Verb

SHOWN = 30
"""Days, including today."""
FEW = 5
"""Fewer visits than that are not told apart."""


@require_safe
def self_check_visits(request: HttpRequest, slug: str) -> HttpResponse:
    """The visits of the last thirty days."""
    seat = take_issuer_seat(request, slug, Verb.PUBLISH)
    today = timezone.localdate()
    first = today - timedelta(days=SHOWN - 1)
    by_day: Counter[object] = Counter()
    by_unit: Counter[str] = Counter()
    week = 0
    for (day, unit), count in visits.counted(first).items():
        by_day[day] += count
        week += count if day > today - timedelta(days=7) else 0
        if unit:
            by_unit[unit] += count
    names = names_of([UUID(unit) for unit in by_unit], seat.node)
    context = {
        "seat": seat,
        "first": first,
        "week": _shown(week),
        "days": [(day, _shown(by_day[day])) for day in sorted(by_day, reverse=True)],  # type: ignore[type-var]
        "units": [
            (names[UUID(unit)], _shown(count)) for unit, count in by_unit.most_common() if UUID(unit) in names
        ],
    }
    return render(request, "cases/self_check/visits.html", context)


def _shown(count: int) -> str:
    return f"<{FEW}" if count < FEW else str(num(count))
