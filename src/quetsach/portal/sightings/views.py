"""The pages of logs: upload a scan, see its coverage and its sightings."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.seat import Seat, take_seat, take_seat_asked
from quetsach.portal.indicators import queries as indicators
from quetsach.portal.kit.address import on_screen
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.refusals import note_form, note_request
from quetsach.portal.sightings import queries
from quetsach.portal.sightings.actions import Receipt, RefusedError, Sender, receive_file
from quetsach.portal.sightings.asked_queries import asked_in
from quetsach.portal.sightings.forms import ScanForm
from quetsach.portal.sightings.models import Scan
from quetsach.portal.sightings.not_looked import Unseen, of_scans, with_left
from quetsach.portal.sightings.not_looked import unseen as unseen_of
from quetsach.portal.sightings.spans import Span
from quetsach.portal.sightings.words import COUNTED, refusal_words
from quetsach.portal.units.models import subtree
from quetsach.portal.units.roles import Verb

PAGE = 25
SHOWN_REJECTS = 200
MOST_ASKED = 200


@require_http_methods(["GET", "HEAD", "POST"])
def scans(request: HttpRequest, slug: str) -> HttpResponse:
    """The unit's coverage, and the form to upload a scan file."""
    if request.method != "POST":
        return _scans_page(request, take_seat_asked(request, slug), ScanForm())
    seat = take_seat(request, slug, None, Verb.UPLOAD_SCAN)
    form = ScanForm(request.POST, request.FILES)
    if not form.is_valid():
        note_form(request, form)
        return _scans_page(request, seat, form, status=422)
    sender = Sender(Scan.Door.UPLOAD, user=seat.user, ip=client_ip_text(request))
    try:
        receipt = receive_file(form.cleaned_data["file"].file, seat.node, sender)
    except RefusedError as error:
        note_request(request, COUNTED.get(error.code, "content"))
        form.add_error("file", refusal_words(error.code, error.line))
        return _scans_page(request, seat, form, status=422)
    assert receipt.scan is not None
    request.session[f"receipt-{receipt.scan.pk}"] = _summary(receipt)
    if receipt.is_repeat and not (receipt.new or receipt.updated):
        messages.info(request, _("This scan was here already. Nothing was counted twice."))
    return redirect("scan", slug, receipt.scan.pk)


def _summary(receipt: Receipt) -> dict[str, object]:
    found = receipt.outcome
    return {
        "machines": found and found.machines,
        "unlisted": found and found.unlisted,
        "new_cases": found and found.new_cases,
        "address": found and found.address,
        "new": receipt.new,
        "updated": receipt.updated,
        "unchanged": receipt.unchanged,
        "rejects": receipt.rejects,
        "rejected": [[r.line, r.code, r.reason] for r in receipt.rejected[:SHOWN_REJECTS]],
    }


def _scans_page(request: HttpRequest, seat: Seat, form: ScanForm, status: int = 200) -> HttpResponse:
    page = _page_of_scans(seat.node, request.GET.get("trang", ""))
    bare = queries.nameless_by_scan(seat.node, list(page))
    listed = indicators.current(seat.campaign)
    vantages = queries.vantages(seat.node, listed.set_id if listed is not None else "")
    judged = queries.GAPS[0](seat.node) if queries.GAPS and vantages else {}
    unseen = unseen_of(seat.node)
    runs = [run for vantage in vantages for run in vantage.runs]
    context = {
        "seat": seat,
        "form": form,
        "page": page,
        "received": _received(list(page), bare, unseen),
        "vantages": [
            (
                *_with_gaps(vantage, judged.get(vantage.name)),
                [one for one in unseen if one.place == vantage.name],
                _errors_beside(vantage, unseen),
            )
            for vantage in vantages
        ],
        "elsewhere": [one for one in unseen if one.place not in {vantage.name for vantage in vantages}],
        "again": [_again(request, seat, one) for one in vantages if one.behind and not one.is_watched],
        "listed": listed,
        "from_others": not page.paginator.count
        and seat.node.devices.filter(cases__links__isnull=False).exists(),
        "left": of_scans(list(page)),
        "first": min((run[0] for run in runs), default=None),
        "last": max((run[1] for run in runs), default=None),
        "may_upload": seat.may(Verb.UPLOAD_SCAN),
        "around": queries.around(Q(node=seat.node), PAGE),
        "asked_url": on_screen(request, reverse("api_asked")),
        "portal_url": on_screen(request, "/"),
        "list_url": on_screen(request, reverse("api_indicators")) + f"?campaign={seat.campaign.slug}",
    }
    return render(request, "sightings/scans.html", context, status=status)


def _page_of_scans(node: CampaignNode, asked: str) -> Page[Scan]:
    """A page of the scans. Where all fit on one, nobody needs to count them: that spares a query."""
    rows = with_left(queries.scans_of(node), node)
    if not asked and len(first := list(rows[: PAGE + 1])) <= PAGE:
        return Paginator(first, PAGE).page(1)
    return Paginator(rows, PAGE).get_page(asked)


def _received(
    scans: list[Scan], bare: Mapping[UUID, int], unseen: list[Unseen]
) -> list[tuple[Scan, int, int]]:
    """Scans, the latest first, each with its lines without a machine. The latest scan of a sensor and a place
    still grows: it has the number of logs that the sensor cannot look at now."""
    left = Counter((one.token, one.place) for one in unseen if one.problem)
    return [(scan, bare.get(scan.pk, 0), left.pop((scan.token_id, scan.source_name), 0)) for scan in scans]


def _errors_beside(vantage: queries.Vantage, unseen: list[Unseen]) -> int:
    """The problems while reading in logs of a place that no sensor names as unreadable."""
    named = {one.path for one in unseen if one.place == vantage.name and one.problem}
    return sum(n for path, n in vantage.troubled.items() if path not in named)


def _with_gaps(vantage: queries.Vantage, judged: Any) -> tuple[queries.Vantage, Any, list[Span]]:
    """A place, its gaps as the judgement of machines sees them, and pauses of which that knows nothing."""
    since = judged.measured_since if judged is not None else None
    return vantage, judged, [gap for gap in vantage.gaps if since is None or gap[1] < since]


def _again(request: HttpRequest, seat: Seat, vantage: queries.Vantage) -> dict[str, str]:
    """The commands that look at a place's logs with the list in force; without a list of before, where they
    were looked at with none that can be had."""
    before = f"danh-sach-v{vantage.base}.csv" if vantage.base else ""
    file = reverse("indicator_file", args=[seat.campaign.slug, f"v{vantage.base}.csv"]) if before else ""
    since = f" --added-since {before}" if before else ""
    return {
        "name": vantage.name, "before": before, "before_url": on_screen(request, file) if file else "",
        "scan": f"quetsach scan /var/log/zeek -i danh-sach.csv{since}"
        f" --source-name {shlex.quote(vantage.name)} --devices -o ket-qua.jsonl",
    }  # fmt: skip


@require_GET
def scan(request: HttpRequest, slug: str, scan_id: UUID) -> HttpResponse:
    """One accepted scan: its coverage and, right after the upload, the fate of its rows."""
    row = Scan.objects.visible_to(request.user).filter(pk=scan_id, node__campaign__slug=slug).first()
    if row is None:
        raise Http404
    seat = take_seat(request, slug, row.node_id)
    context = {
        "seat": seat,
        "door": "scans",
        "scan": queries.scans_of(seat.node).get(pk=row.pk),
        "bare": queries.nameless_in(row),
        "asked": asked_in(row, PAGE),
        "most_asked": MOST_ASKED,
        "receipt": request.session.get(f"receipt-{row.pk}"),
        "around": queries.around(queries.around_scan(row), PAGE),
        "unseen": [
            one for one in unseen_of(seat.node) if (one.token, one.place) == (row.token_id, row.source_name)
        ],
        "coverages": Paginator(queries.coverages_of(row), PAGE).get_page(request.GET.get("trang")),
    }
    return render(request, "sightings/scan.html", context)


def _asked_scan(request: HttpRequest, slug: str) -> Scan | None:
    """The scan whose rows alone are asked for."""
    asked = request.GET.get("lan-quet")
    if not asked:
        return None
    try:
        number = UUID(asked)
    except ValueError:
        raise Http404 from None
    scan = Scan.objects.visible_to(request.user).filter(pk=number, node__campaign__slug=slug).first()
    if scan is None:
        raise Http404
    return scan


@require_GET
def sightings(request: HttpRequest, slug: str) -> HttpResponse:
    """The sightings themselves, with their log lines."""
    seat = take_seat_asked(request, slug)
    device, indicator = (
        request.GET.get("may", "").strip()[:255],
        request.GET.get("chi-dau", "").strip()[:2048],
    )
    is_nameless, of_scan = request.GET.get("chua-ro-may") == "1", _asked_scan(request, slug)
    rows = queries.sightings_in(
        seat.node, device=device.replace("\0", ""), indicator=indicator.replace("\0", ""),
        is_nameless=is_nameless, scan=of_scan,
    )  # fmt: skip
    page = Paginator(rows, PAGE).get_page(request.GET.get("trang"))
    scans = queries.scans_of_rows(list(page), seat.user)
    context = {
        "seat": seat,
        "door": "scans",
        "seen": [(row, scans.get(row.pk)) for row in page],
        "device": device,
        "indicator": indicator,
        "tally": queries.tally(rows),
        "told": queries.without_machine(
            subtree(seat.node.path, "scan__node__path") & Q(scan__node__campaign=seat.campaign)
        ).exists(),
        "page": page,
        "whole": None if device or indicator or is_nameless or of_scan else seat.node,
        "is_nameless": is_nameless,
        "of_scan": of_scan,
    }
    return render(request, "sightings/sightings.html", context)
