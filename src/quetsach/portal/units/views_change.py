"""Changes of the tree: one address for each verb, with a form for the day and the legal basis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from quetsach.portal.accounts.models import User
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.units import actions, queries, reorg_actions
from quetsach.portal.units import forms as filled
from quetsach.portal.units.change_actions import TreeRefusedError
from quetsach.portal.units.models import Unit
from quetsach.portal.units.roles import Verb, fits, places_of
from quetsach.portal.units.views import find_unit, may_reorganise
from quetsach.portal.units.words import refusal

type Done = Callable[[HttpRequest, User, Unit, Any], Unit | None]


PLACED = {"parent", "into", "heir", "keep", *(f"part_{n}" for n in range(filled.PARTS))}
"""Fields that the page draws among the units to choose from."""


@dataclass(frozen=True)
class Act:
    """One verb: its form, its action, and its message. `pick` is the kind of units to choose from."""

    form: type[forms.Form]
    do: Done
    title: str | Promise
    help: str | Promise
    button: str | Promise
    verb: Verb = Verb.CHANGE_UNITS
    pick: str = ""
    by_superior: bool = False
    """Whether it changes the unit's surroundings, so that its own coordinator may not do it alone."""


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, unit_id: UUID, act: str) -> HttpResponse:
    """The form of a verb, and its action."""
    known = ACTS.get(act)
    unit = find_unit(request, unit_id, known.verb if known else Verb.CHANGE_UNITS)
    if known is None or unit.is_retired or not isinstance(request.user, User):
        raise Http404
    if known.by_superior and not may_reorganise(places_of(request.user), unit):
        raise Http404
    form = known.form(request.POST or None, initial=_initial(unit, act))
    refused = ""
    if request.method == "POST" and form.is_valid():
        try:
            target = known.do(request, request.user, unit, form) or unit
        except TreeRefusedError as error:
            refused = refusal(error)
        except ValidationError as error:
            refused = " ".join(error.messages)
        else:
            messages.success(request, _("Done. It is in the history, where you can undo it today."))
            return redirect("unit", target.pk)
    text = (request.POST.get("tim") or request.GET.get("tim", ""))[:200]
    picked = set(request.POST.getlist("others")) | set(request.GET.getlist("others"))
    placed = PLACED | ({"name"} if act == "sap-nhap" else set())
    context = {
        "unit": unit,
        "above": queries.above([unit])[unit.pk],
        "act": known,
        "name": act,
        "form": form,
        "refused": refused,
        "text": text,
        "choices": _choices(request, unit, known.pick, text, picked),
        "picked": picked,
        "children": queries.children_of(unit) if act in {"chia-tach", "giai-the"} else [],
        "parts": [form[f"part_{n}"] for n in range(filled.PARTS)] if act == "chia-tach" else [],
        "plain": [form[field] for field in form.fields if field not in placed],
        "help": str(known.help) % {"unit": unit.name},
        "sent": request.POST,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "units/change.html", context, status=status)


def _initial(unit: Unit, act: str) -> dict[str, Any]:
    if act == "doi-ten":
        return {f: getattr(unit, f) for f in ("name", "kind", "short_name", "doc_abbr")}
    if act == "sua":
        numbers = {n.scheme: n.value for n in queries.identifiers_of(unit).filter(valid_to=None)}
        fields = ("contact_name", "contact_phone", "contact_email", "staff_count")
        return {**{f: getattr(unit, f) for f in fields}, **numbers}
    if act == "bo-cap":
        return {"kind": Unit.Kind.DISTRICT}
    if act == "them":
        return {"kind": Unit.Kind.OTHER}
    return {}


def _choices(request: HttpRequest, unit: Unit, pick: str, text: str, picked: set[str]) -> list[queries.Hit]:
    """Units that the person may change too: likely ones, chosen ones, and results of a search."""
    if not pick:
        return []
    assert isinstance(request.user, User)
    near = list(queries.children_of(unit.parent)) if unit.parent else []
    if pick == "superior":
        above = queries.above([unit])[unit.pk]
        near = queries.children_of(above[-2]) if len(above) > 1 else near
    elif pick == "heir" and unit.parent:
        near = [unit.parent, *near]
    rows = Unit.objects.visible_to(request.user).filter(retired_at=None)
    chosen = list(rows.filter(pk__in=[pk for pk in picked if _is_uuid(pk)]))
    found = [hit.unit for hit in queries.search(request.user, text)[0]] if text else []
    places = places_of(request.user)
    units = {
        u.pk: u
        for u in [*chosen, *found, *near]
        if u.pk != unit.pk
        and fits(places, Verb.CHANGE_UNITS, u.path)
        and not (pick == "superior" and (u.path.startswith(unit.path) or u.pk == unit.parent_id))
    }
    paths = queries.above(units.values())
    return [queries.Hit(u, tuple(a.name for a in paths[u.pk])) for u in units.values()]


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _other(request: HttpRequest, pk: object) -> Unit:
    """Another unit of the change, which the person must be allowed to change as well."""
    if not isinstance(pk, UUID) and not _is_uuid(str(pk)):
        raise Http404
    return find_unit(request, UUID(str(pk)), Verb.CHANGE_UNITS)


def _when(request: HttpRequest, form: filled.ChangeForm) -> dict[str, Any]:
    basis = form.cleaned_data["legal_basis"]
    return {"on": form.day, "legal_basis": basis, "ip": client_ip_text(request)}


def _add(request: HttpRequest, user: User, unit: Unit, form: filled.AddForm) -> None:
    names: dict[str, Any] = {**form.names(), **form.extra()}
    reorg_actions.found(user, unit, names.pop("name"), **names, **_when(request, form))


def _rename(request: HttpRequest, user: User, unit: Unit, form: filled.NamesForm) -> None:
    names: dict[str, Any] = form.names()
    reorg_actions.rename(user, unit, **names, **_when(request, form))


def _contact(request: HttpRequest, user: User, unit: Unit, form: filled.ContactForm) -> None:
    data = dict(form.cleaned_data)
    numbers = {scheme.value: data.pop(scheme.value) for scheme in filled.NUMBERS}
    actions.set_contact(user, unit, data, numbers, ip=client_ip_text(request))


def _move(request: HttpRequest, user: User, unit: Unit, form: filled.MoveForm) -> None:
    parent = _other(request, form.cleaned_data["parent"])
    reorg_actions.move(user, unit, parent, **_when(request, form))


def _sector(request: HttpRequest, user: User, unit: Unit, form: filled.SectorForm) -> None:
    pk = form.cleaned_data["parent"]
    parent = _other(request, pk) if pk else None
    actions.set_sector(user, unit, parent, on=form.day, ip=client_ip_text(request))


def _merge(request: HttpRequest, user: User, unit: Unit, form: filled.MergeForm) -> Unit:
    sources = [unit, *(_other(request, pk) for pk in request.POST.getlist("others"))]
    into = _other(request, form.cleaned_data["into"]) if form.cleaned_data["into"] else None
    if into is not None and into not in sources:
        raise Http404
    event = reorg_actions.merge(
        user,
        sources,
        into=into,
        parent=unit.parent,
        name=form.cleaned_data["name"],
        kind=unit.kind,
        doc_abbr=unit.doc_abbr,
        **_when(request, form),
    )
    link = event.links.select_related("to_unit").first()
    assert link is not None
    return link.to_unit


def _split(request: HttpRequest, user: User, unit: Unit, form: filled.SplitForm) -> None:
    names = {n: form.cleaned_data[f"part_{n}"] for n in range(filled.PARTS)}
    children: dict[int, list[UUID]] = {n: [] for n in names}
    as_typed = {str(n): n for n in names}
    for child in queries.children_of(unit):
        part = request.POST.get(f"child-{child.pk}", "")
        if part in as_typed:
            children[as_typed[part]].append(child.pk)
    given = [n for n, name in names.items() if name]
    fields = {"kind": unit.kind, "doc_abbr": unit.doc_abbr}
    parts = [reorg_actions.Part(names[n], fields, children[n]) for n in given]
    heir = form.cleaned_data["heir"]
    reorg_actions.split(
        user,
        unit,
        parts,
        keep=form.cleaned_data["keep"],
        heir=given.index(heir) if heir in given else None,
        **_when(request, form),
    )


def _retire(request: HttpRequest, user: User, unit: Unit, form: filled.RetireForm) -> None:
    heir = _other(request, form.cleaned_data["heir"]) if form.cleaned_data["heir"] else None
    reorg_actions.abolish(user, unit, heir=heir, children_to=heir, **_when(request, form))


def _level(request: HttpRequest, user: User, unit: Unit, form: filled.LevelForm) -> None:
    reorg_actions.abolish_level(user, unit, form.cleaned_data["kind"], **_when(request, form))


ACTS = {
    "them": Act(
        filled.AddForm, _add, gettext_lazy("Which unit is new?"),
        gettext_lazy("It is placed below %(unit)s."), gettext_lazy("Add it"),
    ),
    "sua": Act(
        filled.ContactForm, _contact, gettext_lazy("Whom should people call here?"),
        gettext_lazy("Shown to the people of %(unit)s and of its superiors."), gettext_lazy("Save"),
        verb=Verb.EDIT_CONTACT,
    ),
    "doi-ten": Act(
        filled.NamesForm, _rename, gettext_lazy("What is the unit called now?"),
        gettext_lazy("The name until now stays in the history, and is still found."), gettext_lazy("Rename"),
    ),
    "chuyen": Act(
        filled.MoveForm, _move, gettext_lazy("Under which unit does it stand now?"),
        gettext_lazy("All units below move along. Campaigns that run keep the old place."),
        gettext_lazy("Move it"), pick="superior", by_superior=True,
    ),
    "nganh-doc": Act(
        filled.SectorForm, _sector, gettext_lazy("Which unit guides it in its line of work?"),
        gettext_lazy("Beside its superior: only shown, nothing is counted along it."),
        gettext_lazy("Save"), pick="superior",
    ),
    "sap-nhap": Act(
        filled.MergeForm, _merge, gettext_lazy("With which units does it merge?"),
        gettext_lazy("Units below move to the result, whose people take over unfinished reports."),
        gettext_lazy("Merge"), pick="merge", by_superior=True,
    ),
    "chia-tach": Act(
        filled.SplitForm, _split, gettext_lazy("Into which units is it divided?"),
        gettext_lazy("The parts stand at the place of %(unit)s."), gettext_lazy("Divide"), by_superior=True,
    ),
    "giai-the": Act(
        filled.RetireForm, _retire, gettext_lazy("Does this unit no longer exist?"),
        gettext_lazy("It is not deleted: its figures, files and history stay."), gettext_lazy("Dissolve it"),
        pick="heir", by_superior=True,
    ),
    "bo-cap": Act(
        filled.LevelForm, _level, gettext_lazy("Which level is abolished?"),
        gettext_lazy("What is below each of them moves up to its superior, which takes over its duties."),
        gettext_lazy("Abolish the level"),
    ),
}  # fmt: skip


@require_POST
def undo(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Undo an event; the person must be allowed to change every unit in it."""
    event = queries.event(event_id)
    units = queries.units_in(event) if event else []
    if event is None or not isinstance(request.user, User):
        raise Http404
    places = places_of(request.user)
    if not units or not all(fits(places, Verb.CHANGE_UNITS, unit.path) for unit in units):
        raise Http404
    try:
        reorg_actions.undo(request.user, event, ip=client_ip_text(request))
    except TreeRefusedError as error:
        messages.error(request, refusal(error))
    else:
        messages.success(request, _("Undone. The tree is as it was before."))
    living = [unit for unit in queries.units_in(event) if not unit.is_retired]
    return redirect("unit", (living or units)[0].pk)


@require_POST
def choose_heir(request: HttpRequest, link_id: int) -> HttpResponse:
    """Set the part of a divided unit that takes over its unfinished duties."""
    link = queries.link(link_id)
    if link is None or not isinstance(request.user, User):
        raise Http404
    unit = find_unit(request, link.from_unit_id, Verb.CHANGE_UNITS)
    find_unit(request, link.to_unit_id, Verb.CHANGE_UNITS)
    try:
        reorg_actions.choose_heir(request.user, link, ip=client_ip_text(request))
    except TreeRefusedError as error:
        messages.error(request, refusal(error))
    else:
        messages.success(request, _("%(unit)s takes over the unfinished work.") % {"unit": link.to_unit.name})
    return redirect("unit", unit.pk)
