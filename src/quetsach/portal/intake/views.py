"""The page of files that came in: upload them, check doubtful figures, take them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quetsach.annexes.collecting.files import picture as scans
from quetsach.annexes.collecting.paper import FileProblem
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.campaigns.seat import Seat, take_seat
from quetsach.portal.intake import actions, page, queries
from quetsach.portal.intake.actions import IntakeError
from quetsach.portal.intake.forms import IntakeForm, read_figures, read_note
from quetsach.portal.intake.models import ReceivedAnnex, ReceivedFile
from quetsach.portal.intake.page import Line, Refusal
from quetsach.portal.intake.receiving_actions import Receipt, read_again, receive
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.language import language
from quetsach.portal.kit.refusals import note_form
from quetsach.portal.reports.errors import BlockedReport, ReportError
from quetsach.portal.reports.queries import may_review_below

SHOWN = 12
"""Rows to check on one page; one of them is open."""
CLEAR_SHOWN = 50
MOST_NAMES = 300
_MOVES: dict[str, Callable[..., ReceivedAnnex]] = {
    "set_aside": actions.set_aside,
    "doubt": actions.doubt,
    "bring_back": actions.bring_back,
    "take_back": actions.take_back,
}
_FILE_MOVES: dict[str, Callable[..., ReceivedFile]] = {
    "set_aside": actions.set_file_aside,
    "bring_back": actions.bring_file_back,
}


def _seat(request: HttpRequest, slug: str, node_id: UUID) -> Seat:
    """The seat of a person who reviews the reports below the node; 404 for everybody else."""
    seat = take_seat(request, slug, node_id)
    if not may_review_below(seat):
        raise Http404
    return seat


@require_http_methods(["GET", "HEAD", "POST"])
def intake(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The desk; files are uploaded here."""
    seat = _seat(request, slug, node_id)
    if request.method != "POST":
        return _page(request, seat, IntakeForm())
    form = IntakeForm(request.POST, request.FILES)
    if not form.is_valid():
        note_form(request, form)
        return _page(request, seat, form, status=422)
    uploads = ((file.name or "", file.read()) for file in form.cleaned_data["annexes"])
    receipt = receive(seat.user, seat.node, uploads, ip=client_ip_text(request))
    messages.info(request, _said(receipt))
    return _back(seat)


def _said(receipt: Receipt) -> str:
    parts = [ngettext("%(n)d annex read.", "%(n)d annexes read.", receipt.annexes) % {"n": receipt.annexes}]
    if receipt.known:
        text = ngettext(
            "%(n)d file was here already and changes nothing.",
            "%(n)d files were here already and change nothing.",
            receipt.known,
        )
        parts.append(text % {"n": receipt.known})
    if receipt.unread:
        text = ngettext(
            "%(n)d file could not be read; the reason stands below.",
            "%(n)d files could not be read; the reasons stand below.",
            receipt.unread,
        )
        parts.append(text % {"n": receipt.unread})
    return " ".join(parts)


@require_POST
def take_clear(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """Take every row that needs no check."""
    seat = _seat(request, slug, node_id)
    ip = client_ip_text(request)
    try:
        note = read_note(request.POST)
    except IntakeError as error:
        messages.error(request, str(error))
        return _page(request, seat, IntakeForm(), status=422)
    _taken, stopped = actions.take_clear(seat.user, seat.node, note=note, ip=ip)
    for sentence in stopped:
        messages.error(request, sentence)
    return _back(seat)


@require_POST
def copies(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """Take copies and older versions off the desk."""
    seat = _seat(request, slug, node_id)
    actions.set_repeated_aside(seat.user, seat.node, ip=client_ip_text(request))
    return _back(seat)


@require_POST
def undo(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """Put the rows of one act back on the desk."""
    seat = _seat(request, slug, node_id)
    try:
        at = datetime.fromisoformat(request.POST.get("at", ""))
        if at.tzinfo is None:
            raise Http404
        at = at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Http404 from error
    undone, stopped = actions.undo(seat.user, seat.node, at, ip=client_ip_text(request))
    text = ngettext(
        "%(n)d annex lies on the desk again and does not count.",
        "%(n)d annexes lie on the desk again and do not count.",
        undone,
    )
    messages.success(request, text % {"n": undone})
    for sentence in stopped:
        messages.error(request, sentence)
    return _back(seat)


@require_POST
def row(request: HttpRequest, slug: str, node_id: UUID, annex_id: UUID) -> HttpResponse:
    """Correct a row, take it, set it aside or bring it back; then the next row opens."""
    seat = _seat(request, slug, node_id)
    act = request.POST.get("do", "")
    group = request.POST.get("nhom", "")
    try:
        if act in _MOVES:
            _MOVES[act](seat.user, annex_id, seat.node, ip=client_ip_text(request))
        else:
            _decide(request, seat, annex_id, takes=act == "take")
    except ReceivedAnnex.DoesNotExist as error:
        raise Http404 from error
    except (IntakeError, ReportError) as error:
        reasons = error.problems if isinstance(error, BlockedReport) else ()
        message = " ".join((str(error), "; ".join(problem.text[language()] for problem in reasons))).strip()
        if act in _MOVES:
            messages.error(request, message)
            return _back(seat, group)
        refusal = Refusal(str(annex_id), message, request.POST.dict())
        return _page(request, seat, IntakeForm(), status=422, refusal=refusal)
    if act != "take":
        # The row stays open: the correction was judged anew, and the person sees what the rules say of it.
        return _back(seat, group, str(annex_id))
    return _back(seat, group, request.POST.get("next", ""), at_list="nhom" in request.POST)


def _decide(request: HttpRequest, seat: Seat, annex_id: UUID, *, takes: bool) -> None:
    version = int(text) if (text := request.POST.get("version", "")[:9]).isdecimal() else -1
    target = _target(seat, request.POST.get("unit", ""))
    values = read_figures(request.POST)
    ip = client_ip_text(request)
    if takes and queries.is_taken(annex_id, seat.node):
        return
    note = read_note(request.POST) if "note" in request.POST else None
    annex = actions.correct(seat.user, annex_id, seat.node, values, target, version, note=note, ip=ip)
    if not takes:
        messages.success(request, _("Kept. It counts when it is taken."))
        return
    seen = request.POST.get("seen", "").split()
    actions.take(seat.user, annex_id, seat.node, annex.version, seen=seen, ip=ip)


@require_http_methods(["GET", "HEAD", "POST"])
def file(request: HttpRequest, slug: str, node_id: UUID, file_id: UUID) -> HttpResponse | FileResponse:
    """The file as it came, also for readers of a report taken from it; a POST enters a scan's figures."""
    seat = take_seat(request, slug, node_id)
    files = ReceivedFile.objects.visible_to(seat.user).filter(pk=file_id, node=seat.node)
    reviews = may_review_below(seat)
    found = files.first() if reviews else files.filter(annexes__revision__isnull=False).first()
    if found is None:
        raise Http404
    if request.method == "POST":
        if not reviews:
            raise Http404
        return _enter(request, seat, found)
    if not found.content:
        raise Http404
    # Never shown inline: a stranger's content must not run under this portal's address.
    name = found.name.rpartition("/")[2]
    response = FileResponse(
        found.content.open("rb"), as_attachment=True, filename=name, content_type="application/octet-stream"
    )
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def picture(request: HttpRequest, slug: str, node_id: UUID, file_id: UUID) -> HttpResponse:
    """Some pages of a scan, from `tu` on, as a picture beside the form; a sentence if it cannot be drawn."""
    seat = _seat(request, slug, node_id)
    found = (
        ReceivedFile.objects.visible_to(seat.user).filter(pk=file_id, node=seat.node, problem="scan").first()
    )
    if found is None or not found.content:
        raise Http404
    first = int(text) if (text := request.GET.get("tu", "1")[:3]).isdecimal() else 1
    with found.content.open("rb") as content:
        try:
            drawn = scans.draw(content.read(), max(1, first))
        except FileProblem:
            said = render(request, "intake/undrawn.svg", content_type="image/svg+xml", status=422)
            said["Cache-Control"] = "no-store"
            return said
    return HttpResponse(drawn, content_type="image/jpeg", headers={"Cache-Control": "no-store"})


def _enter(request: HttpRequest, seat: Seat, found: ReceivedFile) -> HttpResponse:
    try:
        move = _FILE_MOVES.get(request.POST.get("do", ""))
        if move is not None:
            move(seat.user, found.pk, seat.node, ip=client_ip_text(request))
            return _back(seat)
        if request.POST.get("do") == "read_again":
            if read_again(seat.user, found.pk, seat.node, ip=client_ip_text(request)):
                messages.success(request, _("The file is read. Look at it below."))
            else:
                messages.warning(request, _("The file could not be read this time either."))
            return _back(seat)
        target = _target(seat, request.POST.get("unit", ""))
        if target is None:
            raise IntakeError(_("Choose the unit of this annex first."))
        values = read_figures(request.POST)
        actions.enter(seat.user, found.pk, seat.node, target, values, ip=client_ip_text(request))
        messages.success(request, _("Kept. It counts when it is taken."))
    except IntakeError as error:
        messages.error(request, str(error))
    return _back(seat)


def _target(seat: Seat, text: str) -> CampaignNode | None:
    """The unit below that a person chose or typed; None for a blank field. Raises IntakeError otherwise."""
    if not text.strip():
        return None
    found = queries.named(seat.node, text[:600])
    if found is None:
        message = _("No unit below yours is called “%(name)s”. Choose one from the list.")
        raise IntakeError(message % {"name": text[:100]})
    return found


def _back(seat: Seat, group: str = "", opened: str = "", *, at_list: bool = False) -> HttpResponse:
    """Redirect to the desk; to the open row, with the last act above it."""
    asked = {key: value for key, value in (("nhom", group), ("mo", opened)) if value}
    address = reverse("intake", args=[seat.campaign.slug, seat.node.pk])
    place = "#vua-xong" if at_list else f"#dong-{opened}" if opened else ""
    return redirect(f"{address}{'?' if asked else ''}{urlencode(asked)}{place}")


def _page(
    request: HttpRequest,
    seat: Seat,
    form: IntakeForm,
    status: int = 200,
    refusal: Refusal | None = None,
) -> HttpResponse:
    desk = queries.desk(seat.node)
    counted = page.lines(desk.counted)
    lines = [*page.lines(desk.unplaced), *(line for line in counted if not line.is_clear)]
    clear = [line for line in counted if line.is_clear]
    wanted = request.GET.get("nhom", request.POST.get("nhom", ""))
    groups = page.groups(lines)
    group = wanted if wanted in {one.key for one in groups} else ""
    looked = [line for line in lines if not group or line.group == group]
    repeated = page.lines(desk.repeated)
    asked = refusal.key if refusal else request.GET.get("mo", "")
    opened = _opened([*looked, *repeated], asked) or next(iter(looked), None)
    if refusal and (opened is None or str(opened.row.annex.pk) != refusal.key):
        messages.error(request, refusal.said)
        refusal = None
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "intake",
        "form": form,
        "desk": desk,
        "is_running": seat.campaign.status == Campaign.Status.PUBLISHED,
        "lines": lines,
        "groups": groups,
        "group": group,
        "page": _page_of(looked, opened, request.GET.get("trang")),
        "opened": opened,
        "shown": refusal.typed_into(opened) if refusal and opened else opened,
        "refusal": refusal,
        "next_line": _following(looked, opened),
        "clear": clear,
        "clear_shown": clear[:CLEAR_SHOWN],
        "remarked": sum(line.has_remark for line in clear),
        "repeated": repeated,
        "units": desk.units[:MOST_NAMES],
        "leftovers": page.leftovers(desk),
        "totals": list(desk.collection.totals.items()),
        "typed_note": request.POST.get("note", ""),
        "latest": desk.latest_of(seat.user, timezone.now()),
    }
    return render(request, "intake/desk.html", context, status=status)


def _opened(lines: list[Line], wanted: str) -> Line | None:
    return next((line for line in lines if str(line.row.annex.pk) == wanted), None)


def _following(lines: list[Line], opened: Line | None) -> Line | None:
    place = lines.index(opened) + 1 if opened in lines else len(lines)
    return lines[place] if place < len(lines) else None


def _page_of(lines: list[Line], opened: Line | None, number: str | None) -> Page[Line]:
    """The requested page; without a number, the page of the open row."""
    pages = Paginator(lines, SHOWN)
    if number is None and opened in lines:
        return pages.get_page(lines.index(opened) // SHOWN + 1)
    return pages.get_page(number)
