"""Write a letter, preview it as it prints, download it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from quetsach.documents.document import Letter as Paper
from quetsach.documents.document import render_docx, render_pages, render_pdf
from quetsach.errors import DocumentError
from quetsach.portal.campaigns.issuing.desk import sit_down
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.kit import signedpdf
from quetsach.portal.kit.attachment import attachment
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.kit.missing_letters import missing_letters_of
from quetsach.portal.letters import actions, prefill, queries
from quetsach.portal.letters.findings import look as look_at
from quetsach.portal.letters.forms import GROUPS, IssueForm, SignedForm, as_typed, read_fields
from quetsach.portal.letters.models import Letter
from quetsach.portal.letters.order import as_order
from quetsach.portal.letters.place import is_draft, take_place
from quetsach.portal.units.roles import Verb
from quetsach.text.vietnamese import short_date

TO_SIGN = "trinh-ky"
FORMS = {
    "pdf": (render_pdf, "application/pdf"),
    "docx": (render_docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
}
REFUSALS: dict[str, str | Promise] = {
    **signedpdf.REFUSALS,
    "closed": gettext_lazy("The campaign is closed; nothing can be changed any more."),
    "issued": gettext_lazy("The letter is issued already and cannot be changed."),
    "draft": gettext_lazy("Enter number and date first, then the signed file."),
    "future": gettext_lazy("The date is in the future. Write the date on the letter."),
    "another_day": gettext_lazy("It was entered on another day and can no longer be taken back."),
    "gone": gettext_lazy("The letter was discarded meanwhile."),
    "stale": gettext_lazy("The letter was changed meanwhile. Look at it again, then enter the number."),
}


@require_safe
def letters(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The unit's letters in this campaign."""
    seat = take_place(request, slug, node_id)
    return render(request, "letters/list.html", {**_frame(seat), "letters": queries.letters_of(seat)})


@require_safe
def compose(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """A new letter with prefilled fields; nothing is stored before it is saved."""
    seat = take_place(request, slug, node_id, Verb.PASS_ON)
    return _form(request, seat, uuid7(), prefill.first_draft(seat.node), version=0)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str, node_id: UUID, letter_id: UUID) -> HttpResponse:
    """Change a draft. A POST with a new id makes the letter."""
    seat = take_place(request, slug, node_id, Verb.PASS_ON)
    if request.method == "POST":
        return _save(request, seat, letter_id)
    letter = wanted(seat, letter_id)
    if letter.is_issued:
        return redirect("letters:look", slug, node_id, letter_id)
    return _form(request, seat, letter.pk, letter.fields, version=letter.version)


def _save(request: HttpRequest, seat: Seat, letter_id: UUID) -> HttpResponse:
    typed = read_fields(request.POST.dict(), prefill.annex(seat.node))
    if request.POST.get("do") == "repair":
        typed = look_at(typed).repaired
    base, ip = _version(request), client_ip_text(request)
    try:
        letter = actions.save(seat.user, seat.node, letter_id, typed, base, ip=ip)
    except actions.LetterRefusedError as error:
        if error.code == "elsewhere":
            raise Http404 from error
        if error.code != "stale" or error.other is None:
            messages.error(request, str(REFUSALS[error.code]))
            return redirect("letters:list", seat.campaign.slug, seat.node.pk)
        return _form(
            request, seat, letter_id, typed, version=error.other.version, newer=error.other, status=409
        )
    if request.POST.get("do") == "look" and look_at(letter.fields).paper is not None:
        return redirect("letters:look", seat.campaign.slug, seat.node.pk, letter.pk)
    messages.success(request, _("The draft is saved."))
    return redirect("letters:edit", seat.campaign.slug, seat.node.pk, letter.pk)


@require_POST
def check(request: HttpRequest, slug: str, node_id: UUID, letter_id: UUID) -> HttpResponse:  # noqa: ARG001
    """The deviations from the Decree while somebody types; nothing is stored."""
    seat = take_place(request, slug, node_id, Verb.PASS_ON)
    typed = read_fields(request.POST.dict(), prefill.annex(seat.node))
    context = {"look": look_at(typed), "letter": as_order(typed), "is_live": True}
    return render(request, "letters/findings.html", context)


@require_POST
def preview(request: HttpRequest, slug: str, node_id: UUID, letter_id: UUID) -> HttpResponse:
    """The typed letter as PDF; nothing is stored. If it has faults, the form with the faults."""
    seat = take_place(request, slug, node_id, Verb.PASS_ON)
    typed = read_fields(request.POST.dict(), prefill.annex(seat.node))
    paper = look_at(typed).paper
    if paper is None:
        return _form(request, seat, letter_id, typed, version=_version(request), status=422)
    draft = replace(paper, is_draft=True)
    response = HttpResponse(render_pdf(draft, at=timezone.now()), content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="xem-thu.pdf"'
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def order(request: HttpRequest, slug: str) -> HttpResponse:
    """The letter that starts the campaign: to read, or to write if there is none."""
    desk = sit_down(request, slug)
    found = queries.order_of(desk.campaign)
    node = desk.seat.node.pk if desk.seat else desk.campaign.issuer_id
    if found is not None:
        return redirect("letters:look", slug, node, found.pk)
    if desk.seat is not None and desk.campaign.letter:
        return redirect("letters:list", slug, node)
    return redirect("letters:compose", slug, node)


@never_cache
@require_safe
def look(request: HttpRequest, slug: str, node_id: UUID, letter_id: UUID) -> HttpResponse:
    """The letter as it prints, its files, and its number and date."""
    seat = take_place(request, slug, node_id)
    return look_page(request, seat, wanted(seat, letter_id))


def look_page(
    request: HttpRequest,
    seat: Seat,
    letter: Letter,
    issue: IssueForm | None = None,
    signed: SignedForm | None = None,
) -> HttpResponse:
    """The page of one letter, with a form that was refused if there is one."""
    seen = look_at(letter.fields)
    issued_now = letter.issued_at and timezone.localdate(letter.issued_at) == timezone.localdate()
    context = {
        **_frame(seat),
        "letter": letter,
        "look": seen,
        "pages": range(1, len(_pages(_paper(letter))) + 1) if seen.paper else (),
        "missing": missing_letters_of(seen.paper) if seen.paper else "",
        "to_sign": TO_SIGN,
        "summary": _summary(letter),
        "issue": issue or IssueForm(),
        "signed": signed or SignedForm(),
        "may_take_back": issued_now,
    }
    return render(request, "letters/look.html", context, status=422 if issue or signed else 200)


@require_GET
def page_image(request: HttpRequest, slug: str, node_id: UUID, letter_id: UUID, number: int) -> HttpResponse:
    """One page as a picture: every phone shows it, and the Content-Security-Policy allows it."""
    seat = take_place(request, slug, node_id)
    pages = _pages(_paper(wanted(seat, letter_id)))
    if not 1 <= number <= len(pages):
        raise Http404
    response = HttpResponse(pages[number - 1], content_type="image/png")
    response["Cache-Control"] = "private, no-store"
    return response


@require_GET
def file(request: HttpRequest, slug: str, node_id: UUID, letter_id: UUID, form: str) -> HttpResponse:
    """The letter as PDF or Word. A letter without number and date is marked as a draft, except in the file
    that goes to the office's document system to be numbered and signed (`TO_SIGN` in the query)."""
    seat = take_place(request, slug, node_id)
    letter = wanted(seat, letter_id)
    if form not in FORMS:
        raise Http404
    draw, kind = FORMS[form]
    paper = _paper(letter)
    if TO_SIGN in request.GET:
        paper = replace(paper, is_draft=False)
    content = draw(paper, at=letter.changed_at)
    return attachment(f"{'Dự thảo công' if paper.is_draft else 'Công'} văn {letter}", form, kind, content)


@require_POST
def discard(request: HttpRequest, slug: str, node_id: UUID, letter_id: UUID) -> HttpResponse:
    """Throw a draft away."""
    seat = take_place(request, slug, node_id, Verb.PASS_ON)
    try:
        actions.discard(seat.user, wanted(seat, letter_id), ip=client_ip_text(request))
        messages.success(request, _("The draft is discarded."))
    except actions.LetterRefusedError as error:
        messages.error(request, str(REFUSALS[error.code]))
    return redirect("letters:list", slug, node_id)


def wanted(seat: Seat, letter_id: UUID) -> Letter:
    """The letter, or 404 for people who may not read it."""
    letter = queries.letter_of(seat, letter_id)
    if letter is None:
        raise Http404
    return letter


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _frame(seat: Seat) -> dict[str, Any]:
    is_open = seat.campaign.status in actions.OPEN
    return {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "letter",
        "is_draft": is_draft(seat),
        "frame": "campaigns/draft.html" if is_draft(seat) else "campaigns/work.html",
        "may_write": seat.can["pass_on"] and is_open,
    }


def _form(
    request: HttpRequest,
    seat: Seat,
    letter_id: UUID,
    fields: dict[str, Any],
    *,
    version: int,
    newer: Letter | None = None,
    status: int = 200,
) -> HttpResponse:
    seen = look_at(fields)
    groups = [
        (group.title, [(box, as_typed(fields, box.name), seen.of(box.name)) for box in group.boxes])
        for group in GROUPS
    ]
    context = {
        **_frame(seat),
        "letter_id": letter_id,
        "version": version,
        "groups": groups,
        "look": seen,
        "letter": as_order(fields),
        "newer": newer,
        "with_annex": fields.get("annex") is not None,
        "annex_title": prefill.annex(seat.node)["title"],
    }
    return render(request, "letters/edit.html", context, status=status)


def _paper(letter: Letter) -> Paper:
    paper = look_at(letter.fields).paper
    if paper is None:
        raise Http404
    return replace(paper, is_draft=not letter.is_issued)


def _pages(paper: Paper) -> list[bytes]:
    try:
        return render_pages(paper, at=timezone.now())
    except DocumentError:
        return []


def _summary(letter: Letter) -> str:
    """The line for the office's document system: kind, unit and subject of the letter."""
    issuer = " ".join(letter.fields.get("issuer") or [])
    number = str(letter.number).zfill(2) if letter.number else "……"
    when = f" ngày {short_date(letter.issued_on)}" if letter.issued_on else ""
    return f"Công văn số {number}/{letter.symbol}{when} của {issuer} V/v {letter}"
