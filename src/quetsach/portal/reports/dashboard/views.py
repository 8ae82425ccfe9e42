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
from quetsach.portal.kit.address import absolute
from quetsach.portal.reports.dashboard import queries
from quetsach.portal.reports.dashboard.chase import chases, is_overdue, late
from quetsach.portal.reports.dashboard.figures import by_file_words, figures, percent
from quetsach.portal.reports.queries import may_review_below
from quetsach.portal.reports.rollup.views import waits

FIRST = 5
"""Units to remind on this page; another page lists all of them."""


@require_GET
def progress(request: HttpRequest, slug: str, node_id: UUID | None = None) -> HttpResponse:
    """Acknowledgement, participation, people, reports and machines below one unit."""
    seat = take_seat(request, slug, node_id)
    seen = queries.page_overview(seat.node)
    now = timezone.now()
    found = late(seen.branches, now)
    owing = sum(branch.is_owing for branch in found)
    shown = found[:FIRST]
    remind = chases(seat.node, shown, contacts(b.node for b in shown), Ways.to(slug, absolute))
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "progress",
        "seen": seen,
        "owing": owing,
        "behind": len(found) - owing,
        "first": remind,
        "more": max(owing - len(remind), 0),
        "overdue": sum(is_overdue(branch, now) for branch in found),
        "waiting": sum(branch.is_active and waits(branch.line) for branch in seen.branches),
        "may_take": may_review_below(seat),
        "people_done": _sum(branch.done for branch in seen.branches),
        "by_file": by_file_words(seen.by_file) if seen.by_file else "",
        "staff": _sum(branch.staff for branch in seen.branches),
        "rows": [
            (branch, None if branch.share is None else percent(branch.share)) for branch in seen.branches
        ],
        "figures": figures(seat.node, seen),
    }
    return render(request, "reports/progress.html", context)


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
