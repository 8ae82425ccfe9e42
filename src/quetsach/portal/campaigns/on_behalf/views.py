"""The page on which a superior enters acts that a unit below did on paper or by phone, with their proof."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from quetsach.portal.campaigns import queries
from quetsach.portal.campaigns.cascade import actions
from quetsach.portal.campaigns.cascade.actions import NotAllowedNowError
from quetsach.portal.campaigns.cascade.refusals import REFUSALS
from quetsach.portal.campaigns.forms import SAME_DEADLINE, DeadlineForm
from quetsach.portal.campaigns.models import KeyedAct
from quetsach.portal.campaigns.on_behalf import actions as entries
from quetsach.portal.campaigns.on_behalf.actions import Told
from quetsach.portal.campaigns.on_behalf.forms import OnBehalfForm
from quetsach.portal.campaigns.proofs import NotAProofError, Proof, download, keep
from quetsach.portal.campaigns.seat import Seat, take_seat
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.refusals import note_form
from quetsach.portal.units.roles import Verb


@require_http_methods(["GET", "HEAD", "POST"])
def on_behalf(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The acts entered for the unit, and the form for a new one."""
    seat = take_seat(request, slug, node_id, verb=Verb.ACT_FOR_BELOW)
    if request.method != "POST":
        return _page(request, seat)
    if request.POST.get("do") == "withdraw":
        return _withdraw(request, seat)
    if request.POST.get("do") == "deadline":
        return _set_deadline(request, seat)
    form = OnBehalfForm(request.POST, request.FILES)
    if not form.is_valid():
        note_form(request, form)
        return _page(request, seat, form)
    given = form.cleaned_data
    try:
        proof: Proof | None = keep(given["file"], "keyed") if given["file"] else None
        evidence = Told(given["day"], given["channel"], given["reason"], proof)
        people = (given["informed"] or 0, given["done"] or 0)
        entries.enter_for(
            seat.node, given["act"], evidence, seat.user, people=people, ip=client_ip_text(request)
        )
    except NotAProofError as error:
        form.add_error("file", error.told())
        return _page(request, seat, form)
    except NotAllowedNowError as error:
        form.add_error("act", str(REFUSALS[error.code]))
        return _page(request, seat, form)
    messages.success(request, _("Entered for %(unit)s.") % {"unit": seat.node.name})
    return redirect("keyed", slug, node_id)


def _withdraw(request: HttpRequest, seat: Seat) -> HttpResponse:
    rows = KeyedAct.objects.visible_to(seat.user).filter(node=seat.node)
    row = next((r for r in rows if str(r.pk) == request.POST.get("keyed")), None)
    if row is None:
        raise Http404
    try:
        entries.withdraw_entry(row, seat.user, ip=client_ip_text(request))
        messages.success(request, _("What was entered is taken back."))
    except NotAllowedNowError as error:
        messages.error(request, str(REFUSALS[error.code]))
    return redirect("keyed", seat.campaign.slug, seat.node.pk)


def _may_set_deadline(seat: Seat) -> bool:
    return seat.node.parent_id == seat.home.pk and seat.may(Verb.PASS_ON, seat.home)


def _set_deadline(request: HttpRequest, seat: Seat) -> HttpResponse:
    if not _may_set_deadline(seat):
        raise Http404
    form = DeadlineForm(request.POST)
    if not form.is_valid():
        return _page(request, seat, deadline=form)
    moment = form.first_late_moment()
    try:
        actions.set_deadline(seat.home, seat.node, moment, seat.user, ip=client_ip_text(request))
    except NotAllowedNowError as error:
        form.add_error("deadline", str(REFUSALS[error.code]))
        return _page(request, seat, deadline=form)
    messages.success(request, _("%(unit)s has a new deadline.") % {"unit": seat.node.name})
    if moment == seat.home.due_at:
        messages.warning(request, SAME_DEADLINE)
    return redirect("keyed", seat.campaign.slug, seat.node.pk)


def _page(
    request: HttpRequest, seat: Seat, form: OnBehalfForm | None = None, deadline: DeadlineForm | None = None
) -> HttpResponse:
    rows = KeyedAct.objects.visible_to(seat.user).filter(node=seat.node).select_related("by")
    context = {
        "seat": seat,
        "form": form or OnBehalfForm(initial={"day": timezone.localdate()}),
        "deadline": deadline or DeadlineForm(),
        "own": queries.status_of(seat.node),
        "rows": rows,
        "today": timezone.localdate(),
        "above": seat.home,
        "may_set_deadline": _may_set_deadline(seat),
    }
    return render(request, "campaigns/keyed.html", context)


@require_safe
def proof_file(request: HttpRequest, slug: str, keyed_id: UUID) -> FileResponse:
    """The file that proves one entered act."""
    seat = take_seat(request, slug)
    rows = KeyedAct.objects.visible_to(seat.user).filter(node__campaign=seat.campaign).exclude(file="")
    row = rows.filter(pk=keyed_id).first()
    if row is None:
        raise Http404
    return download(row.file, row.file_name)
