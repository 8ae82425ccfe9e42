"""Reminders: the rules of a campaign, and today's list of messages to send by hand."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from quetsach.portal.campaigns.issuing.desk import Desk, sit_down
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.campaigns.reminders import actions
from quetsach.portal.campaigns.reminders.audiences import AUDIENCES
from quetsach.portal.campaigns.reminders.forms import DaysOffForm, RuleForm, written
from quetsach.portal.campaigns.reminders.queries import sent, to_send
from quetsach.portal.campaigns.reminders.wording import Ways
from quetsach.portal.campaigns.seat import take_seat
from quetsach.portal.campaigns.workdays import calendar_of, known_years
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.units.roles import Verb

GET_OR_POST = ["GET", "HEAD", "POST"]
_DAYS = "off-%s"
"""Prefix pattern of the fields for days off, since the rules on the same page have days too."""


@require_http_methods(GET_OR_POST)
def reminders(request: HttpRequest, slug: str) -> HttpResponse:
    """The messages to units directly below that must be sent by hand."""
    seat = take_seat(request, slug, verb=Verb.PASS_ON)
    found = to_send(seat.node, Ways.to(slug, request.build_absolute_uri))
    if request.method == "POST":
        ticked = set(request.POST.getlist("reminder"))
        done = [item.reminder for item in found if str(item.reminder.pk) in ticked]
        count = actions.mark_sent(done, seat.user, seat.node.path, ip=client_ip_text(request))
        text = ngettext("%(n)d reminder is noted as sent.", "%(n)d reminders are noted as sent.", count)
        messages.success(request, text % {"n": count})
        return redirect("reminders", slug)
    context = {"seat": seat, "items": found, "sent": sent(seat.node)}
    return render(request, "campaigns/reminders.html", context)


@require_http_methods(GET_OR_POST)
def reminder_rules(request: HttpRequest, slug: str) -> HttpResponse:
    """The campaign's rules for reminders, and its days off."""
    desk = sit_down(request, slug)
    if desk.seat is None:
        raise Http404
    rule, days = RuleForm(), DaysOffForm(auto_id=_DAYS, initial={"days": written(desk.campaign.days_off)})
    if request.method == "POST":
        act, ip = request.POST.get("act"), client_ip_text(request)
        if act == "remove":
            _remove(request, desk)
            return redirect("reminder_rules", slug)
        if act == "days":
            days = DaysOffForm(request.POST, auto_id=_DAYS)
            if days.is_valid():
                actions.set_days_off(desk.campaign, days.cleaned_data["days"], desk.user, ip=ip)
                messages.success(request, _("The days are saved."))
                return redirect("reminder_rules", slug)
        else:
            rule = RuleForm(request.POST)
            if rule.is_valid():
                given = rule.cleaned_data
                actions.add_rule(
                    desk.campaign, rule.offset, given["audience"], given["channel"], given["text"],
                    desk.user, ip=ip,
                )  # fmt: skip
                messages.success(request, _("The rule is saved."))
                return redirect("reminder_rules", slug)
    calendar, due_at = calendar_of(desk.campaign), desk.campaign.due_at
    context = {
        "seat": desk.seat,
        "door": "campaign_list",
        "campaign": desk.campaign,
        "rules": [
            (
                r,
                abs(r.offset),
                AUDIENCES[r.audience].label,
                actions.remind_day(calendar, due_at, r.offset),
            )
            for r in desk.campaign.reminder_rules.all()
            if r.audience in AUDIENCES
        ],
        "form": rule,
        "days": days,
        "years": known_years(),
        "year_is_known": desk.campaign.last_day.year in known_years(),
        "can_email": settings.CAN_EMAIL,
        "is_open": desk.campaign.status == Campaign.Status.PUBLISHED,
    }
    return render(request, "campaigns/reminder_rules.html", context)


def _remove(request: HttpRequest, desk: Desk) -> None:
    wanted = request.POST.get("rule", "")
    rule = next((r for r in desk.campaign.reminder_rules.all() if str(r.pk) == wanted), None)
    if rule is None:
        raise Http404
    actions.remove_rule(rule, desk.user, ip=client_ip_text(request))
    messages.success(request, _("The rule is removed."))
