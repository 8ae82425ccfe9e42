"""Downloads. A file says in its name what it is; each but the public letter leaves an audit entry."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from quetsach.document import Document, render_docx, render_pdf
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.campaigns.seat import Seat, take_seat
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.reports.export import papers
from quetsach.portal.reports.export.actions import note_export
from quetsach.portal.reports.export.files import to_csv, to_xlsx
from quetsach.portal.reports.export.table import export
from quetsach.vietnamese import search_key, short_date

TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


@require_GET
def report_pdf(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The official report of a unit."""
    seat = take_seat(request, slug, node_id)
    return _noted(request, seat, "Báo cáo", "pdf", _pdf(papers.official_report(seat.node)))


@require_GET
def annex_pdf(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The annex of a unit alone."""
    seat = take_seat(request, slug, node_id)
    return _noted(request, seat, "Phụ lục", "pdf", _pdf(papers.annex(seat.node)))


@require_GET
def report_docx(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The same report as a Word file."""
    seat = take_seat(request, slug, node_id)
    return _noted(request, seat, "Báo cáo", "docx", _docx(papers.official_report(seat.node)))


@require_GET
def annex_docx(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The annex of a unit as a Word file."""
    seat = take_seat(request, slug, node_id)
    return _noted(request, seat, "Phụ lục", "docx", _docx(papers.annex(seat.node)))


@require_GET
def report_xlsx(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The figures as Excel."""
    seat = take_seat(request, slug, node_id)
    return _noted(request, seat, "Số liệu", "xlsx", to_xlsx(export(seat.node, _now())))


@require_GET
def report_csv(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The figures as CSV."""
    seat = take_seat(request, slug, node_id)
    return _noted(request, seat, "Số liệu", "csv", to_csv(export(seat.node, timezone.now().isoformat())))


@require_GET
def letter_pdf(_request: HttpRequest, slug: str) -> HttpResponse:
    """The campaign's letter, for anyone; 404 before it is published."""
    campaign = Campaign.objects.exclude(status=Campaign.Status.DRAFT).filter(slug=slug).first()
    if campaign is None or not campaign.letter:
        raise Http404
    document = papers.letter(campaign)
    issued = campaign.published_at or timezone.now()
    return file_response(f"Công văn {campaign.title}", "pdf", render_pdf(document, at=issued))


def _pdf(document: Document) -> bytes:
    return render_pdf(document, at=timezone.now())


def _docx(document: Document) -> bytes:
    return render_docx(document, at=timezone.now())


def _noted(request: HttpRequest, seat: Seat, what: str, kind: str, content: bytes) -> HttpResponse:
    note_export(seat.user, seat.node, f"{what}.{kind}", ip=client_ip_text(request))
    day = timezone.localdate().isoformat()
    return file_response(f"{what} {seat.node.name} {day}", kind, content)


def file_response(name: str, kind: str, content: bytes) -> HttpResponse:
    """A download under its name, in plain letters for old programs and in full for the others (RFC 6266)."""
    plain = "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in search_key(name)).split())
    response = HttpResponse(content, content_type=TYPES[kind])
    full = quote(f"{name[:150]}.{kind}", safe="")
    response["Content-Disposition"] = (
        f"attachment; filename=\"{plain[:100]}.{kind}\"; filename*=UTF-8''{full}"
    )
    response["Cache-Control"] = "no-store"
    return response


def _now() -> str:
    local = timezone.localtime()
    return f"đến {local:%H:%M} ngày {short_date(local.date())}"
