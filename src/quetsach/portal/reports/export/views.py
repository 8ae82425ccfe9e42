"""Downloads. The file's name describes it; each but the public letter makes an audit entry."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import override
from django.views.decorators.http import require_GET

from quetsach.documents.document import Document, render_docx, render_pdf
from quetsach.portal.campaigns.letter import read_letter
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.campaigns.seat import take_seat
from quetsach.portal.kit.attachment import attachment
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.reports.export import papers
from quetsach.portal.reports.export.actions import note_export
from quetsach.portal.reports.export.files import to_csv, to_xlsx
from quetsach.portal.reports.export.table import export
from quetsach.text.vietnamese import short_date

TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


def _download(
    what: str, kind: str, make: Callable[[CampaignNode], bytes]
) -> Callable[[HttpRequest, str, UUID], HttpResponse]:
    """The view that sends a file of a unit; its name begins with `what`."""

    @require_GET
    def download(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
        seat = take_seat(request, slug, node_id)
        content = make(seat.node)
        note_export(seat.user, seat.node, f"{what}.{kind}", ip=client_ip_text(request))
        day = timezone.localdate().isoformat()
        return file_response(f"{what} {seat.node.name} {day}", kind, content)

    return download


def _workbook(node: CampaignNode) -> bytes:
    """An official file, in Vietnamese from any page."""
    with override("vi"):
        return to_xlsx(export(node, _now()))


report_pdf = _download("Báo cáo", "pdf", lambda node: _pdf(papers.official_report(node)))
report_docx = _download("Báo cáo", "docx", lambda node: _docx(papers.official_report(node)))
annex_pdf = _download("Phụ lục", "pdf", lambda node: _pdf(papers.annex(node)))
annex_docx = _download("Phụ lục", "docx", lambda node: _docx(papers.annex(node)))
report_xlsx = _download("Số liệu", "xlsx", _workbook)
report_csv = _download("Số liệu", "csv", lambda node: to_csv(export(node, timezone.now().isoformat())))


@require_GET
def letter_pdf(_request: HttpRequest, slug: str) -> HttpResponse:
    """The campaign's letter, for anyone; 404 before it is published."""
    campaign = Campaign.objects.exclude(status=Campaign.Status.DRAFT).filter(slug=slug).first()
    if campaign is None or not campaign.letter:
        raise Http404
    document = papers.letter(campaign)
    issued = campaign.published_at or timezone.now()
    kind = "Dự thảo công văn" if read_letter(campaign.letter).is_draft else "Công văn"
    return file_response(f"{kind} {campaign.title}", "pdf", render_pdf(document, at=issued))


def _pdf(document: Document) -> bytes:
    return render_pdf(document, at=timezone.now())


def _docx(document: Document) -> bytes:
    return render_docx(document, at=timezone.now())


def file_response(name: str, kind: str, content: bytes) -> HttpResponse:
    """A download of one of the kinds of files."""
    return attachment(name, kind, TYPES[kind], content)


def _now() -> str:
    local = timezone.localtime()
    return f"đến {local:%H:%M} ngày {short_date(local.date())}"
