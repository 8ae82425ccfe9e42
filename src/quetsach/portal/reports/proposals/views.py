"""The proposals of the units below on one page: tick some, and take them over with their source."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from quetsach.portal.campaigns.seat import take_seat
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.reports import queries
from quetsach.portal.reports.annex.views import TYPED
from quetsach.portal.reports.errors import ReportError
from quetsach.portal.reports.proposals import actions
from quetsach.portal.reports.proposals.queries import shared_proposals_below
from quetsach.portal.units.roles import Verb

MOST = 200
"""Proposals on one page, those with most units first."""


@require_http_methods(["GET", "POST"])
def proposals(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """Every proposal once, with all its units; a POST takes the ticked ones over."""
    verb = Verb.EDIT_REPORT if request.method == "POST" else Verb.READ
    seat = take_seat(request, slug, node_id, verb)
    found = shared_proposals_below(seat.node)
    if request.method == "POST":
        ticked = set(request.POST.getlist("wish"))
        chosen = [proposal for proposal in found if proposal.key in ticked]
        try:
            added = actions.include(seat.user, seat.node, chosen, ip=client_ip_text(request))
            message = ngettext(
                "%(n)s proposal is in your report now.", "%(n)s proposals are in your report now.", added
            )
            messages.success(request, message % {"n": added})
        except ReportError as error:
            messages.error(request, str(error))
        return redirect("wishes", slug, seat.node.pk)
    report = queries.report_of(seat.node)
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "rollup",
        "wishes": found[:MOST],
        "count": len(found),
        "units": len({place.pk for proposal in found for place in proposal.places}),
        "may_include": seat.can["edit_report"] and (report is None or report.state in TYPED),
        "report": report,
    }
    return render(request, "reports/wishes.html", context)
