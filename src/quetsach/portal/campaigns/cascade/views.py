"""An officer's own pages: the tasks of today, and the letter with the unit's acts about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns import queries
from quetsach.portal.campaigns.cascade import actions
from quetsach.portal.campaigns.cascade.refusals import REFUSALS
from quetsach.portal.campaigns.forms import SAME_DEADLINE, HeadcountForm, PassOnForm
from quetsach.portal.campaigns.issuing.desk import campaigns_issued, issuing_units
from quetsach.portal.campaigns.issuing.first_run import FirstRun, before_publishing, first_run
from quetsach.portal.campaigns.letter import read_letter
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.campaigns.seat import Seat, homes_of, take_seat
from quetsach.portal.campaigns.tasks import is_readable, looks_on, standings_of, tasks_of, tasks_of_unit
from quetsach.portal.kit.address import absolute
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.units.models import Unit
from quetsach.portal.units.no_role import no_role_of
from quetsach.portal.units.roles import Verb, fits
from quetsach.text.vietnamese import nfc


@login_required
@require_safe
def my_work(request: HttpRequest) -> HttpResponse:
    """Leads from the sign-in to the person's campaign; offers a choice where there are several."""
    assert isinstance(request.user, User)
    homes = homes_of(request, request.user)
    if len(homes) == 1:
        return redirect("today", homes[0].campaign.slug)
    issuing = issuing_units(request.user)
    context = {
        "homes": homes,
        "may_issue": bool(issuing),
        "first_run": None if homes or not issuing else _begin(request.user, issuing),
        "no_role": None if homes else no_role_of(request.user),
    }
    return render(request, "campaigns/my_work.html", context)


def _begin(user: User, issuing: list[Unit]) -> FirstRun | None:
    """The steps up to the first campaign; None if the person's units have run one before."""
    issued = campaigns_issued(user)
    drafts = [one for one in issued if one.status == Campaign.Status.DRAFT]
    if len(drafts) < len(issued):
        return None
    draft = drafts[0] if drafts else None
    return before_publishing(draft.issuer if draft else issuing[0], draft)


@require_safe
def today(request: HttpRequest, slug: str) -> HttpResponse:
    """The open tasks in their order, and the state of the unit."""
    seat = take_seat(request, slug)
    own, below = seat.once(queries.statuses)
    is_looking_on = looks_on(seat)
    tasks = tasks_of_unit(seat) if is_looking_on else tasks_of(seat)
    context = {
        "seat": seat,
        "as_of": timezone.now(),
        "looks_on": is_looking_on,
        "tasks": tasks,
        "closed": {task.url for task in tasks if is_looking_on and not is_readable(task)},
        "standings": standings_of(seat),
        "first_run": first_run(seat),
        "own": own,
        "passed_on": min((s.dispatched_at for s in below if s.dispatched_at), default=None),
        "below": len(below),
        "received": sum(s.acknowledged_at is not None for s in below),
        "deployed": sum(s.participated_at is not None for s in below),
    }
    return render(request, "campaigns/today.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def letter(request: HttpRequest, slug: str) -> HttpResponse:
    """The order, and the unit's own dated acts about it. `act` names the act of a POST."""
    if request.method == "POST":
        act = ACTS.get(request.POST.get("act", ""))
        if act is None:
            raise Http404
        verb, do = act
        return _acted(request, take_seat(request, slug, verb=verb), do)
    return _letter_page(request, take_seat(request, slug))


def _acted(request: HttpRequest, seat: Seat, do: Act) -> HttpResponse:
    try:
        answer = do(request, seat)
    except actions.NotAllowedNowError as error:
        messages.error(request, str(REFUSALS[error.code]))
        answer = None
    return answer or redirect("letter", seat.campaign.slug)


def _letter_page(
    request: HttpRequest, seat: Seat, people: HeadcountForm | None = None, pass_on: PassOnForm | None = None
) -> HttpResponse:
    own, below = queries.statuses(seat.node)
    waiting = [s.node for s in below if s.lacks_letter]
    silent = [s for s in below if s.dispatched_at and not s.acknowledged_at]
    initial = {"informed": own.informed, "done": own.done}
    address = absolute(reverse("campaign_page", args=[seat.campaign.slug]))
    context = {
        "seat": seat,
        "as_of": timezone.now(),
        "letter": read_letter(seat.campaign.letter),
        "own": own,
        "below": below,
        "received": sum(s.acknowledged_at is not None for s in below),
        "deployed": sum(s.participated_at is not None for s in below),
        "waiting": waiting,
        "returned": queries.returned(below),
        "silent": silent,
        "people": people or HeadcountForm(initial={k: v for k, v in initial.items() if v is not None}),
        "pass_on": pass_on or PassOnForm(None, node=seat.node, choices=waiting),
        "address": address,
        "day_below": min((s.node.last_day for s in below), default=seat.node.last_day),
        "may_key": fits(seat.places, Verb.ACT_FOR_BELOW, f"{seat.node.path}_"),
    }
    return render(request, "campaigns/letter.html", context)


def _acknowledge(request: HttpRequest, seat: Seat) -> None:
    actions.acknowledge(seat.node, seat.user, ip=client_ip_text(request))
    messages.success(request, _("Confirmed: %(unit)s has received the letter.") % {"unit": seat.node.name})


def _withdraw_acknowledgement(request: HttpRequest, seat: Seat) -> None:
    actions.withdraw_acknowledgement(seat.node, seat.user, ip=client_ip_text(request))
    messages.success(request, _("The confirmation is taken back."))


def _pass_on(request: HttpRequest, seat: Seat) -> HttpResponse | None:
    form = PassOnForm(request.POST, node=seat.node, choices=queries.not_passed_on(seat.node))
    if not form.is_valid():
        return _letter_page(request, seat, pass_on=form)
    due = form.deadlines()
    ip = client_ip_text(request)
    sent = actions.pass_on(seat.node, form.cleaned_data["children"], seat.user, due=due, ip=ip)
    told = ngettext("Passed on to %(count)d unit.", "Passed on to %(count)d units.", len(sent))
    messages.success(request, told % {"count": len(sent)})
    if any(moment == seat.node.due_at for moment in due.values()):
        messages.warning(request, SAME_DEADLINE)
    return redirect(reverse("letter", args=[seat.campaign.slug]) + "#cap-duoi")


def _return_letter(request: HttpRequest, seat: Seat) -> None:
    reason = nfc(request.POST.get("reason", ""))[:500]
    if not reason:
        messages.error(request, _("Write why the letter is not for your unit."))
        return
    actions.return_letter(seat.node, reason, seat.user, ip=client_ip_text(request))
    messages.success(request, _("The letter is returned; the unit above sees why."))


def _withdraw_dispatch(request: HttpRequest, seat: Seat) -> HttpResponse:
    child = _child(request, seat)
    actions.withdraw_dispatch(child, seat.user, ip=client_ip_text(request))
    messages.success(request, _("%(unit)s: passing on is taken back.") % {"unit": child.name})
    return redirect(reverse("letter", args=[seat.campaign.slug]) + "#cap-duoi")


def _deploy(request: HttpRequest, seat: Seat) -> None:
    actions.deploy(seat.node, seat.user, ip=client_ip_text(request))
    messages.success(
        request, _("Recorded: %(unit)s has carried the campaign out.") % {"unit": seat.node.name}
    )


def _withdraw_deployment(request: HttpRequest, seat: Seat) -> None:
    actions.withdraw_deployment(seat.node, seat.user, ip=client_ip_text(request))
    messages.success(request, _("“Carried out” is taken back."))


def _count_people(request: HttpRequest, seat: Seat) -> HttpResponse | None:
    form = HeadcountForm(request.POST)
    if not form.is_valid():
        return _letter_page(request, seat, people=form)
    informed, done = form.cleaned_data["informed"], form.cleaned_data["done"]
    if queries.counted_by_marks(seat.node):
        text = _(
            "Nothing is changed yet: people mark themselves. Type the numbers here to replace the marks."
        )
        messages.warning(request, text)
        return redirect("people", seat.campaign.slug, seat.node.pk)
    actions.count_people(seat.node, informed, done, seat.user, ip=client_ip_text(request))
    messages.success(request, _("The number of people is saved."))
    staff = seat.node.staff_count
    if staff is not None and informed > staff:
        text = _("%(informed)d people informed, but the unit has declared %(staff)d. Is that right?")
        messages.warning(request, text % {"informed": informed, "staff": staff})
    return redirect(reverse("letter", args=[seat.campaign.slug]) + "#so-nguoi")


def _child(request: HttpRequest, seat: Seat) -> CampaignNode:
    visible = CampaignNode.objects.visible_to(seat.user).filter(parent=seat.node)
    for child in visible:
        if str(child.pk) == request.POST.get("child"):
            return child
    raise Http404


type Act = Callable[[HttpRequest, Seat], HttpResponse | None]
ACTS: dict[str, tuple[Verb, Any]] = {
    "acknowledge": (Verb.ACKNOWLEDGE, _acknowledge),
    "withdraw_acknowledgement": (Verb.ACKNOWLEDGE, _withdraw_acknowledgement),
    "return_letter": (Verb.ACKNOWLEDGE, _return_letter),
    "pass_on": (Verb.PASS_ON, _pass_on),
    "withdraw_dispatch": (Verb.PASS_ON, _withdraw_dispatch),
    "deploy": (Verb.DEPLOY, _deploy),
    "withdraw_deployment": (Verb.DEPLOY, _withdraw_deployment),
    "count_people": (Verb.COUNT_PEOPLE, _count_people),
}
