"""What a reader should know of the official report before the download: its moments, and missing letters."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.seat import take_seat
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.missing_letters import missing_letters
from quetsach.portal.reports import queries
from quetsach.portal.reports.annex.views import TYPED
from quetsach.portal.reports.assessment.drafting import drafted
from quetsach.portal.reports.assessment.facts import Scope
from quetsach.portal.reports.assessment.moments import Saved, is_drafted, moments, saved_assessment
from quetsach.portal.reports.locks import lock_of
from quetsach.portal.reports.rollup.queries import proposals_below
from quetsach.portal.reports.rollup.snapshots import are_many, page_lines
from quetsach.portal.reports.rollup.sums import Line


@require_GET
def before_download(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The notices beside the buttons of the roll-up, which asks for them by script; any other GET leads to
    that page. PDF and Word file carry the same notices."""
    seat = take_seat(request, slug, node_id)
    if "HX-Request" not in request.headers:
        return redirect("rollup", slug, node_id)
    now = timezone.now()
    report = queries.report_of(seat.node)
    saved = saved_assessment(report, queries.form_of(seat.node))
    below = page_lines(seat.node)
    has_drafted = any(map(is_drafted, saved.text.splitlines()))
    seen = moments(saved, drafted(Scope(seat.node, below)) if has_drafted else (), now)
    is_typed = report is not None and report.state in TYPED and lock_of(seat.node, report, now) is None
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "seen": seen,
        "report": report,
        "may_redraft": is_typed and seat.can["edit_report"],
        "client_uuid": uuid7(),
        "missing": missing_letters(_texts(seat.node, saved, below)),
    }
    return render(request, "reports/before_download.html", context)


def _texts(node: CampaignNode, saved: Saved, below: tuple[Line, ...]) -> Iterator[str]:
    """What people typed in the report. The proposals of a whole country are not read for a notice; its PDF
    names missing characters itself."""
    yield from (node.campaign.title, node.name, saved.text)
    if not are_many(below):
        for place, proposal in proposals_below(node):
            yield from (place.name, proposal)
