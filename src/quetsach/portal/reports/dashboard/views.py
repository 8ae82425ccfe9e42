"""The progress page: the state of everything below a unit, and the units that need a call."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from quetsach.portal.campaigns.contacts import contacts
from quetsach.portal.campaigns.reminders.wording import Ways
from quetsach.portal.campaigns.seat import take_seat
from quetsach.portal.reports.dashboard import queries
from quetsach.portal.reports.dashboard.chase import chases, is_overdue, late
from quetsach.portal.reports.dashboard.figures import figures, percent

FIRST = 5
"""Units to remind on this page; another page lists all of them."""


@require_GET
def progress(request: HttpRequest, slug: str, node_id: UUID | None = None) -> HttpResponse:
    """Acknowledgement, participation, people, reports and machines below one unit."""
    seat = take_seat(request, slug, node_id)
    seen = queries.page_overview(seat.node)
    now = timezone.now()
    found = late(seen.branches, now)
    shown = found[:FIRST]
    remind = chases(
        seat.node, shown, contacts(b.node for b in shown), Ways.to(slug, request.build_absolute_uri)
    )
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "progress",
        "seen": seen,
        "late": found,
        "first": remind,
        "more": len(found) - len(remind),
        "overdue": sum(is_overdue(branch, now) for branch in found),
        "waiting": sum(1 for branch in seen.branches if branch.line.report_state == "submitted"),
        "people_done": _sum(branch.done for branch in seen.branches),
        "people": _sum(branch.whole for branch in seen.branches),
        "rows": [
            (branch, None if branch.share is None else percent(branch.share)) for branch in seen.branches
        ],
        "figures": figures(seen),
    }
    return render(request, "reports/progress.html", context)


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
