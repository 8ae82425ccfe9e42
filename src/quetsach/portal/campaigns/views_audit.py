"""The audit trail of a coordinator's part of the tree."""

from __future__ import annotations

import re

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from quetsach.portal.audit import queries as trail
from quetsach.portal.audit.actions import first_broken_entry
from quetsach.portal.audit.lines import lines
from quetsach.portal.audit.models import Entry
from quetsach.portal.audit.sentences import SENTENCES
from quetsach.portal.campaigns.cascade.deadline import DAYS
from quetsach.portal.campaigns.forms import BAD_DAY
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.seat import take_seat
from quetsach.portal.kit.fields import CalendarDay
from quetsach.portal.units.roles import Verb

A_PAGE = 25
CHECKED_AT_ONCE = 5_000
"""With at most so many entries the chain is checked for each page; with more, when the reader asks."""

_FIELD = re.compile(r"(%\(\w+\)s|…)+")
_EXPLAINS = re.compile(r"[:.] …$")


class FilterForm(forms.Form):
    """All fields may stay empty."""

    action = forms.CharField(required=False, max_length=60)
    person = forms.CharField(required=False, max_length=100)
    unit = forms.UUIDField(required=False)
    first = CalendarDay(required=False, input_formats=DAYS, error_messages=BAD_DAY)
    last = CalendarDay(required=False, input_formats=DAYS, error_messages=BAD_DAY)


@require_safe
def audit(request: HttpRequest, slug: str) -> HttpResponse:
    """The trail below the reader's home, newest first, with the result of the chain's check."""
    seat = take_seat(request, slug, verb=Verb.READ_AUDIT)
    form = FilterForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    nodes = CampaignNode.objects.visible_to(seat.user).filter(campaign=seat.campaign)
    unit = nodes.filter(pk=asked["unit"]).first() if asked.get("unit") else None
    wanted = trail.Wanted(
        path=(unit or seat.node).path,
        action=asked.get("action", ""),
        person=asked.get("person", ""),
        first=asked.get("first"),
        last=asked.get("last"),
    )
    page = Paginator(trail.entries(wanted), A_PAGE).get_page(request.GET.get("trang"))
    shown = list(page)
    names = dict(nodes.filter(path__in={e.unit_path for e in shown}).values_list("path", "name"))
    check = "check" in request.GET or Entry.objects.count() <= CHECKED_AT_ONCE
    context = {
        "seat": seat,
        "form": form,
        "page": page,
        "lines": lines(shown, names),
        "narrow": bool(form.errors or any(asked.values())),
        "actions": [(code, title(code)) for code in trail.actions_below(seat.node.path)],
        "units": nodes.filter(parent=seat.node).order_by("position", "name"),
        "checked": check,
        "broken": first_broken_entry() if check else None,
        "total": Entry.objects.count(),
    }
    return render(request, "campaigns/audit.html", context)


def title(code: str) -> str:
    """The sentence of an action code with dots for its fields, without the explanation at its end."""
    text = _FIELD.sub("…", str(SENTENCES.get(code, code)))
    return _EXPLAINS.sub("", text)
