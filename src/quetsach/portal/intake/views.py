"""The page of what came in as files: drop them, look at what is amber, take them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.campaigns.seat import Seat, take_seat
from quetsach.portal.intake import actions, page, queries
from quetsach.portal.intake.actions import IntakeError, Receipt
from quetsach.portal.intake.forms import IntakeForm, read_figures
from quetsach.portal.intake.models import ReceivedAnnex, ReceivedFile
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.reports.errors import BlockedReport, ReportError
from quetsach.portal.reports.queries import may_review_below

SHOWN = 25
"""Rows to look at on one page; the next ones follow as soon as these are decided."""
MOST_NAMES = 300


def _seat(request: HttpRequest, slug: str, node_id: UUID) -> Seat:
    """The seat of somebody who reviews the reports of the units below the node; 404 for everybody else."""
    seat = take_seat(request, slug, node_id)
    if not may_review_below(seat):
        raise Http404
    return seat


@require_http_methods(["GET", "HEAD", "POST"])
def intake(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """What lies on the desk; drop files here."""
    seat = _seat(request, slug, node_id)
    if request.method != "POST":
        return _page(request, seat, IntakeForm())
    form = IntakeForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, seat, form, status=422)
    uploads = ((file.name or "", file.read()) for file in form.cleaned_data["annexes"])
    receipt = actions.receive(seat.user, seat.node, uploads, ip=client_ip_text(request))
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
    """Take every row that needs no look."""
    seat = _seat(request, slug, node_id)
    taken, stopped = actions.take_clear(seat.user, seat.node, ip=client_ip_text(request))
    text = ngettext(
        "%(n)d report taken; it is in the total now.",
        "%(n)d reports taken; they are in the total now.",
        taken,
    )
    messages.success(request, text % {"n": taken})
    for sentence in stopped:
        messages.error(request, sentence)
    return _back(seat)


@require_POST
def row(request: HttpRequest, slug: str, node_id: UUID, annex_id: UUID) -> HttpResponse:
    """Correct a row, take it, set it aside or bring it back."""
    seat = _seat(request, slug, node_id)
    ip = client_ip_text(request)
    act = request.POST.get("do", "")
    try:
        if act == "set_aside":
            actions.set_aside(seat.user, annex_id, seat.node, ip=ip)
        elif act == "doubt":
            actions.doubt(seat.user, annex_id, seat.node, ip=ip)
        elif act == "bring_back":
            actions.bring_back(seat.user, annex_id, seat.node, ip=ip)
        else:
            _decide(request, seat, annex_id, takes=act == "take")
    except ReceivedAnnex.DoesNotExist as error:
        raise Http404 from error
    except BlockedReport as error:
        reasons = "; ".join(problem.text[page.language()] for problem in error.problems)
        messages.error(request, f"{error} {reasons}")
    except (IntakeError, ReportError) as error:
        messages.error(request, str(error))
    return _back(seat)


def _decide(request: HttpRequest, seat: Seat, annex_id: UUID, *, takes: bool) -> None:
    version = int(text) if (text := request.POST.get("version", "")[:9]).isdecimal() else -1
    target = _target(seat, request.POST.get("unit", ""))
    values = read_figures(request.POST)
    ip = client_ip_text(request)
    if takes and queries.is_taken(annex_id, seat.node):
        return
    annex = actions.correct(seat.user, annex_id, seat.node, values, target, version, ip=ip)
    if not takes:
        messages.success(request, _("Kept. It counts when it is taken."))
        return
    actions.take(seat.user, annex_id, seat.node, annex.version, ip=ip)
    messages.success(request, _("Taken: %(unit)s. Its figures are in the total now.") % {"unit": annex.node})


@require_http_methods(["GET", "HEAD", "POST"])
def file(request: HttpRequest, slug: str, node_id: UUID, file_id: UUID) -> HttpResponse | FileResponse:
    """The file as it came, for who only reads once a report was taken from it; a scan's figures come here."""
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
    # Never shown inline: what a stranger wrote must not run under this portal's address.
    name = found.name.rpartition("/")[2]
    response = FileResponse(
        found.content.open("rb"), as_attachment=True, filename=name, content_type="application/octet-stream"
    )
    response["Cache-Control"] = "no-store"
    return response


def _enter(request: HttpRequest, seat: Seat, found: ReceivedFile) -> HttpResponse:
    try:
        if request.POST.get("do") == "set_aside":
            actions.set_file_aside(seat.user, found.pk, seat.node, ip=client_ip_text(request))
            return _back(seat)
        if request.POST.get("do") == "read_again":
            if actions.read_again(seat.user, found.pk, seat.node, ip=client_ip_text(request)):
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
    """The unit below that a person chose or typed; None for a blank field. Raises IntakeError for others."""
    if not text.strip():
        return None
    found = queries.named(seat.node, text[:600])
    if found is None:
        said = _("No unit below yours is called “%(name)s”. Choose one from the list.")
        raise IntakeError(said % {"name": text[:100]})
    return found


def _back(seat: Seat) -> HttpResponse:
    return redirect("intake", seat.campaign.slug, seat.node.pk)


def _page(request: HttpRequest, seat: Seat, form: IntakeForm, status: int = 200) -> HttpResponse:
    desk = queries.desk(seat.node)
    counted = page.lines(desk.counted)
    lines = [*page.lines(desk.unplaced), *(line for line in counted if not line.is_clear)]
    clear = [line for line in counted if line.is_clear]
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "intake",
        "form": form,
        "desk": desk,
        "is_running": seat.campaign.status == Campaign.Status.PUBLISHED,
        "lines": lines,
        "lines_shown": lines[:SHOWN],
        "clear": clear,
        "clear_shown": clear[: 2 * SHOWN],
        "repeated": page.lines(desk.repeated),
        "units": desk.units[:MOST_NAMES],
        "leftovers": page.leftovers(desk),
        "totals": list(desk.collection.totals.items()),
    }
    return render(request, "intake/desk.html", context, status=status)
