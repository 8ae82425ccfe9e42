"""A unit's own people: the number or marks that count, the signed sheet, and the portal's figures."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from quetsach.portal.campaigns.cascade.actions import NotAllowedNowError
from quetsach.portal.campaigns.proofs import NotAProofError, download, keep
from quetsach.portal.campaigns.seat import Seat, take_seat
from quetsach.portal.kit.address import absolute
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.qr import page_qr
from quetsach.portal.kit.refusals import note_form
from quetsach.portal.people import actions, queries
from quetsach.portal.people.forms import PeopleForm
from quetsach.portal.people.models import DAYS_TO_PUT_BACK, Kind, MarkLink, SignSheet
from quetsach.portal.people.refusals import REFUSALS
from quetsach.portal.units.roles import Verb


@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The numbers of people, the sheet, and each kind's way of counting."""
    if request.method != "POST":
        return _page(request, take_seat(request, slug, node_id))
    seat = take_seat(request, slug, node_id, verb=Verb.COUNT_PEOPLE)
    do = DEEDS.get(request.POST.get("do", ""))
    if do is None:
        raise Http404
    try:
        answer = do(request, seat)
    except NotAllowedNowError as error:
        messages.error(request, str(REFUSALS[error.code]))
        answer = None
    return answer or redirect("people", slug, node_id)


def _page(
    request: HttpRequest, seat: Seat, form: PeopleForm | None = None, asked: str = "", status: int = 200
) -> HttpResponse:
    countings = queries.countings(seat.node)
    initial = {c.kind: c.count for c in countings if c.count is not None}
    context = {
        "seat": seat,
        "countings": countings,
        "is_by_marks": any(c.is_by_marks for c in countings),
        "form": form or PeopleForm(initial=initial),
        "sheets": queries.sheets_of(seat.user, seat.node),
        "put_back_days": DAYS_TO_PUT_BACK,
        "sums": queries.body_sums(seat.node),
        "asked": asked,
        "before": initial,
    }
    return render(request, "people/people.html", context, status=status)


def _headcount(request: HttpRequest, seat: Seat) -> HttpResponse | None:
    """Set two numbers; where marks count now, they are replaced only after a question."""
    form = PeopleForm(request.POST, request.FILES)
    if not form.is_valid():
        note_form(request, form)
        return _page(request, seat, form, status=422)
    running = [c for c in queries.countings(seat.node) if c.is_by_marks]
    if running and request.POST.get("sure") != "yes":
        return _page(request, seat, form, asked="headcount", status=422)
    given = form.cleaned_data
    try:
        sheet = keep(given["sheet"], "people") if given["sheet"] else None
    except NotAProofError as error:
        form.add_error("sheet", error.told())
        return _page(request, seat, form, status=422)
    counts = {kind.value: given[kind.value] for kind in Kind}
    actions.enter_headcount(seat.node, counts, seat.user, sheet=sheet, ip=client_ip_text(request))
    text = _("Saved. What counts now: %(informed)d informed, %(done)d done, as you typed.")
    messages.success(request, text % counts)
    staff = seat.node.staff_count
    if staff is not None and counts["informed"] > staff:
        text = _("%(informed)d people informed, but the unit has declared %(staff)d. Is that right?")
        messages.warning(request, text % {"informed": counts["informed"], "staff": staff})
    return None


def _marks(request: HttpRequest, seat: Seat) -> HttpResponse | None:
    """Switch from a number to marks; a question comes first if there is a number already."""
    kind = _kind(request)
    counting = next(c for c in queries.countings(seat.node) if c.kind == kind)
    if counting.count is not None and not counting.is_by_marks and request.POST.get("sure") != "yes":
        return _page(request, seat, asked=kind, status=422)
    actions.count_by_marks(seat.node, kind, seat.user, ip=client_ip_text(request))
    text = _("What counts now: the marks, %(n)d so far. Hang up the sheet or send the link.")
    messages.success(request, text % {"n": counting.marks})
    return None


def _renew(request: HttpRequest, seat: Seat) -> None:
    actions.renew_link(seat.node, _kind(request), seat.user, ip=client_ip_text(request))
    messages.success(request, _("The old link no longer works. Hang up the new sheet."))


def _remove_sheet(request: HttpRequest, seat: Seat) -> None:
    if actions.remove_sheet(_sheet(request, seat), seat.user, ip=client_ip_text(request)):
        text = _("Removed. Nobody opens it any more; you can put it back for %(n)d days.")
        messages.success(request, text % {"n": DAYS_TO_PUT_BACK})


def _put_sheet_back(request: HttpRequest, seat: Seat) -> None:
    if actions.put_sheet_back(_sheet(request, seat), seat.user, ip=client_ip_text(request)):
        messages.success(request, _("The sheet is back."))
    else:
        messages.error(request, _("It is too late: the sheet is gone. Add its photo once more."))


def _sheet(request: HttpRequest, seat: Seat) -> SignSheet:
    wanted = request.POST.get("sheet", "")
    sheet = next((s for s in queries.sheets_of(seat.user, seat.node) if str(s.pk) == wanted), None)
    if sheet is None:
        raise Http404
    return sheet


def _kind(request: HttpRequest) -> str:
    kind = request.POST.get("kind", "")
    if kind not in Kind.values:
        raise Http404
    return kind


DEEDS: dict[str, Any] = {
    "headcount": _headcount,
    "marks": _marks,
    "renew": _renew,
    "remove_sheet": _remove_sheet,
    "put_sheet_back": _put_sheet_back,
}


@require_safe
def mark_sheet(request: HttpRequest, slug: str, node_id: UUID, kind: str) -> HttpResponse:
    """The sheet for the wall: one QR code, one address, one instruction."""
    seat = take_seat(request, slug, node_id, verb=Verb.COUNT_PEOPLE)
    link = MarkLink.objects.visible_to(seat.user).filter(node=seat.node, kind=kind).first()
    if link is None:
        raise Http404
    path = reverse("mark", args=[link.token])
    return render(
        request,
        "people/mark_sheet.html",
        {"seat": seat, "link": link, "address": absolute(path), "qr": page_qr(path, 8)},
    )


@require_safe
def sign_sheet(request: HttpRequest, slug: str, sheet_id: UUID) -> FileResponse:
    """A sheet with people's signatures."""
    seat = take_seat(request, slug)
    rows = SignSheet.objects.visible_to(seat.user).filter(node__campaign=seat.campaign, removed_at=None)
    sheet = rows.filter(pk=sheet_id).first()
    if sheet is None:
        raise Http404
    return download(sheet.file, sheet.file_name)


@require_safe
def known(request: HttpRequest, slug: str, node_id: UUID, row: str) -> HttpResponse:
    """The portal's value for one figure of the annex, with every row that it counts."""
    seat = take_seat(request, slug, node_id)
    what = queries.ROWS.get(row)
    if what is None:
        raise Http404
    all_rows, is_people = queries.known_of(seat.node), row in ("r2", "r4")
    sums = all_rows.bodies
    kind = {"r2": Kind.INFORMED, "r4": Kind.DONE}.get(row)
    grounds = queries.grounds(seat.node, what)
    counting = next((c for c in queries.countings(seat.node) if c.kind == kind), None) if kind else None
    context = {
        "seat": seat,
        "row": row,
        "what": what,
        "total": all_rows.figures[row],
        "own": counting.count if counting else len(grounds),
        "bodies": sums.of(row),
        "sums": sums,
        "is_people": is_people,
        "grounds": grounds,
        "counting": counting,
        "by_day": queries.marks_by_day(seat.node, kind) if kind else [],
        "filter": "da-bao" if row in ("r1", "r2") else "xong",
        "others": [other for other in queries.ROWS if other != row],
    }
    return render(request, "people/known.html", context)
