"""Enterprises and other bodies of a unit's territory: the list, marks for many or one, paper, undo."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from quetsach.portal.campaigns.cascade.actions import NotAllowedNowError
from quetsach.portal.campaigns.seat import Seat, take_seat
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.people import body_actions, queries
from quetsach.portal.people.body_actions import TaxCodeTakenError
from quetsach.portal.people.body_plan import fields_of
from quetsach.portal.people.forms import BodyForm, MarkManyForm
from quetsach.portal.people.models import Body, BodyChange
from quetsach.portal.people.refusals import REFUSALS, taken
from quetsach.portal.units.roles import Verb

A_PAGE = 250
ON_PAPER = 400


@require_http_methods(["GET", "HEAD", "POST"])
def bodies(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The bodies on the unit's territory. Ticked bodies, or all results of the search, are marked at once."""
    if request.method == "POST":
        return _acted(request, take_seat(request, slug, node_id, verb=Verb.COUNT_PEOPLE))
    return _page(request, take_seat(request, slug, node_id))


def _asked(request: HttpRequest) -> tuple[str, str]:
    return request.GET.get("tim", "")[:100], request.GET.get("xem", "")


def _page(request: HttpRequest, seat: Seat, form: MarkManyForm | None = None) -> HttpResponse:
    text, state = _asked(request)
    found = queries.bodies_of(seat.user, seat.node, text=text, state=state)
    page = Paginator(found, A_PAGE).get_page(request.GET.get("trang"))
    context = {
        "seat": seat,
        "page": page,
        "sums": queries.body_sums(seat.node),
        "form": form or MarkManyForm(initial={"day": timezone.localdate()}),
        "text": text,
        "state": state,
        "last": queries.last_change(seat.node),
        "is_sieved": bool(text or state),
    }
    return render(request, "people/bodies.html", context, status=422 if form else 200)


def _acted(request: HttpRequest, seat: Seat) -> HttpResponse:
    do, ip = request.POST.get("do", ""), client_ip_text(request)
    back = redirect(
        reverse("bodies", args=[seat.campaign.slug, seat.node.pk])
        + (f"?{request.GET.urlencode()}" if request.GET else "")
    )
    try:
        if do == "undo":
            return _undo(request, seat) or back
        if do not in ("inform", "deploy", "clear", "remove"):
            raise Http404
        ticked = _ticked(request, seat)
        if not ticked:
            messages.error(request, _("Tick at least one organisation."))
            return back
        if do == "remove":
            count = body_actions.remove(seat.node, ticked, seat.user, ip=ip)
        elif do == "clear":
            count = body_actions.set_marks(seat.node, ticked, {"informed_on": None}, seat.user, ip=ip)
        else:
            form = MarkManyForm(request.POST)
            if not form.is_valid():
                return _page(request, seat, form)
            channel, day = form.cleaned_data["channel"], form.cleaned_data["day"]
            if do == "deploy":
                count = body_actions.deploy_many(seat.node, ticked, day, channel, seat.user, ip=ip)
            else:
                marks = {"informed_on": day, "channel": channel}
                count = body_actions.set_marks(seat.node, ticked, marks, seat.user, ip=ip)
    except NotAllowedNowError as error:
        messages.error(request, str(REFUSALS[error.code]))
        return back
    text = ngettext("%(count)d organisation changed.", "%(count)d organisations changed.", count)
    messages.success(request, f"{text % {'count': count}} {_('You can undo this below.')}")
    return back


def _ticked(request: HttpRequest, seat: Seat) -> list[int]:
    """The ticked bodies; with `all`, every result of the search."""
    if request.POST.get("all"):
        text, state = _asked(request)
        found = queries.bodies_of(seat.user, seat.node, text=text, state=state)
        return list(found.values_list("pk", flat=True))
    return [int(text) for text in request.POST.getlist("b") if text.isdecimal() and len(text) < 19]


def _undo(request: HttpRequest, seat: Seat) -> HttpResponse | None:
    rows = BodyChange.objects.visible_to(seat.user).filter(node=seat.node)
    change = next((row for row in rows[:5] if str(row.pk) == request.POST.get("change")), None)
    if change is None:
        raise Http404
    try:
        if body_actions.undo(change, seat.user, ip=client_ip_text(request)):
            messages.success(request, _("Undone: the list is as it was before."))
        else:
            messages.error(request, _("Something else was changed after it. Look at the list again."))
    except TaxCodeTakenError as error:
        messages.error(request, taken(error))
    return None


@require_http_methods(["GET", "HEAD", "POST"])
def body(request: HttpRequest, slug: str, node_id: UUID, body_id: int) -> HttpResponse:
    """One body: its identity, when and how it was informed, and its persons."""
    verb = Verb.COUNT_PEOPLE if request.method == "POST" else Verb.READ
    seat = take_seat(request, slug, node_id, verb=verb)
    row = Body.objects.visible_to(seat.user).filter(node=seat.node, pk=body_id).first()
    if row is None:
        raise Http404
    if request.method == "POST" and request.POST.get("do") == "remove":
        return _acted_on_one(request, seat, row)
    initial: dict[str, Any] = fields_of(row)
    form = BodyForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            body_actions.correct(row, form.cleaned_data, seat.user, ip=client_ip_text(request))
        except TaxCodeTakenError as error:
            form.add_error("tax_code", taken(error))
        except NotAllowedNowError as error:
            form.add_error(None, str(REFUSALS[error.code]))
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": row.name})
            return redirect("bodies", slug, node_id)
    context = {"seat": seat, "body": row, "form": form}
    return render(request, "people/body.html", context, status=422 if form.errors else 200)


def _acted_on_one(request: HttpRequest, seat: Seat, row: Body) -> HttpResponse:
    try:
        body_actions.remove(seat.node, [row.pk], seat.user, ip=client_ip_text(request))
        messages.success(request, _("%(name)s is off the list. You can undo this.") % {"name": row.name})
    except NotAllowedNowError as error:
        messages.error(request, str(REFUSALS[error.code]))
    return redirect("bodies", seat.campaign.slug, seat.node.pk)


@require_safe
def round_sheet(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The sheet for a walk from house to house: bodies not informed yet, by address, with empty boxes."""
    seat = take_seat(request, slug, node_id)
    text, state = _asked(request)
    found = queries.bodies_of(seat.user, seat.node, text=text, state=state or "chua")
    page = Paginator(found.order_by("address", "search_key"), ON_PAPER).get_page(request.GET.get("trang"))
    return render(request, "people/round_sheet.html", {"seat": seat, "page": page})
