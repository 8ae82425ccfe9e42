"""The page of one group of doubtful entries of a list: search, keep, leave out, take back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from quetsach.indicators.guard import Group
from quetsach.portal.campaigns.seat import Seat, take_seat
from quetsach.portal.indicators.actions import compare_again
from quetsach.portal.indicators.doubtful import actions, queries
from quetsach.portal.indicators.doubtful.entries import Entry
from quetsach.portal.indicators.doubtful.forms import DecisionForm
from quetsach.portal.indicators.doubtful.words import WORDS
from quetsach.portal.indicators.models import IndicatorSet
from quetsach.portal.indicators.words import CODES
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.refusals import note_form
from quetsach.portal.units.roles import Verb, may
from quetsach.text.words import visible

PAGE = 50


def group_rows(row: IndicatorSet) -> list[dict[str, object]]:
    """The groups of a list with their words, for the preview."""
    return [{"row": one, "words": WORDS[one.group]} for one in queries.groups_of(row)]


@require_http_methods(["GET", "HEAD", "POST"])
def doubts(request: HttpRequest, slug: str, set_id: UUID, group: str) -> HttpResponse:
    """The entries of one group; the issuer's own people decide about a draft's."""
    seat = take_seat(request, slug)
    if not may(seat.user, Verb.UPLOAD_INDICATORS, seat.campaign.issuer.path):
        raise Http404
    rows = IndicatorSet.objects.visible_to(request.user).filter(campaign=seat.campaign)
    row = rows.select_related("campaign__issuer").filter(pk=set_id).first()
    if row is None or group not in row.groups:
        raise Http404
    if request.method == "POST":
        return _decide(request, seat, row, Group(group))
    return _page(request, seat, row, Group(group))


def _decide(request: HttpRequest, seat: Seat, row: IndicatorSet, group: Group) -> HttpResponse:
    verb, key = request.POST.get("verb", ""), request.POST.get("entry", "")
    entry = next((one for one in queries.found_in(row, group, "") if one.key == key), None) if key else None
    if verb not in ("keep", "leave", "undo") or (key and entry is None):
        raise Http404
    form = DecisionForm(request.POST)
    if verb != "undo" and not form.is_valid():
        note_form(request, form)
        return _page(request, seat, row, group, key, form, status=422)
    reason = form.cleaned_data["reason"] if verb != "undo" else ""
    try:
        answer = actions.Answer(group, entry, verb == "keep", reason)
        actions.decide(row, answer, seat.user, client_ip_text(request))
    except (actions.DraftChangedError, actions.SinglyError):
        messages.error(
            request, _("Nothing was changed: the list is not the same any more. Look again, then decide.")
        )
    else:
        compare_again(seat.campaign)
        messages.success(request, _told(verb, entry))
    return redirect(request.get_full_path())


def _told(verb: str, entry: Entry | None) -> str:
    if entry is None:
        return {
            "keep": _("The group is kept, but for what was decided singly."),
            "leave": _("The group is left out, but for what was decided singly."),
            "undo": _("The decision about the group is taken back."),
        }[verb]
    said = {
        "keep": _("Kept: %(entry)s"),
        "leave": _("Left out: %(entry)s"),
        "undo": _("Decision taken back: %(entry)s"),
    }[verb]
    return said % {"entry": _shown(entry)}


def _shown(entry: Entry) -> str:
    return visible(entry.spelling)[:300]


def _page(
    request: HttpRequest,
    seat: Seat,
    row: IndicatorSet,
    group: Group,
    opened: str | None = None,
    form: DecisionForm | None = None,
    status: int = 200,
) -> HttpResponse:
    text = request.GET.get("tim", "")[:100]
    page = Paginator(queries.found_in(row, group, text), PAGE).get_page(request.GET.get("trang"))
    decisions = queries.decisions_of(row)
    (counts,) = (one for one in queries.groups_of(row) if one.group is group)
    context: dict[str, Any] = {
        "seat": seat,
        "door": "indicators",
        "set": row,
        "words": WORDS[group],
        "counts": counts,
        "whole": decisions.whole(group),
        "page": page,
        "entries": [
            {
                "key": one.key,
                "shown": _shown(one),
                "family": visible(one.family)[:100],
                "why": CODES.get(one.code, one.code),
                "is_kept": decisions.keeps(one),
                "decision": decisions.of(one),
                "is_open": opened == one.key,
            }
            for one in page
        ],
        "text": text,
        "is_draft": row.status == IndicatorSet.Status.DRAFT,
        "opened": opened,
        "form": form,
    }
    return render(request, "indicators/doubts.html", context, status=status)
