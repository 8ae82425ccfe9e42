"""Tables of units in and out: upload, preview, apply; Excel and CSV."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from quetsach.portal.accounts.models import User
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.language import language
from quetsach.portal.kit.refusals import note_form
from quetsach.portal.kit.strangers import refused
from quetsach.portal.units import import_actions, table_offers, tables
from quetsach.portal.units.change_actions import TreeRefusedError
from quetsach.portal.units.forms import ChangeForm, TableForm
from quetsach.portal.units.models import UnitImport
from quetsach.portal.units.queries import above
from quetsach.portal.units.roles import Verb, fits, places_of
from quetsach.portal.units.table_words import column_title, file_refusal, problem_text
from quetsach.portal.units.views import find_unit
from quetsach.portal.units.words import refusal
from quetsach.text.vietnamese import search_key
from quetsach.units.plan import Changed, Plan
from quetsach.units.table import MOST_ROWS, TableError, read_table
from quetsach.units.written import as_csv, as_xlsx

MOST_BYTES = 20 * 1024 * 1024
SHOWN = 100
"""Rows of each kind in the preview."""
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


@require_safe
def table(request: HttpRequest, unit_id: UUID, form: str) -> HttpResponse:
    """All units below a unit as a file."""
    unit = find_unit(request, unit_id)
    if form not in TYPES:
        raise Http404
    if form == "csv":
        body = as_csv(tables.rows_of(unit, language()), language())
    else:
        body = as_xlsx(tables.rows_of(unit), list(tables.kind_labels().values()))
    name = slugify(search_key(unit.name)) or "don-vi"
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return HttpResponse(body, content_type=TYPES[form], headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, unit_id: UUID) -> HttpResponse:
    """Read a file and compare it; nothing is written into the tree."""
    unit = find_unit(request, unit_id, Verb.CHANGE_UNITS)
    if unit.is_retired or not isinstance(request.user, User):
        raise Http404
    form = TableForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["table"]
        if file.size > MOST_BYTES:
            most = MOST_BYTES // 1024**2
            message = _("The file is larger than %(most)d MB. Remove pictures from it, or split the list.")
            form.add_error("table", ValidationError(message % {"most": most}, code="too_large"))
        else:
            try:
                read = read_table(file.name, file.read())
            except TableError as error:
                refused("units", error)
                form.add_error("table", file_refusal(error))
            else:
                stored = import_actions.keep(request.user, unit, file.name, read)
                return redirect("unit_import", stored.pk)
    if request.method == "POST":
        note_form(request, form)
    context = {"unit": unit, "above": above([unit])[unit.pk], "form": form, "most": MOST_ROWS,
               "kinds": tables.kind_labels().values()}  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "units/upload.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """The changes that a table would make, and the button to apply it."""
    visible = UnitImport.objects.visible_to(request.user).select_related("top")
    stored = visible.filter(pk=import_id, applied_at=None).first()
    places = places_of(request.user)
    if (
        stored is None
        or not fits(places, Verb.CHANGE_UNITS, stored.top.path)
        or stored.by_id != request.user.pk
    ):
        raise Http404
    assert isinstance(request.user, User)
    if request.method == "POST" and request.POST.get("act") == "names":
        return _chosen(request, stored)
    form = ChangeForm(request.POST or None)
    refused = ""
    if request.method == "POST" and form.is_valid():
        basis = form.cleaned_data["legal_basis"]
        try:
            plan = import_actions.apply(
                request.user, stored, on=form.day, legal_basis=basis, ip=client_ip_text(request)
            )
        except TreeRefusedError as error:
            refused = refusal(error)
        except ValidationError as error:
            refused = " ".join(error.messages)
        else:
            counts = {"new": len(plan.new), "changed": len(plan.altered), "moved": len(plan.moved)}
            messages.success(
                request, _("Applied: %(new)d new, %(changed)d changed, %(moved)d moved.") % counts
            )
            return redirect(f"{reverse('unit', args=[stored.top.pk])}?hom-nay=1#hom-nay")
    plan = tables.plan_of(stored)
    context = {
        "kept": stored,
        "unit": stored.top,
        "form": form,
        "refused": refused,
        "plan": plan,
        "shown": SHOWN,
        "problems": [problem_text(problem) for problem in plan.problems[:SHOWN]],
        "changes": [_told(change) for change in plan.altered[:SHOWN]],
        "is_empty": not (plan.new or plan.changed),
        "choices": table_offers.superiors(stored, plan),
        "same": table_offers.same_units(plan),
    } | _names(plan)
    return render(request, "units/preview.html", context, status=422 if request.method == "POST" else 200)


def _chosen(request: HttpRequest, stored: UnitImport) -> HttpResponse:
    """Take over the person's choices among the offers; all others are dropped."""
    plan = tables.plan_of(stored)
    superiors = {}
    for number, choice in enumerate(table_offers.superiors(stored, plan)):
        way = request.POST.get(f"superior-{number}", "")
        if way in choice.ways and request.POST.get(f"text-{number}") == choice.text:
            superiors[choice.text] = way
    ticked = set(request.POST.getlist("same"))
    same = {
        one.line: (one.unit, one.name) for one in table_offers.same_units(plan) if str(one.line) in ticked
    }
    if not superiors and not same:
        messages.error(request, _("Nothing is chosen. Choose a unit, or mend the table."))
        return redirect("unit_import", stored.pk)
    import_actions.correct(stored, superiors, same)
    text = ngettext("%(n)d name is taken over.", "%(n)d names are taken over.", len(superiors) + len(same))
    messages.success(request, text % {"n": len(superiors) + len(same)})
    return redirect("unit_import", stored.pk)


def _told(change: Changed) -> dict[str, Any]:
    labels = tables.kind_labels()
    cells = [
        (column_title(key), labels.get(old, old) if key == "kind" else old,
         labels.get(new, new) if key == "kind" else new)
        for key, (old, new) in change.cells.items()
    ]  # fmt: skip
    return {"row": change.row, "name": change.name, "cells": cells}


def _names(plan: Plan) -> dict[str, Any]:
    new = [(one.row, one.cells["name"], one.cells.get("parent", "")) for one in plan.new[:SHOWN]]
    moved = [(one.row, one.name, *one.above) for one in plan.moved[:SHOWN]]
    return {"new": new, "moved": moved, "missing": [unit.name for unit in plan.missing[:SHOWN]]}
