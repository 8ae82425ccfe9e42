"""The hashes and rules in the campaign's packs: for its issuer to bring, look at, take out."""

from __future__ import annotations

import tempfile
from pathlib import Path
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from quetsach.portal.campaigns.seat import Seat, take_issuer_seat
from quetsach.portal.checks import queries
from quetsach.portal.checks.detections import actions
from quetsach.portal.checks.detections.contents import SHELF, BringError
from quetsach.portal.checks.forms import BringForm, TakeOutForm
from quetsach.portal.checks.models import DetectionFile
from quetsach.portal.checks.words import problem_words
from quetsach.portal.indicators import store
from quetsach.portal.indicators.uploads import on_disk
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.refusals import note_form
from quetsach.portal.kit.strangers import refused
from quetsach.portal.units.roles import Verb

SHOWN_HASHES = 200
SHOWN_PROBLEMS = 20


@require_http_methods(["GET", "HEAD", "POST"])
def detections(request: HttpRequest, slug: str) -> HttpResponse:
    """The files in the packs, and the form for more."""
    seat = take_issuer_seat(request, slug, Verb.UPLOAD_INDICATORS)
    if request.method != "POST":
        return _page(request, seat, BringForm())
    form = BringForm(request.POST, request.FILES)
    if not form.is_valid():
        note_form(request, form)
        return _page(request, seat, form, status=422)
    with tempfile.TemporaryDirectory(prefix="quetsach-") as folder:
        uploads = [on_disk(file, Path(folder), n) for n, file in enumerate(form.cleaned_data["brought"])]
        try:
            brought = actions.bring(
                seat.campaign, uploads, form.cleaned_data["source"], seat.user, client_ip_text(request)
            )
        except BringError as error:
            refused("detections", error)
            form.add_error("brought", _("%(name)s: nothing was added.") % {"name": error.name})
            for problem in error.problems[:SHOWN_PROBLEMS]:
                form.add_error("brought", problem_words(problem))
            return _page(request, seat, form, status=422)
    message = _("Added: %(names)s. Units must rebuild their packs to have it on their sticks.")
    messages.success(request, message % {"names": ", ".join(row.name for row in brought)})
    return redirect("detections", slug)


def _page(request: HttpRequest, seat: Seat, form: BringForm, status: int = 200) -> HttpResponse:
    rows = queries.detection_files(seat.campaign)
    standing = [row for row in rows if row.removed_at is None]
    listed = queries.listed_hashes(seat.campaign)
    totals = {kind: sum(row.count for row in standing if row.kind == kind) for kind in DetectionFile.Kind}
    context = {
        "seat": seat,
        "door": "indicators",
        "form": form,
        "standing": standing,
        "removed": [row for row in rows if row.removed_at is not None],
        "listed": listed,
        "hash_count": totals[DetectionFile.Kind.HASHES] + (listed.hash_count if listed else 0),
        "rule_count": totals[DetectionFile.Kind.RULES],
    }
    return render(request, "checks/detections.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def detection(request: HttpRequest, slug: str, detection_id: UUID) -> HttpResponse:
    """The content of one file; taking it out with a reason, and putting it back."""
    seat = take_issuer_seat(request, slug, Verb.UPLOAD_INDICATORS)
    rows = DetectionFile.objects.visible_to(seat.user).select_related("campaign__issuer", "by", "removed_by")
    row = rows.filter(campaign=seat.campaign, pk=detection_id).first()
    if row is None:
        raise Http404
    if request.method != "POST":
        return _file_page(request, seat, row, TakeOutForm())
    if request.POST.get("act") == "put_back":
        try:
            actions.put_back(row, seat.user, client_ip_text(request))
        except BringError as error:
            messages.error(request, problem_words(error.problems[0]))
        else:
            messages.success(request, _("%(name)s is in the next packs again.") % {"name": row.name})
        return redirect("detections", slug)
    form = TakeOutForm(request.POST)
    if not form.is_valid():
        return _file_page(request, seat, row, form, status=422)
    actions.take_out(row, form.cleaned_data["reason"], seat.user, client_ip_text(request))
    messages.success(request, _("%(name)s is in no pack from the next one on.") % {"name": row.name})
    return redirect("detections", slug)


def _file_page(
    request: HttpRequest, seat: Seat, row: DetectionFile, form: TakeOutForm, status: int = 200
) -> HttpResponse:
    is_rules = row.kind == DetectionFile.Kind.RULES
    try:
        text = store.place(row.sha256, SHELF).read_text(encoding="utf-8") if is_rules else ""
        hashes = [] if is_rules else list(store.read_hashes(row.sha256, SHELF).items())[:SHOWN_HASHES]
    except OSError as error:
        raise Http404 from error
    context = {
        "seat": seat, "door": "indicators", "row": row, "form": form, "text": text, "hashes": hashes,
        "is_cut": not is_rules and row.count > len(hashes),
    }  # fmt: skip
    return render(request, "checks/detection.html", context, status=status)
