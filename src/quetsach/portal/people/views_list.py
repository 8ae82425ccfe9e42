"""Lists of bodies in and out: paste or upload, preview with problems a line, apply; Excel."""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from quetsach.portal.campaigns.cascade.actions import NotAllowedNowError
from quetsach.portal.campaigns.seat import Seat, take_seat
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.refusals import note_form, note_request
from quetsach.portal.kit.strangers import refused
from quetsach.portal.people import body_actions, queries
from quetsach.portal.people.body_actions import TaxCodeTakenError
from quetsach.portal.people.body_plan import fields_of, plan_of
from quetsach.portal.people.forms import ListForm
from quetsach.portal.people.models import BodyDraft, Channel
from quetsach.portal.people.refusals import REFUSALS, line_refusal, list_refusal, taken
from quetsach.portal.units.roles import Verb
from quetsach.portal.units.table_words import CELLS, file_refusal
from quetsach.text.cells import column_name
from quetsach.text.vietnamese import nfc, search_key
from quetsach.units.bodies import HEADINGS, MOST_ROWS, BodyTableError, as_xlsx, columns_read
from quetsach.units.table import TableError, read_cells

MOST_BYTES = 5 * 1024 * 1024
SHOWN = 100
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_http_methods(["GET", "HEAD", "POST"])
def paste(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """Read a list of bodies and compare it; nothing is written yet."""
    seat = take_seat(request, slug, node_id, verb=Verb.COUNT_PEOPLE)
    form = ListForm(request.POST or None, request.FILES or None)
    wrong, text = "", ""
    if request.method == "POST":
        text, source, wrong = _given(request, form)
        if not wrong:
            try:
                plan_of(seat.node, text)
            except BodyTableError as error:
                wrong = list_refusal(error)
            else:
                draft = body_actions.keep_draft(seat.node, text, source, seat.user)
                return redirect("body_draft", slug, node_id, draft.pk)
    else:
        draft_before = _draft(seat, request.GET.get("nhap", ""))
        text = draft_before.text if draft_before else ""
    context = {"seat": seat, "wrong": wrong, "text": text, "most": MOST_ROWS}
    return render(request, "people/paste.html", context, status=422 if wrong else 200)


def _given(request: HttpRequest, form: ListForm) -> tuple[str, str, str]:
    """The list as text, the name of its file, and the problem with it."""
    if not form.is_valid():
        if form.has_error("file", "empty"):
            note_form(request, form)
            return "", "", _("The file is empty. Choose it again.")
        note_request(request, "too_large")
        return "", "", _("The list is too long for one import. Split it.")
    file = form.cleaned_data["file"]
    if not file:
        return form.cleaned_data["text"].replace("\x00", " "), "", ""
    if file.size > MOST_BYTES:
        note_request(request, "too_large")
        return (
            "",
            "",
            _("The file is larger than %(most)d MB. Remove pictures from it, or split the list.")
            % {"most": MOST_BYTES // 1024**2},
        )
    try:
        grid, marked = read_cells(file.name, file.read(), HEADINGS)
    except TableError as error:
        refused("bodies", error)
        return "", "", file_refusal(error)
    try:
        heading, columns = columns_read(grid)
    except BodyTableError as error:
        return "", "", list_refusal(error)
    letters = {column_name(index) for index in columns}
    for row, column, code, value in marked:
        if row <= heading or column not in letters:
            continue  # a title over the list, a number made by a formula
        problem = str(CELLS[code]) % {"value": value}
        return "", "", _("Cell %(place)s: %(text)s") % {"place": f"{column}{row}", "text": problem}
    out = io.StringIO()
    csv.writer(out, delimiter="\t").writerows([c.replace("\x00", " ") for c in cells] for cells in grid)
    return out.getvalue(), nfc(file.name)[:200], ""


def _draft(seat: Seat, key: str) -> BodyDraft | None:
    rows = BodyDraft.objects.visible_to(seat.user).filter(node=seat.node, by=seat.user)
    return next((row for row in rows if str(row.pk) == key), None)


@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, slug: str, node_id: UUID, draft_id: UUID) -> HttpResponse:
    """The changes that the list would make, and its problems, line by line."""
    seat = take_seat(request, slug, node_id, verb=Verb.COUNT_PEOPLE)
    draft = _draft(seat, str(draft_id))
    if draft is None:
        raise Http404
    wrong = ""
    if request.method == "POST":
        try:
            plan = body_actions.apply_draft(draft, seat.user, ip=client_ip_text(request))
        except TaxCodeTakenError as error:
            wrong = taken(error)
        except NotAllowedNowError as error:
            wrong = str(REFUSALS[error.code])
        else:
            counts = {"new": len(plan.new), "changed": len(plan.changed), "left": len(plan.refused)}
            messages.success(
                request, _("Imported: %(new)d new, %(changed)d changed; %(left)d lines left out.") % counts
            )
            return redirect("bodies", slug, node_id)
    plan = plan_of(seat.node, draft.text)
    context: dict[str, Any] = {
        "seat": seat,
        "draft": draft,
        "plan": plan,
        "wrong": wrong,
        "refused": [(r.row, line_refusal(r)) for r in plan.refused[:SHOWN]],
        "new": plan.new[:SHOWN],
        "changed": [body for body, _fields in plan.changed[:SHOWN]],
        "shown": SHOWN,
    }
    return render(request, "people/preview.html", context, status=422 if wrong else 200)


@require_safe
def workbook(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """The list as Excel: filled in and sent back, it sets marks. An empty list gives the headings alone."""
    seat = take_seat(request, slug, node_id)
    with translation.override("vi"):  # files leave the portal
        labels = {channel.value: str(channel.label) for channel in Channel}
    rows = []
    for row in queries.bodies_of(seat.user, seat.node):
        fields = fields_of(row)
        fields["channel"] = labels.get(fields["channel"], "")
        if row.informed_on is None:
            fields["persons_informed"] = fields["persons_done"] = None
        rows.append(fields)
    name = slugify(search_key(seat.node.name)) or "don-vi"
    headers = {"Content-Disposition": f'attachment; filename="dia-ban-{name}.xlsx"'}
    return HttpResponse(as_xlsx(rows, labels.values()), content_type=XLSX, headers=headers)
