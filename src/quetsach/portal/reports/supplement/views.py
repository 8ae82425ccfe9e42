"""The page of the supplementary report: read it, send it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from quetsach.portal.campaigns.seat import take_seat
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.reports import queries
from quetsach.portal.reports.errors import ReportError
from quetsach.portal.reports.forms import read_annex, read_number
from quetsach.portal.reports.supplement.actions import send_supplement
from quetsach.portal.reports.supplement.changes import supplement_of
from quetsach.portal.units.roles import Verb


@require_http_methods(["GET", "POST"])
def supplement(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The changes below since the report was sent; a POST sends a revision with the new sums."""
    verb = Verb.EDIT_REPORT if request.method == "POST" else Verb.READ
    seat = take_seat(request, slug, node_id, verb)
    if request.method == "POST":
        posted = read_annex(request.POST, ())
        try:
            number = read_number(request.POST.get("number", ""))
            sent = send_supplement(
                seat.user, seat.node, number, posted.client_uuid, ip=client_ip_text(request)
            )
            messages.success(request, _("Sent as revision %(number)s.") % {"number": sent.number})
        except ReportError as error:
            messages.error(request, str(error))
        return redirect("report", slug, seat.node.pk)
    report = queries.report_of(seat.node)
    found = supplement_of(seat.node, report)
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "rollup",
        "report": report,
        "found": found,
        "rows": [
            (row, found.before.row(row.key), found.now.row(row.key))
            for row in queries.form_of(seat.node).rows
        ]
        if found
        else [],
        "client_uuid": uuid7(),
    }
    return render(request, "reports/supplement.html", context)
