"""Compares an officer's assessment with the facts of now. The text changes only when the officer asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from quetsach.annexes.form.definition import Form
from quetsach.annexes.form.entry import clean_text, read_entry
from quetsach.portal.campaigns.seat import Seat, take_seat
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.language import language
from quetsach.portal.reports import actions, queries
from quetsach.portal.reports.annex import unsent_form
from quetsach.portal.reports.annex.page import AnnexPage
from quetsach.portal.reports.annex.views import annex_form, stale_page
from quetsach.portal.reports.assessment.drafting import added_to, assessed, drafted, updated
from quetsach.portal.reports.assessment.facts import Scope
from quetsach.portal.reports.assessment.moments import moved_in, saved_assessment
from quetsach.portal.reports.assessment.sentences import Said
from quetsach.portal.reports.errors import ReportError, StaleReport
from quetsach.portal.reports.forms import Posted, read_annex
from quetsach.portal.reports.locks import grant_for
from quetsach.portal.reports.rollup.queries import lines
from quetsach.portal.units.roles import Verb

_ACTS: dict[str, Callable[[str, Sequence[Said]], str]] = {"update": updated, "add": added_to}


@require_http_methods(["GET", "POST"])
def report_assessment(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """Save the draft, and show how its assessment differs from the facts.

    The script of the annex page takes the comparison of the stored text by GET; any other GET leads to that
    page.

    `do` is `update` (new figures in drafted lines), `redraft` (the same in the stored draft, from a page
    without the form), `add` (sentences at the end) or `restore` (the text before the last change); any other
    value changes nothing.
    """
    if request.method == "POST" and not request.user.is_authenticated:
        return unsent_form.keep(request, slug, node_id)
    seat = take_seat(request, slug, node_id, Verb.EDIT_REPORT)
    if request.method != "POST" and "HX-Request" not in request.headers:
        return redirect("report", slug, node_id)
    form = queries.form_of(seat.node)
    if request.method != "POST":
        return _compared(request, seat, form)
    posted, do = read_annex(request.POST, form.keys), request.POST.get("do", "")
    if do == "redraft":
        posted, do = _stored(posted, seat, form), "update"
    below = lines(seat.node)
    now = drafted(Scope(seat.node, below))
    mine, before = clean_text(posted.data["narrative"]), None
    if do in _ACTS:
        posted.data["narrative"], before = _ACTS[do](mine, now), mine
    elif do == "restore":
        posted.data["narrative"] = clean_text(request.POST.get("narrative_before", ""))
    try:
        saved = actions.save_draft(
            seat.user,
            seat.node,
            posted.data,
            posted.version,
            key=posted.client_uuid,
            ip=client_ip_text(request),
        )
    except StaleReport as error:
        return stale_page(request, seat, posted, error)
    except ReportError as error:
        messages.error(request, str(error))
        return redirect("report", slug, node_id)
    entry = read_entry(posted.data, form.keys)
    page = AnnexPage(seat.node, saved, entry, language(), ticked=posted.ticked, children=below)
    return annex_form(
        request,
        seat,
        page,
        str(posted.client_uuid),
        version=saved.version,
        grant=grant_for(seat.node, timezone.now()),
        assessed=assessed(entry.typed["narrative"], now, before),
    )


def _compared(request: HttpRequest, seat: Seat, form: Form) -> HttpResponse:
    """The stored text beside the facts of now; of a text that holds no changed sentence just the button."""
    found = queries.report_of(seat.node)
    text = read_entry(found.draft, form.keys).typed["narrative"] if found else ""
    seen = assessed(text, drafted(Scope(seat.node)))
    context = {"seat": seat, "campaign": seat.campaign, "is_empty": not text, "assessed": seen}
    if text and not moved_in(seen):
        return render(request, "reports/compare_button.html", context)
    return render(request, "reports/assessed.html", context)


def _stored(posted: Posted, seat: Seat, form: Form) -> Posted:
    """The stored draft in place of a form; the official report prints its text."""
    found = queries.report_of(seat.node)
    typed = read_entry(found.draft if found else {}, form.keys).typed
    return replace(posted, data={**typed, "narrative": saved_assessment(found, form).text})
