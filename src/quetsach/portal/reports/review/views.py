"""Acts on a sent report, by its unit, the unit's head, and the superior."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from quetsach.portal.campaigns.seat import Seat, take_seat
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.fields import CalendarDay
from quetsach.portal.reports import queries
from quetsach.portal.reports.errors import ReportError
from quetsach.portal.reports.forms import read_number
from quetsach.portal.reports.issuer import take_issuer_seat
from quetsach.portal.reports.locks import grants_of, policy_of
from quetsach.portal.reports.review import actions
from quetsach.portal.units.roles import Verb

type Act = Callable[[HttpRequest, Seat], str]
"""Does one act, and returns the message for the person."""


def _withdraw(request: HttpRequest, seat: Seat) -> str:
    actions.withdraw(seat.user, seat.node, _number(request), ip=client_ip_text(request))
    return _("The report is withdrawn. Correct it, then send it again.")


def _pass_up(request: HttpRequest, seat: Seat) -> str:
    actions.pass_up(seat.user, seat.node, _number(request), ip=client_ip_text(request))
    return _("Sent to the superior.")


def _accept(request: HttpRequest, seat: Seat) -> str:
    actions.accept(seat.user, seat.node, _number(request), ip=client_ip_text(request))
    return _("Accepted: %(unit)s. Its figures are in the total now.") % {"unit": seat.node}


def _send_back(request: HttpRequest, seat: Seat) -> str:
    actions.send_back(seat.user, seat.node, _number(request), _reason(request), ip=client_ip_text(request))
    return _("Returned to %(unit)s with your reason.") % {"unit": seat.node}


def _ask(request: HttpRequest, seat: Seat) -> str:
    actions.ask_amendment(
        seat.user, seat.node, _number(request), _reason(request), ip=client_ip_text(request)
    )
    if seat.node.parent_id is None:
        return _("The report is open again. The accepted revision counts until you send a new one.")
    return _("The superior is asked. The accepted revision goes on counting.")


def _allow(request: HttpRequest, seat: Seat) -> str:
    actions.allow_amendment(seat.user, seat.node, ip=client_ip_text(request))
    return _(
        "%(unit)s can change its report now; the accepted revision counts until the new one is accepted."
    ) % {"unit": seat.node}


def _decline(request: HttpRequest, seat: Seat) -> str:
    actions.decline_amendment(seat.user, seat.node, _reason(request), ip=client_ip_text(request))
    return _("The report of %(unit)s stays as it was accepted.") % {"unit": seat.node}


def _unlock(request: HttpRequest, seat: Seat) -> str:
    days = min(max(read_number(request.POST.get("days", "3")), 1), 90)
    until = timezone.now() + timedelta(days=days)
    with_below = request.POST.get("with_below") == "1"
    actions.unlock(
        seat.user, seat.node, until, _reason(request), with_below=with_below, ip=client_ip_text(request)
    )
    return ngettext("Unlocked for %(days)s day.", "Unlocked for %(days)s days.", days) % {"days": days}


def _revoke(request: HttpRequest, seat: Seat) -> str:
    for grant in grants_of(seat.node):
        if str(grant.pk) == request.POST.get("grant"):
            actions.revoke(seat.user, grant, ip=client_ip_text(request))
    return _("Locked again.")


ACTS: dict[str, tuple[Verb, Act]] = {
    "withdraw": (Verb.EDIT_REPORT, _withdraw),
    "pass_up": (Verb.APPROVE_REPORT, _pass_up),
    "return_inside": (Verb.APPROVE_REPORT, _send_back),
    "accept": (Verb.REVIEW_REPORT, _accept),
    "return": (Verb.REVIEW_REPORT, _send_back),
    "ask": (Verb.EDIT_REPORT, _ask),
    "allow": (Verb.REVIEW_REPORT, _allow),
    "decline": (Verb.REVIEW_REPORT, _decline),
    "unlock": (Verb.REVIEW_REPORT, _unlock),
    "revoke": (Verb.REVIEW_REPORT, _revoke),
}
"""The last part of the address: the right that it needs, and the act."""


@require_POST
def report_act(request: HttpRequest, slug: str, node_id: UUID, deed: str) -> HttpResponse:
    """One act on one report; 404 for an unknown act, and for people without the right."""
    if deed not in ACTS:
        raise Http404
    verb, act = ACTS[deed]
    seat = take_seat(request, slug, node_id, verb)
    try:
        messages.success(request, act(request, seat))
    except ReportError as error:
        messages.error(request, str(error))
        return redirect("report", slug, seat.node.pk)
    above = seat.node.parent_id
    if request.POST.get("then") == "rollup" and above is not None:
        return redirect("rollup", slug, above)
    return redirect("report", slug, seat.node.pk)


class PolicyForm(forms.Form):
    """A campaign's policy for reports."""

    head_review = forms.BooleanField(required=False)
    grace_until = CalendarDay(
        required=False,
        input_formats=["%d/%m/%Y", "%Y-%m-%d"],
        error_messages={"invalid": gettext_lazy("Write the day as dd/mm/yyyy, such as 30/09/2026.")},
    )


@require_http_methods(["GET", "POST"])
def policy(request: HttpRequest, slug: str) -> HttpResponse:
    """The issuer sets whether heads of units review first, and until when reports may change."""
    seat = take_issuer_seat(request, slug)
    found = policy_of(seat.campaign)
    last = timezone.localtime(found.grace_until - timedelta(seconds=1)) if found.grace_until else None
    initial = {"head_review": found.head_review, "grace_until": f"{last:%d/%m/%Y}" if last else ""}
    form = PolicyForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        day = form.cleaned_data["grace_until"]
        until = (
            timezone.make_aware(datetime(day.year, day.month, day.day)) + timedelta(days=1) if day else None
        )
        try:
            actions.set_policy(
                seat.user,
                seat.campaign,
                head_review=form.cleaned_data["head_review"],
                grace_until=until,
                ip=client_ip_text(request),
            )
            messages.success(request, _("Saved. It applies from now on."))
            return redirect("report_policy", slug)
        except ReportError as error:
            form.add_error("grace_until", str(error))
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "rollup",
        "form": form,
        "annex": queries.form_of(seat.node),
        "grants": grants_of(seat.node, with_below=True),
    }
    return render(request, "reports/policy.html", context, status=422 if form.is_bound else 200)


def _number(request: HttpRequest) -> int:
    return read_number(request.POST.get("number", ""))


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "")
