"""The page of false alarms: those that wait for a second person, and those that hold."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from quetsach.portal.campaigns.seat import Seat, take_seat, take_seat_asked
from quetsach.portal.cases.actions import CaseError
from quetsach.portal.cases.false_alarms import actions, queries
from quetsach.portal.cases.false_alarms.covering import would_close
from quetsach.portal.cases.forms import AgreeForm, ReasonForm
from quetsach.portal.cases.models import FalseAlarm
from quetsach.portal.cases.named import names_of
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.units.models import places_of

PAGE = 25
NAMED = 10
"""Units that are named."""
AGREE, REFUSE, END = "dong-y", "khong-dong-y", "rut"
DEEDS = (AGREE, REFUSE, END)


@require_GET
def false_alarms(request: HttpRequest, slug: str) -> HttpResponse:
    """False alarms of machines of the unit and below, and those on which its people decide."""
    return _page(request, take_seat_asked(request, slug))


@require_POST
def decide(request: HttpRequest, slug: str, alarm_id: UUID, deed: str) -> HttpResponse:
    """Agree, do not agree, or take back what holds."""
    seat, alarm = _find(request, slug, alarm_id)
    is_mine = queries.may_decide(alarm, seat.user, seat.places)
    if deed == END:
        is_mine = queries.may_end(alarm, seat.places)
    if deed not in DEEDS or not is_mine:
        raise Http404
    form = (AgreeForm if deed == AGREE else ReasonForm)(request.POST)
    if not form.is_valid():
        return _page(
            request, seat, alarm, " ".join(str(one) for those in form.errors.values() for one in those)
        )
    reason, ip = form.cleaned_data["reason"], client_ip_text(request)
    try:
        if deed == AGREE:
            n = actions.agree(alarm, seat.user, reason, ip)
            told = ngettext("Agreed: %(n)d case was closed.", "Agreed: %(n)d cases were closed.", n) % {
                "n": n
            }
        elif deed == REFUSE:
            actions.refuse(alarm, seat.user, reason, ip)
            told = _("Not agreed. The case goes on.")
        else:
            n = actions.take_back(alarm, seat.user, reason, ip)
            told = ngettext(
                "Taken back: %(n)d case is open as it was.",
                "Taken back: %(n)d cases are open as they were.",
                n,
            ) % {"n": n}
            if not n:
                told = _("Taken back. No case opens again: none was kept closed by it.")
    except CaseError as error:
        return _page(request, seat, alarm, str(error))
    messages.success(request, told)
    if request.POST.get("ve") == "may":
        return redirect("case", slug, alarm.case_id)
    return redirect(f"{reverse('false_alarms', args=[slug])}?don-vi={seat.node.pk}")


def _find(request: HttpRequest, slug: str, alarm_id: UUID) -> tuple[Seat, FalseAlarm]:
    """The false alarm, and the seat: at the node that is asked, if the person serves there, or its unit."""
    rows = FalseAlarm.objects.visible_to(request.user).filter(pk=alarm_id, case__device__campaign__slug=slug)
    related = ("case__device__owner", "case__device__campaign__issuer", "by", "decider")
    alarm = rows.select_related(*related).first()
    if alarm is None:
        raise Http404
    decider = alarm.decider
    is_asked = decider is not None and any(path == decider.path for _role, path in places_of(request.user))
    return take_seat(request, slug, alarm.decider_id if is_asked else alarm.node_id), alarm


class Closing(NamedTuple):
    """The cases that agreeing would close now, and the units with most of them."""

    cases: int
    units: list[tuple[str, int]]
    more: int


def _closing(by_unit: Counter[str]) -> Closing:
    return Closing(by_unit.total(), by_unit.most_common(NAMED), max(0, len(by_unit) - NAMED))


def _page(
    request: HttpRequest, seat: Seat, wrong: FalseAlarm | None = None, problem: str = ""
) -> HttpResponse:
    page = Paginator(queries.shown(seat.node, seat.user), PAGE).get_page(request.GET.get("trang"))
    asked = [alarm for alarm in page if queries.may_decide(alarm, seat.user, seat.places)]
    # A machine that went to another unit: what that unit wrote of it since is not told here.
    here = {one.pk for one in page if one.case.device.owner.path.startswith(seat.node.path)}
    closes = would_close(seat.campaign, asked)
    names = names_of([alarm.case for alarm in page if alarm.pk in here])
    rows = [
        (
            alarm,
            alarm in asked,
            _closing(closes[alarm.pk]) if alarm.pk in closes else None,
            opened := queries.opened_again(alarm) if alarm.pk in here else None,
            # Of a single case that is open again nothing is left to take back.
            not (opened and alarm.scope_of == FalseAlarm.Scope.CASE) and queries.may_end(alarm, seat.places),
            problem if wrong is not None and wrong.pk == alarm.pk else "",
            names.get(alarm.case_id),
            alarm.pk not in here,
        )
        for alarm in page
    ]
    earlier = queries.without_a_second(seat.node, seat.user) if page.number == 1 else []
    context = {"seat": seat, "door": "cases", "page": page, "rows": rows, "earlier": earlier}
    return render(request, "cases/false_alarms.html", context, status=422 if problem else 200)
