"""The inner pages of a campaign's lists: upload, preview, publish."""

from __future__ import annotations

import csv
import io
import logging
import tempfile
from pathlib import Path
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from quetsach.errors import IndicatorError
from quetsach.portal.audit.lines import lines
from quetsach.portal.campaigns.arrivals import announce
from quetsach.portal.campaigns.seat import Seat, take_seat
from quetsach.portal.indicators import actions, queries, spoken_csv, store
from quetsach.portal.indicators.comparing import loss_of
from quetsach.portal.indicators.doubtful.queries import groups_of
from quetsach.portal.indicators.doubtful.views import group_rows
from quetsach.portal.indicators.forms import BringBackForm, ListForm
from quetsach.portal.indicators.models import IndicatorSet
from quetsach.portal.indicators.uploads import on_disk
from quetsach.portal.indicators.words import CODES, KINDS, counted_as, refusal
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.refusals import note_form
from quetsach.portal.kit.strangers import refused
from quetsach.portal.kit.templatetags.kit import num
from quetsach.portal.units.roles import Verb, may

_log = logging.getLogger(__name__)
HARMLESS = "harmless-file"
SHOWN = 25
"""Rows of each kind in the preview; the CSV has all."""


def _seat(request: HttpRequest, slug: str, must_write: bool = False) -> tuple[Seat, bool]:
    """The seat, and whether the person may publish: all see the lists, the issuer's own people publish."""
    seat = take_seat(request, slug)
    may_write = may(seat.user, Verb.UPLOAD_INDICATORS, seat.campaign.issuer.path)
    if must_write and not may_write:
        raise Http404
    return seat, may_write


@require_http_methods(["GET", "HEAD", "POST"])
def indicators(request: HttpRequest, slug: str) -> HttpResponse:
    """The list in force, and the form for a new one."""
    seat, may_write = _seat(request, slug, must_write=request.method == "POST")
    if request.method != "POST":
        return _page(request, seat, may_write, ListForm())
    form = ListForm(request.POST, request.FILES)
    if not form.is_valid():
        note_form(request, form)
        return _page(request, seat, may_write, form, status=422)
    with tempfile.TemporaryDirectory(prefix="quetsach-") as folder:
        uploads = [on_disk(file, Path(folder), n) for n, file in enumerate(form.cleaned_data["lists"])]
        try:
            draft = actions.prepare(seat.campaign, uploads, seat.user, client_ip_text(request))
        except IndicatorError as error:
            refused("lists", error, counted_as(error))
            form.add_error("lists", refusal(str(error)))
            return _page(request, seat, may_write, form, status=422)
        except OSError as error:
            _log.error("a list cannot be stored: %s", error)
            form.add_error(
                "lists",
                _("The server cannot store it. Tell the server's administrator, then send it again."),
            )
            return _page(request, seat, may_write, form, status=507)
    return redirect("indicator_draft", slug, draft.pk)


def _page(
    request: HttpRequest, seat: Seat, may_write: bool, form: ListForm, status: int = 200
) -> HttpResponse:
    versions = queries.lists_of(seat.campaign)
    current = next((row for row in versions if row.withdrawn_at is None), None)
    context = {
        "seat": seat,
        "may_write": may_write,
        "form": form,
        "versions": versions,
        "steps": lines(queries.steps_of(seat.campaign), {}),
        "current": current,
        "kinds": _kinds(current) if current is not None else [],
        "draft": queries.draft_of(seat.campaign) if may_write else None,
    }
    return render(request, "indicators/indicators.html", context, status=status)


def _kinds(row: IndicatorSet) -> list[tuple[object, int]]:
    return [(KINDS.get(kind, kind), n) for kind, n in row.kinds.items()]


@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: HttpRequest, slug: str, set_id: UUID) -> HttpResponse:
    """The preview of a list: its content, and left-out addresses with their reasons; publish or drop."""
    seat, _may = _seat(request, slug, must_write=True)
    row = _find(request, seat, set_id)
    if request.method == "POST":
        return _decide(request, seat, row)
    return _preview(request, seat, row)


def _preview(
    request: HttpRequest,
    seat: Seat,
    row: IndicatorSet,
    error: str = "",
    status: int = 200,
    form: BringBackForm | None = None,
) -> HttpResponse:
    rows = _notes(row)
    left_out = sum(one.left_out for one in groups_of(row))
    loss = loss_of(row)
    context = {
        "error": error,
        "typed": request.POST.get("typed", "")[:20],
        "loss": loss,
        "gone": queries.withdrawn_before(row) if row.version is None else None,
        "form": form or BringBackForm(),
        "share": _share(row),
        "seat": seat,
        "door": "indicators",
        "set": row,
        "current": queries.current(seat.campaign),
        "kinds": _kinds(row),
        "groups": group_rows(row),
        "left_out": left_out,
        "notes": [
            {"title": title, "help": help, "total": total, "rows": rows[what], "what": what}
            for what, title, help, total in (
                (
                    "stopped",
                    _("Harmless files"),
                    _("Their hashes are left out: checks would take every machine for infected."),
                    row.stopped - left_out,
                ),
                (
                    "rejected",
                    _("Not understood"),
                    _("Left out; the line tells where they stand."),
                    row.rejected,
                ),
            )
            if total
        ],
        "shown": SHOWN,
    }
    return render(request, "indicators/draft.html", context, status=status)


def _share(row: IndicatorSet) -> int:
    """The percentage of the version in use that the list loses, rounded up."""
    before = row.difference.get("before", 0)
    return -(-100 * row.difference.get("removed", 0) // before) if before else 0


def _decide(request: HttpRequest, seat: Seat, row: IndicatorSet) -> HttpResponse:
    ip = client_ip_text(request)
    verb = request.POST.get("verb")
    if verb == "drop":
        actions.discard(row, seat.user, ip)
        messages.info(request, _("The draft was discarded."))
    elif verb == "again" and row.status == IndicatorSet.Status.PUBLISHED:
        try:
            again = actions.prepare_again(row, seat.user, ip)
        except actions.WaitingError:
            messages.error(request, _("A draft waits already. Publish or drop it first, then try again."))
        else:
            return redirect("indicator_draft", seat.campaign.slug, again.pk)
    elif verb == "publish":
        return _publish(request, seat, row, ip)
    return redirect("indicators", seat.campaign.slug)


def _publish(request: HttpRequest, seat: Seat, row: IndicatorSet, ip: str | None) -> HttpResponse:
    form = BringBackForm(request.POST)
    must_say = row.version is None and queries.withdrawn_before(row) is not None
    digits = "".join(sign for sign in request.POST.get("typed", "")[:40] if sign.isdecimal())
    if must_say and not form.is_valid():
        note_form(request, form)
        is_untyped = loss_of(row).must_type and digits != str(row.count)
        return _preview(request, seat, row, _untyped(row) if is_untyped else "", status=422, form=form)
    reason = form.cleaned_data["reason"] if must_say else ""
    try:
        published = actions.publish_set(row, seat.user, ip, int(digits) if digits else None, reason)
    except actions.NumberError:
        row.refresh_from_db()
        return _preview(request, seat, row, _untyped(row), status=422, form=form if must_say else None)
    except (actions.VersionChangedError, actions.ReasonError):
        row.refresh_from_db()
        told = _("Not published yet: the version in use has changed meanwhile. Look at the difference again.")
        return _preview(request, seat, row, told, status=409)
    announce(seat.campaign)
    messages.success(request, _("Version %(n)d is published.") % {"n": published.version})
    return redirect("indicators", seat.campaign.slug)


def _untyped(row: IndicatorSet) -> str:
    told = _("Not published yet. Type the number of addresses of the new list: %(n)s.")
    return told % {"n": num(row.count)}


def _find(request: HttpRequest, seat: Seat, set_id: UUID) -> IndicatorSet:
    rows = IndicatorSet.objects.visible_to(request.user).filter(campaign=seat.campaign)
    row = rows.select_related("campaign__issuer", "created_by").filter(pk=set_id).first()
    if row is None:
        raise Http404
    return row


def _notes(row: IndicatorSet) -> dict[str, list[dict[str, object]]]:
    """The first rows of each kind of note."""
    found: dict[str, list[dict[str, object]]] = {"stopped": [], "rejected": [], "changed": []}
    if not row.notes:
        return found
    with io.TextIOWrapper(store.place(row.notes).open("rb"), encoding="utf-8", newline="") as file:
        for note in csv.DictReader(file):
            # Doubtful addresses have pages of their own.
            is_address = note["what"] == "stopped" and note["code"] != HARMLESS
            rows = None if is_address else found.get(note["what"])
            if rows is not None and len(rows) < SHOWN:
                rows.append({**note, "reason": CODES.get(note["code"], note["reason"])})
    return found


@require_GET
def notes(request: HttpRequest, slug: str, set_id: UUID) -> StreamingHttpResponse:
    """Everything left out or doubted, as CSV in the page's language."""
    seat, _may = _seat(request, slug, must_write=True)
    row = _find(request, seat, set_id)
    if not row.notes:
        raise Http404
    return spoken_csv.notes(store.place(row.notes), f"{slug}-notes.csv")


@require_GET
def changes(request: HttpRequest, slug: str, set_id: UUID) -> StreamingHttpResponse:
    """The whole difference to the version that was in use, as CSV in the page's language."""
    seat, _may = _seat(request, slug, must_write=True)
    kept = _find(request, seat, set_id).difference.get("changes")
    if not kept:
        raise Http404
    return spoken_csv.changes(store.place(kept), f"{slug}-changes.csv")
