"""The office numbers and signs a letter elsewhere; here it is recorded, and taken back on the same day."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from quetsach.portal.accounts.models import User
from quetsach.portal.indicators import store
from quetsach.portal.kit import signedpdf
from quetsach.portal.kit.attachment import attachment
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.refusals import note_form
from quetsach.portal.letters import actions
from quetsach.portal.letters.findings import look as look_at
from quetsach.portal.letters.forms import IssueForm, SignedForm
from quetsach.portal.letters.models import Letter
from quetsach.portal.letters.place import take_place
from quetsach.portal.letters.views import REFUSALS, look_page, wanted
from quetsach.portal.units.roles import Verb

_FIELD_OF = {"future": "day", **dict.fromkeys(signedpdf.REFUSALS, "file")}
"""The field that shows a refusal, if it is not the number."""


@require_POST
def issue(request: HttpRequest, slug: str, node_id: UUID, letter_id: UUID) -> HttpResponse:
    """Number and date, and the signed file if it is there."""
    seat = take_place(request, slug, node_id, Verb.PASS_ON)
    letter = wanted(seat, letter_id)
    form = IssueForm(request.POST, request.FILES)
    version = request.POST.get("version", "")
    if look_at(letter.fields).paper is None:
        messages.error(request, _("The letter is not complete yet. Fill in what is missing first."))
        return redirect("letters:edit", slug, node_id, letter_id)
    if not form.is_valid():
        note_form(request, form)
        return look_page(request, seat, letter, issue=form)
    number, day, file = (form.cleaned_data[name] for name in ("number", "day", "file"))
    ip = client_ip_text(request)
    try:
        base = int(version) if version.isascii() and version.isdigit() and len(version) < 9 else 0
        signed = (file.name or "", signedpdf.content(file)) if file else None
        actions.issue(seat.user, letter, number, day, version=base, signed=signed, ip=ip)
    except actions.LetterRefusedError as error:
        form.add_error(_FIELD_OF.get(error.code, "number"), _told(error))
        return look_page(request, seat, letter, issue=form)
    messages.success(request, _("Issued: number and date are kept."))
    if file:
        messages.success(request, _("The signed file is kept."))
    return redirect("letters:look", slug, node_id, letter_id)


@require_POST
def attach(request: HttpRequest, slug: str, node_id: UUID, letter_id: UUID) -> HttpResponse:
    """The signed file of an issued letter."""
    seat = take_place(request, slug, node_id, Verb.PASS_ON)
    letter = wanted(seat, letter_id)
    form = SignedForm(request.POST, request.FILES)
    if not form.is_valid():
        note_form(request, form)
        return look_page(request, seat, letter, signed=form)
    _keep(request, seat.user, letter, form.cleaned_data["file"], client_ip_text(request))
    return redirect("letters:look", slug, node_id, letter_id)


@require_GET
def signed(request: HttpRequest, slug: str, node_id: UUID, letter_id: UUID) -> HttpResponse:
    """The signed file as it came in."""
    seat = take_place(request, slug, node_id)
    letter = wanted(seat, letter_id)
    if not letter.signed_sha256:
        raise Http404
    raw = store.place(letter.signed_sha256, actions.SHELF).read_bytes()
    return attachment(PurePath(letter.signed_name).stem or "Công văn", "pdf", "application/pdf", raw)


@require_POST
def withdraw(request: HttpRequest, slug: str, node_id: UUID, letter_id: UUID) -> HttpResponse:
    """Take "issued" back, on the same day."""
    seat = take_place(request, slug, node_id, Verb.PASS_ON)
    try:
        actions.withdraw(seat.user, wanted(seat, letter_id), ip=client_ip_text(request))
        messages.success(request, _("Taken back: the letter is a draft again."))
    except actions.LetterRefusedError as error:
        messages.error(request, _told(error))
    return redirect("letters:look", slug, node_id, letter_id)


def _keep(request: HttpRequest, user: User, letter: Letter, file: UploadedFile[Any], ip: str | None) -> None:
    try:
        actions.attach(user, letter, file.name or "", signedpdf.content(file), ip=ip)
        messages.success(request, _("The signed file is kept."))
    except actions.LetterRefusedError as error:
        messages.error(request, _told(error))


def _told(error: actions.LetterRefusedError) -> str:
    if error.code == "taken" and error.other is not None:
        return _("Your unit has given this number in the same year already, to “%(subject)s”.") % {
            "subject": error.other
        }
    return str(REFUSALS[error.code])
