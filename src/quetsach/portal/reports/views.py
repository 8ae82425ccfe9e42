"""The annex page and what can be done there."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.campaigns.seat import Seat, take_seat
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.reports import actions, queries
from quetsach.portal.reports.annex import FIELDS, load_form, read_entry
from quetsach.portal.reports.errors import BlockedReport, ReportError, StaleReport
from quetsach.portal.reports.forms import Posted, read_annex, read_number
from quetsach.portal.reports.history import histories
from quetsach.portal.reports.models import Report
from quetsach.portal.reports.page import AnnexPage, compare, revision_rows
from quetsach.portal.units.roles import Verb


@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The annex of one unit: its officers fill it in, everybody above reads what was sent."""
    if request.method == "POST":
        return _post_annex(request, take_seat(request, slug, node_id, Verb.EDIT_REPORT))
    seat = take_seat(request, slug, node_id)
    found = queries.report_of(seat.node)
    may_edit = seat.can["edit_report"] and seat.campaign.status == Campaign.Status.PUBLISHED
    if may_edit and (found is None or found.state != Report.State.SUBMITTED):
        data = found.draft if found and found.version else queries.prefilled(seat.node)
        page = AnnexPage(
            seat.node,
            found,
            read_entry(data),
            _lang(),
            speaks=bool(found and found.state == Report.State.DRAFT),
        )
        return _form(request, seat, page, str(uuid7()))
    return _sent(request, seat, found)


@require_POST
def report_check(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """What the rules say of the form as it stands, while it is being typed; nothing is stored."""
    seat = take_seat(request, slug, node_id, Verb.EDIT_REPORT)
    posted = read_annex(request.POST)
    found = queries.report_of(seat.node)
    page = AnnexPage(seat.node, found, read_entry(posted.data), _lang(), ticked=posted.ticked)
    return render(request, "reports/checks.html", {"seat": seat, "page": page, "swap": True})


@require_GET
def report_history(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """Every revision with what changed, and every event."""
    seat = take_seat(request, slug, node_id)
    found = queries.report_of(seat.node)
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "report",
        "report": found,
        "form": load_form(seat.campaign.form),
        "history": histories(found, _lang()) if found else [],
    }
    return render(request, "reports/history.html", context)


@require_POST
def report_withdraw(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """Take a submitted report back."""
    seat = take_seat(request, slug, node_id, Verb.EDIT_REPORT)
    try:
        actions.withdraw(seat.user, seat.node, _number(request), ip=client_ip_text(request))
        messages.success(request, _("The report is withdrawn. Correct it, then send it again."))
    except ReportError as error:
        messages.error(request, str(error))
    return redirect("report", slug, seat.node.pk)


@require_POST
def report_accept(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The superior accepts; from now on the figures count."""
    seat = take_seat(request, slug, node_id, Verb.REVIEW_REPORT)
    try:
        actions.accept(seat.user, seat.node, _number(request), ip=client_ip_text(request))
        messages.success(
            request, _("Accepted: %(unit)s. Its figures are in the total now.") % {"unit": seat.node}
        )
    except ReportError as error:
        messages.error(request, str(error))
    return _after_review(request, seat)


@require_POST
def report_return(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The superior returns the report with a reason."""
    seat = take_seat(request, slug, node_id, Verb.REVIEW_REPORT)
    try:
        actions.send_back(
            seat.user, seat.node, _number(request), request.POST.get("reason", ""), ip=client_ip_text(request)
        )
        messages.success(request, _("Returned to %(unit)s with your reason.") % {"unit": seat.node})
    except ReportError as error:
        messages.error(request, str(error))
        return redirect("report", seat.campaign.slug, seat.node.pk)
    return _after_review(request, seat)


def _post_annex(request: HttpRequest, seat: Seat) -> HttpResponse:
    posted = read_annex(request.POST)
    act = (seat.user, seat.node, posted.data, posted.version)
    try:
        if posted.wants_submit:
            sent = actions.submit(*act, posted.client_uuid, ticked=posted.ticked, ip=client_ip_text(request))
            said = _("Sent as revision %(number)s.") % {"number": sent.number}
        else:
            actions.save_draft(*act, ip=client_ip_text(request))
            said = _("The draft is saved. It has not been sent yet.")
    except BlockedReport:
        page = AnnexPage(
            seat.node, queries.report_of(seat.node), read_entry(posted.data), _lang(), ticked=posted.ticked
        )
        return _form(request, seat, page, str(posted.client_uuid), version=posted.version, status=422)
    except StaleReport as error:
        return _stale(request, seat, posted, error)
    except ReportError as error:
        messages.error(request, str(error))
        return redirect("report", seat.campaign.slug, seat.node.pk)
    messages.success(request, said)
    return redirect("report", seat.campaign.slug, seat.node.pk)


def _form(
    request: HttpRequest,
    seat: Seat,
    page: AnnexPage,
    client_uuid: str,
    version: int | None = None,
    status: int = 200,
) -> HttpResponse:
    found = page.report
    if version is None:
        version = found.version if found else 0
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "report",
        "page": page,
        "report": found,
        "client_uuid": client_uuid,
        "version": version,
        "is_refused": status == 422,
        "returned": queries.last_return(found) if found and found.state == Report.State.RETURNED else None,
    }
    return render(request, "reports/annex.html", context, status=status)


def _sent(request: HttpRequest, seat: Seat, found: Report | None) -> HttpResponse:
    shown = (found.current or found.accepted) if found else None
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "report" if seat.node == seat.home else "rollup",
        "report": found,
        "revision": shown,
        "form": load_form(shown.form if shown else seat.campaign.form),
        "rows": revision_rows(shown) if shown else [],
        "warned": [(w["text"][_lang()[:2]], w["by"]) for w in shown.warnings] if shown else [],
        "returned": queries.last_return(found) if found and found.state == Report.State.RETURNED else None,
        "is_late": bool(shown and seat.node.is_late(shown.at)),
        "may_review": seat.can["review_report"] and seat.campaign.status == Campaign.Status.PUBLISHED,
    }
    return render(request, "reports/sent.html", context)


def _stale(request: HttpRequest, seat: Seat, posted: Posted, error: StaleReport) -> HttpResponse:
    found = error.report
    mine, theirs = read_entry(posted.data).typed, read_entry(found.draft).typed
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "report",
        "report": found,
        "fields": compare(load_form(seat.campaign.form), mine, theirs, _lang()),
        "mine": [(key, mine[key]) for key in FIELDS],
        "client_uuid": posted.client_uuid,
        "may_overwrite": found.state != Report.State.SUBMITTED,
    }
    return render(request, "reports/stale.html", context, status=409)


def _after_review(request: HttpRequest, seat: Seat) -> HttpResponse:
    above = seat.node.parent_id
    if request.POST.get("then") == "rollup" and above is not None:
        return redirect("rollup", seat.campaign.slug, above)
    return redirect("report", seat.campaign.slug, seat.node.pk)


def _number(request: HttpRequest) -> int:
    return read_number(request.POST.get("number", ""))


def _lang() -> str:
    return get_language() or "vi"
