"""The pages of files about machines: upload with a preview, the meanings of columns, taking back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from quetsach.files.bounded_process import BusyError
from quetsach.machines.identity.entries import BY_HAND
from quetsach.machines.sources.columns import COLUMNS
from quetsach.machines.sources.outcome import MachinesError
from quetsach.machines.sources.sent import MOST_BYTES
from quetsach.portal.accounts.models import User
from quetsach.portal.kit.address import on_screen
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.draft_actions import StaleDraftError, throw_away
from quetsach.portal.kit.refusals import note_form, note_request
from quetsach.portal.machines import words
from quetsach.portal.machines.actions import Stored
from quetsach.portal.machines.models import EvidenceFile
from quetsach.portal.machines.seats import own_unit
from quetsach.portal.machines.uploads import actions, queries
from quetsach.portal.machines.uploads.forms import EvidenceForm
from quetsach.portal.units.models import Unit

PAGE = 25


@require_http_methods(["GET", "HEAD", "POST"])
def evidence(request: HttpRequest, unit_id: UUID) -> HttpResponse:
    """The files that came, and the form to upload more."""
    unit = own_unit(request, unit_id)
    if request.method != "POST":
        return _page(request, unit, EvidenceForm())
    form = EvidenceForm(request.POST, request.FILES)
    if not form.is_valid():
        note_form(request, form)
        return _page(request, unit, form, status=422)
    assert isinstance(request.user, User)
    files = [(str(one.name), one.read()) for one in form.cleaned_data["file"]]
    try:
        draft = actions.keep_draft(unit, request.user, files, form.told())
    except MachinesError as error:
        note_request(request, "content")
        form.add_error("file", words.refusal(error.code, error.value))
        return _page(request, unit, form, status=422)
    return redirect("evidence_file", unit.pk, draft.pk)


def _page(request: HttpRequest, unit: Unit, form: EvidenceForm, status: int = 200) -> HttpResponse:
    page = Paginator(queries.files_of(unit), PAGE).get_page(request.GET.get("trang"))
    context = {
        "unit": unit, "tab": "files", "door": "registers", "form": form, "page": page,
        "rows": [(row, words.kinds(row.kinds), sum(row.left.values())) for row in page],
        "sources": queries.sources_of(unit), "most": MOST_BYTES >> 20,
        "portal_url": on_screen(request, "/"), "clocks": queries.compared_clocks(unit),
    }  # fmt: skip
    return render(request, "machines/evidence.html", context, status=status)


def _find(request: HttpRequest, unit: Unit, file_id: UUID) -> EvidenceFile:
    rows = EvidenceFile.objects.visible_to(request.user).filter(pk=file_id, unit=unit)
    rows = rows.exclude(source=BY_HAND)
    row = rows.select_related("unit", "by", "token", "gone_by").first()
    if row is None or (row.accepted_at is None and row.by_id != request.user.pk):
        raise Http404
    return row


@require_http_methods(["GET", "HEAD", "POST"])
def evidence_file(request: HttpRequest, unit_id: UUID, file_id: UUID) -> HttpResponse:
    """A draft with its preview; or an accepted file with what it left over."""
    unit = own_unit(request, unit_id)
    row = _find(request, unit, file_id)
    if request.method == "POST":
        if row.accepted_at is not None:
            return _taken_already(request, unit, row)
        return _decide(request, unit, row)
    shown: dict[str, Any] = row.told.get("shown", {})
    files = [
        {
            "name": one["name"], "kinds": words.kinds(one["kinds"]), "left": one["left"],
            "error": words.refusal(one["error"], one["about"]) if one["error"] else "",
            "notes": [words.note(code, detail) for code, detail in one["notes"]],
        }
        for one in shown.get("files", [])
    ]  # fmt: skip
    same = queries.same_as(row) if row.accepted_at is None or row.gone_at else None
    context = {
        "unit": unit, "tab": "files", "door": "registers", "file": row, "files": files,
        "is_repeat": row.accepted_at is None and same is not None,
        "same": same,
        "rows": row.claims + row.bindings, "shown": shown, "kinds": words.kinds(row.kinds),
        "begin": words.moment(shown.get("begin", 0)), "end": words.moment(shown.get("end", 0)),
        "samples": [(one[0], words.spoken(*one[1]), words.moment(one[2]), words.moment(one[3]),
                     words.binding(one[5])) for one in shown.get("bindings", [])],
        "columns": _columns(shown),
        "choices": [(column.key, words.COLUMN_WORDS[column.key]) for column in COLUMNS],
        "left": words.left(row.left), "left_lines": sum(row.left.values()),
        "leftovers": words.leftovers(row.leftovers),
    }  # fmt: skip
    if row.accepted_at is not None and row.gone_at is None:
        assert isinstance(request.user, User)
        context["concerned"] = queries.concerned(row, request.user)
    template = "machines/preview.html" if row.accepted_at is None else "machines/file.html"
    return render(request, template, context)


def _columns(shown: dict[str, Any]) -> list[tuple[int, str, str, str]]:
    """The headings of the tables: number, heading, meaning, first value. One choice for each heading."""
    found: dict[str, tuple[str, str]] = {}
    for one in shown.get("files", []):
        for heading, key, example in one["headings"]:
            found.setdefault(heading, (key, example))
    return [(number, heading, *told) for number, (heading, told) in enumerate(found.items())]


def _decide(request: HttpRequest, unit: Unit, row: EvidenceFile) -> HttpResponse:
    assert isinstance(request.user, User)
    verb = request.POST.get("do", "")
    try:
        if verb == "map":
            told = _columns(row.told.get("shown", {}))
            chosen = {
                heading: request.POST.get(f"cot-{number}", key) for number, heading, key, _example in told
            }
            actions.map_columns(row, request.user, chosen)
            messages.success(
                request, _("Read anew with these columns. The choice is remembered for this source.")
            )
            return redirect("evidence_file", unit.pk, row.pk)
        if verb == "take":
            kept, stored = actions.accept(row, request.user, client_ip_text(request))
            if kept.gone_at is None:
                _tell(request, stored)
            else:
                messages.warning(request, _("The file was taken back meanwhile."))
            return redirect("evidence_file", unit.pk, kept.pk)
    except MachinesError as error:
        messages.error(request, words.refusal(error.code, error.value))
        return redirect("evidence_file", unit.pk, row.pk)
    except (StaleDraftError, BusyError):
        if queries.is_taken(row):
            return _taken_already(request, unit, row)
        messages.error(request, _("The files could not be read just now. Upload them again."))
        return redirect("evidence", unit.pk)
    if not throw_away(row, request.user) and queries.is_taken(row):
        return _taken_already(request, unit, row)
    messages.info(request, _("Nothing of the files was stored."))
    return redirect("evidence", unit.pk)


def _taken_already(request: HttpRequest, unit: Unit, row: EvidenceFile) -> HttpResponse:
    """The draft was taken in at the same time, perhaps by a second click."""
    messages.warning(request, _("These files were taken in already. You can take them back here."))
    return redirect("evidence_file", unit.pk, row.pk)


def _tell(request: HttpRequest, stored: Stored) -> None:
    new = stored.claims + stored.bindings + stored.shortened
    if not new:
        messages.info(request, _("Everything in it was known already. Nothing changed."))
        return
    text = ngettext("Taken in: %(n)d new statement.", "Taken in: %(n)d new statements.", new) % {"n": new}
    messages.success(request, text)


@require_POST
def evidence_act(request: HttpRequest, unit_id: UUID, file_id: UUID, act: str) -> HttpResponse:
    """Take an accepted file back, or let it count again."""
    unit = own_unit(request, unit_id)
    row = _find(request, unit, file_id)
    assert isinstance(request.user, User)
    if row.accepted_at is None or act not in ("rut", "tra-lai"):
        raise Http404
    reason = request.POST.get("reason", "").strip()[:500]
    if act == "rut" and not reason:
        messages.error(request, _("Say why: others read it later."))
        return redirect("evidence_file", unit.pk, row.pk)
    try:
        if act == "rut":
            if actions.withdraw(row, request.user, reason, client_ip_text(request)):
                messages.success(request, _("Taken back: what only this file said no longer counts."))
            else:
                messages.warning(request, _("Taken back. Some statements still count: they go by tonight."))
        else:
            counts = actions.put_back(row, request.user, client_ip_text(request))
            if counts.pk == row.pk:
                messages.success(request, _("The file counts again."))
            else:
                messages.info(request, _("The same file counts already: it is this one."))
                row = counts
    except StaleDraftError:
        messages.error(request, _("The content of the file is no longer kept. Upload it again."))
    return redirect("evidence_file", unit.pk, row.pk)
