"""Pages of the tree: search, one unit, the units below it, its history."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from quetsach.portal.accounts.models import User
from quetsach.portal.units import queries
from quetsach.portal.units.models import Place, ReorgEvent, ReorgLink, Unit
from quetsach.portal.units.roles import Verb, fits, places_of
from quetsach.portal.units.words import history
from quetsach.text.vietnamese import nfc

HISTORY_SHOWN = 12
FILTERS = ("", "chua-co-so", "chua-co-nguoi")


def find_unit(request: HttpRequest, unit_id: UUID, verb: Verb = Verb.READ) -> Unit:
    """The unit; 404 if it does not exist or the person lacks the right."""
    visible = Unit.objects.visible_to(request.user).select_related("parent")
    unit = visible.filter(pk=unit_id).first()
    if unit is None or not fits(places_of(request.user), verb, unit.path):
        raise Http404
    return unit


def may_reorganise(places: list[Place], unit: Unit) -> bool:
    """Whether the person may move, merge, divide or dissolve the unit: a coordinator of its superior may."""
    return unit.parent is not None and fits(places, Verb.CHANGE_UNITS, unit.parent.path)


@login_required
@require_safe
def units(request: HttpRequest) -> HttpResponse:
    """The person's own units with those directly below, or the results of a search."""
    assert isinstance(request.user, User)
    tops = queries.tops_of(request.user)
    if not tops:
        raise Http404
    text = nfc(request.GET.get("q", ""))[:200]
    hits, found = queries.search(request.user, text) if text else ([], 0)
    context = {
        "text": text,
        "hits": hits,
        "found": found,
        "tops": [(top, queries.above([top])[top.pk], queries.children_of(top)) for top in tops],
    }
    return render(request, "units/units.html", context)


def _successors(unit: Unit, events: list[ReorgEvent]) -> list[ReorgLink]:
    """The unit's successors, by the first event first; without those of undone events."""
    held = (event for event in reversed(events) if event.undone_at is None)
    return [link for event in held for link in event.links.all() if link.from_unit_id == unit.pk]


@require_safe
def unit(request: HttpRequest, unit_id: UUID) -> HttpResponse:
    """One unit: its contact, the units below, and its history."""
    row = find_unit(request, unit_id)
    places = places_of(request.user)
    above, children = queries.around(row)
    silent, (people, alone) = queries.without_contact(children), queries.people_at(row, children)
    chosen = request.GET.get("loc", "")
    shown = {"chua-co-so": silent, "chua-co-nguoi": alone}.get(chosen)
    is_today = "hom-nay" in request.GET and fits(places, Verb.CHANGE_UNITS, row.path)
    events = [] if is_today else queries.events_of(row)
    sentences = history(row, events)
    context = {
        "unit": row,
        "above": [(u, any(u.path.startswith(path) for _, path in places)) for u in above],
        "children": [child for child in children if shown is None or child.pk in shown],
        "total": len(children),
        "silent": silent,
        "alone": alone,
        "chosen": chosen if chosen in FILTERS else "",
        "people": people,
        "numbers": queries.identifiers_of(row),
        "sectors": queries.sectors_of(row),
        "may_change": fits(places, Verb.CHANGE_UNITS, row.path) and not row.is_retired,
        "may_reorganise": may_reorganise(places, row),
        "may_contact": fits(places, Verb.EDIT_CONTACT, row.path) and not row.is_retired,
        "may_undo": fits(places, Verb.CHANGE_UNITS, row.path),
        "is_today": is_today,
        "changed_today": queries.changed_today(row) if is_today else [],
        "history": sentences[:HISTORY_SHOWN],
        "earlier": sentences[HISTORY_SHOWN:],
        "today": timezone.localdate(),
        "successors": _successors(row, events),
        "PART": ReorgLink.Portion.PART,
    }
    return render(request, "units/unit.html", context)
