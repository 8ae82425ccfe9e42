"""The papers of an incident as files, and the official notice with the evidence of chosen cases."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from quetsach.documents.document import Notice, render_docx, render_pdf
from quetsach.errors import DocumentError
from quetsach.portal.campaigns.seat import Seat, take_seat_asked
from quetsach.portal.incidents import actions, case_facts
from quetsach.portal.incidents import evidence as on_paper
from quetsach.portal.incidents.clocks import Kind
from quetsach.portal.incidents.forms import SentForm
from quetsach.portal.incidents.models import Incident, IncidentNotice
from quetsach.portal.incidents.papers import STYLES, paper
from quetsach.portal.incidents.views import REFUSALS, facts_of, find, ids_in, incident_page, version_in
from quetsach.portal.indicators import store
from quetsach.portal.kit.attachment import attachment
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.ids import uuid7
from quetsach.portal.units.roles import Verb

FORMS = {
    "pdf": (render_pdf, "application/pdf"),
    "docx": (render_docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
}


@require_GET
def evidence(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    """The official notice to one unit (`?den=`) about its machines among the cases in `?ho-so=`, with their
    evidence. Where only one unit can be meant, it need not be named."""
    seat = take_seat_asked(request, slug)
    cases = case_facts.chosen_cases(seat.user, seat.node, ids_in(request.GET.getlist("ho-so")))
    facts = case_facts.facts_of(cases, seat.node, timezone.now())
    facts.cases = [one for one in facts.cases if one.left_at is None]  # nobody here asks for work on others
    letters = case_facts.letters_of(seat.home, [one.case for one in facts.cases])
    if "den" in request.GET:
        letters = {to: own for to, own in letters.items() if to and str(to.pk) == request.GET["den"]}
    if len(letters) > 1:
        told = _("Each unit gets a letter of its own, with its own machines. Choose one of: %(units)s.")
        told = told % {"units": ", ".join(to.name for to in letters if to)}
        return HttpResponse(told, content_type="text/plain; charset=utf-8", status=422)
    cases = next(iter(letters.values()), [])
    if not cases or len(cases) > case_facts.MOST_CASES or form not in FORMS:
        raise Http404
    asked = {case.pk for case in cases}
    facts.cases = [one for one in facts.cases if one.case.pk in asked]
    made = on_paper.unit_notice(seat.home, facts)
    machines = cases[0].device.key if len(cases) == 1 else f"{len(cases)} hồ sơ"
    actions.note_evidence(seat.user, seat.node, cases, ip=client_ip_text(request))
    to = f" {on_paper.paper_text(to.name, 60)}" if (to := next(iter(letters))) else ""
    return _drawn(made, form, f"Thông báo xử lý máy {on_paper.paper_text(machines, 60)}{to}")


@require_GET
def draft(request: HttpRequest, slug: str, incident_id: UUID, paper: str, form: str) -> HttpResponse:
    """A paper as the facts stand now, marked as a draft."""
    _seat, found = find(request, slug, incident_id)
    kind = _kind(paper)
    if form not in FORMS:
        raise Http404
    return _drawn(_paper(found, kind), form, f"Dự thảo {_called(kind)}")


def _paper(found: Incident, kind: Kind) -> Notice:
    return paper(found, kind, facts_of(found), timezone.now(), is_draft=True)


@require_POST
def freeze(request: HttpRequest, slug: str, incident_id: UUID, paper: str) -> HttpResponse:
    """Draw the paper once, to be signed and sent."""
    seat, found = find(request, slug, incident_id, Verb.WORK_CASE)
    (notice_id,) = ids_in([request.POST.get("ma", "")]) or [uuid7()]
    try:
        actions.freeze(
            seat.user, found, notice_id, _kind(paper), version_in(request), ip=client_ip_text(request)
        )
    except actions.IncidentError as error:
        messages.error(request, str(REFUSALS[error.code]))
    except DocumentError as error:
        messages.error(request, _("It cannot be printed: %(why)s") % {"why": error})
    else:
        messages.success(
            request, _("The version is frozen. Sign and send these files, then record the sending.")
        )
    return _back(found, "cac-ban")


@require_POST
def sent(request: HttpRequest, slug: str, incident_id: UUID, notice_id: UUID) -> HttpResponse:
    """Record that the paper was sent."""
    seat, found, notice = _find_notice(request, slug, incident_id, notice_id, Verb.WORK_CASE)
    form = SentForm(request.POST, auto_id=f"gui-{notice.pk.hex[-6:]}-%s")
    if form.is_valid():
        try:
            actions.record_sending(seat.user, notice, *form.cleaned_data.values(), ip=client_ip_text(request))
        except actions.IncidentError as error:
            form.add_error(None, str(REFUSALS[error.code]))
        else:
            messages.success(request, _("The sending is recorded, with your name."))
            return _back(found, "cac-ban")
    return incident_page(request, seat, found, {f"da-gui-{notice.pk}": form}, status=422)


@require_POST
def take_back(request: HttpRequest, slug: str, incident_id: UUID, notice_id: UUID) -> HttpResponse:
    """Set a paper aside, or undo the record of its sending."""
    seat, found, notice = _find_notice(request, slug, incident_id, notice_id, Verb.WORK_CASE)
    try:
        after = actions.take_back(seat.user, notice, ip=client_ip_text(request))
    except actions.IncidentError as error:
        messages.error(request, str(REFUSALS[error.code]))
    else:
        said = _("The paper is set aside; it stays in the list.")
        if after.dropped_at is None:
            said = _("The record of the sending is taken back. Both acts stay in the record.")
        messages.success(request, said)
    return _back(found, "cac-ban")


@require_GET
def frozen(request: HttpRequest, slug: str, incident_id: UUID, notice_id: UUID, form: str) -> HttpResponse:
    """The files of a paper, as they were frozen."""
    _seat, _found, notice = _find_notice(request, slug, incident_id, notice_id)
    digest = {"pdf": notice.pdf, "docx": notice.docx}.get(form)
    if not digest:  # no such form, or the files were deleted when their time was over
        raise Http404
    content = store.place(digest, actions.SHELF).read_bytes()
    return _download(f"{_called(Kind(notice.kind))} {notice.number}", form, content)


def _find_notice(
    request: HttpRequest, slug: str, incident_id: UUID, notice_id: UUID, verb: Verb = Verb.READ
) -> tuple[Seat, Incident, IncidentNotice]:
    seat, found = find(request, slug, incident_id, verb)
    rows = IncidentNotice.objects.visible_to(request.user).filter(pk=notice_id, incident=found)
    notice = rows.first()
    if notice is None:
        raise Http404
    return seat, found, notice


def _kind(text: str) -> Kind:
    try:
        return Kind(text)
    except ValueError as error:
        raise Http404 from error


def _called(kind: Kind) -> str:
    style = STYLES[kind]
    return f"{style.type_name} {style.subject[:1].lower()}{style.subject[1:]}"


def _back(found: Incident, part: str) -> HttpResponse:
    page = reverse("incident", args=[found.node.campaign.slug, found.pk])
    return redirect(f"{page}#{part}")


def _drawn(made: Notice, form: str, name: str) -> HttpResponse:
    draw, _content_type = FORMS[form]
    try:
        return _download(name, form, draw(made, at=timezone.now()))
    except DocumentError as error:
        told = _("It cannot be printed: %(why)s") % {"why": error}
        return HttpResponse(told, content_type="text/plain; charset=utf-8", status=422)


def _download(name: str, form: str, content: bytes) -> HttpResponse:
    return attachment(name, form, FORMS[form][1], content)
