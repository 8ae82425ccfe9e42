"""An office numbers and signs a report outside the portal; these pages record it and serve the signed PDF."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from quetsach.portal.campaigns.seat import Seat, take_seat
from quetsach.portal.indicators import store
from quetsach.portal.kit import signedpdf
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.refusals import note_form
from quetsach.portal.kit.signedpdf import SignedPdf
from quetsach.portal.reports import queries
from quetsach.portal.reports.annex.views import sent_page
from quetsach.portal.reports.errors import ReportError
from quetsach.portal.reports.export.actions import note_export
from quetsach.portal.reports.export.views import file_response
from quetsach.portal.reports.forms import read_number
from quetsach.portal.reports.locks import lock_of
from quetsach.portal.reports.signing import actions
from quetsach.portal.reports.signing.forms import AttachForm, SignForm
from quetsach.portal.units.roles import Verb


@require_POST
def report_sign(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """Record number and date of the signed report, and the signed file if there is one: all or nothing."""
    seat = take_seat(request, slug, node_id, Verb.APPROVE_REPORT)
    form = SignForm(request.POST, request.FILES)

    def act(file: SignedPdf | None) -> None:
        document = form.cleaned_data["document"]
        actions.sign(seat.user, seat.node, _number(request), document, file, ip=client_ip_text(request))
        messages.success(request, _("Recorded as signed. What it contains no longer moves."))

    return _act(request, seat, form, act, another="file")


@require_POST
def report_attach(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """Add the signed file of a report that is recorded as signed, or replace it with a reason."""
    seat = take_seat(request, slug, node_id, Verb.APPROVE_REPORT)
    form = AttachForm(request.POST, request.FILES)

    def act(file: SignedPdf | None) -> None:
        assert file is not None  # the form requires it
        reason = form.cleaned_data["reason"]
        actions.attach(seat.user, seat.node, _number(request), file, reason, ip=client_ip_text(request))

    return _act(request, seat, form, act, another="reason")


def _act(
    request: HttpRequest,
    seat: Seat,
    form: SignForm | AttachForm,
    act: Callable[[SignedPdf | None], None],
    *,
    another: str,
) -> HttpResponse:
    """Read the file and call `act`, or show the form again. Field `another` means that a file is there."""
    if not form.is_valid():
        note_form(request, form)
        return _again(request, seat, form)
    upload = form.cleaned_data["file"]
    try:
        file = signedpdf.read(upload.name or "", signedpdf.content(upload)) if upload else None
        act(file)
    except signedpdf.SignedPdfError as error:
        form.add_error("file", error.told())
        return _again(request, seat, form)
    except actions.AlreadyAttachedError as error:
        form.add_error(another, str(error))
        return _again(request, seat, form)
    except ReportError as error:
        messages.error(request, str(error))
    else:
        if file:
            messages.success(request, _("The signed file is kept."))
    return redirect("report", seat.campaign.slug, seat.node.pk)


@require_GET
def report_signed(request: HttpRequest, slug: str, node_id: UUID, copy_id: UUID) -> HttpResponse:
    """A signed file as it came in, also if another has replaced it."""
    seat = take_seat(request, slug, node_id)
    copy = queries.signed_copy(seat.node, copy_id)
    if copy is None:
        raise Http404
    try:
        content = store.place(copy.sha256, actions.SHELF).read_bytes()
    except FileNotFoundError:
        raise Http404 from None
    note_export(seat.user, seat.node, copy.name, ip=client_ip_text(request))
    return file_response(PurePath(copy.name).stem or "Báo cáo đã ký", "pdf", content)


def _again(request: HttpRequest, seat: Seat, form: SignForm | AttachForm) -> HttpResponse:
    found = queries.report_of(seat.node)
    lock = lock_of(seat.node, found, timezone.now())
    sign = form if isinstance(form, SignForm) else None
    attach = form if isinstance(form, AttachForm) else None
    return sent_page(request, seat, found, lock, sign=sign, attach=attach, status=422)


def _number(request: HttpRequest) -> int:
    return read_number(request.POST.get("number", ""))
