"""The pages of a register: its machines, one machine, acts on them, and the decisions with their undo."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from quetsach.machines.evidence import Key
from quetsach.machines.identity.entries import BY_HAND
from quetsach.portal.accounts.models import User
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.machines import words
from quetsach.portal.machines.actions import DecisionRefusedError
from quetsach.portal.machines.addresses.words import KINDS
from quetsach.portal.machines.models import EvidenceFile, RegisterRow, StoredDecision
from quetsach.portal.machines.register import actions, export, queries
from quetsach.portal.machines.seats import own_paths, own_unit, seen_unit
from quetsach.portal.units.models import Unit
from quetsach.portal.units.roles import Verb, fits, places_of
from quetsach.text.vietnamese import nfc, search_key

PAGE = 50
MOST_EXPORTED = 50_000
CHOICES: dict[str, str | Promise] = {
    "": gettext_lazy("All"),
    "moi": gettext_lazy("Not confirmed"),
    "vang": gettext_lazy("Not seen for 30 days"),
    "nghi": gettext_lazy("Doubtful"),
    "khach": gettext_lazy("Seen on fewer than three days"),
    "khac": gettext_lazy("Phones, printers, others"),
    "het": gettext_lazy("Gone"),
}
REFUSALS: dict[str, str | Promise] = {
    "two_keys": gettext_lazy("Choose another machine: this is the same one."),
    "one_key": gettext_lazy("This concerns one machine only."),
    "verdict": gettext_lazy("This cannot be said of a machine."),
    "elsewhere": gettext_lazy("The other machine is known in another unit only."),
    "higher": gettext_lazy("A unit above said so; only it can take that back."),
    "withdrawn": gettext_lazy("Somebody took it back already."),
}
RELATIONS = {"mot": "same", "hai": "different", "thay": "replaced"}
ACTS = ("xac-nhan", "ghi", "thoi", *RELATIONS)
"""The words of acts on one machine in addresses: confirm, write, retire, one, two, replaced."""


@login_required
@require_safe
def registers(request: HttpRequest) -> HttpResponse:
    """The person's own register; a choice where they keep several."""
    rows = Unit.objects.visible_to(request.user).filter(path__in=own_paths(request), retired_at=None)
    units = list(rows.order_by("path")[:50])
    if not units:
        raise Http404
    if len(units) == 1:
        return _register(request, units[0])
    return render(request, "machines/registers.html", {"units": units, "door": "registers"})


@require_safe
def register(request: HttpRequest, unit_id: UUID) -> HttpResponse:
    """The machines of a unit for its own people; numbers alone for people of units above."""
    return _register(request, seen_unit(request, unit_id))


def _register(request: HttpRequest, unit: Unit) -> HttpResponse:
    figures = queries.figures_of(unit)
    places = places_of(request.user)
    context: dict[str, Any] = {
        "unit": unit, "figures": figures, "door": "registers", "tab": "register",
        "register_stated": queries.stated(unit),
    }  # fmt: skip
    if not fits(places, Verb.KEEP_REGISTER, unit.path):
        context |= {"below": queries.below(unit), "register_waits": queries.waits(unit, below=True)}
        return render(request, "machines/numbers.html", context)
    chosen, text = _asked(request)
    page = Paginator(queries.rows_of(unit, chosen, text), PAGE).get_page(request.GET.get("trang"))
    rows = list(page)
    cases = queries.cases_of(unit, rows)
    context |= {
        "page": page, "chosen": chosen, "text": text,
        "rows": [
            (row, words.shown_name(row), words.addresses(row)[:2], cases.get(row.pk, "")) for row in rows
        ],
        "choices": CHOICES.items(),
        "kinds": RegisterRow.Kind.choices,
        "waits": queries.waits(unit),
        "asked": [_question(row) for row in queries.asked_of(unit)] if figures and figures.asked else [],
        "below": queries.below(unit),
    }  # fmt: skip
    return render(request, "machines/register.html", context)


def _asked(request: HttpRequest) -> tuple[str, str]:
    chosen = request.GET.get("loc", "")
    return chosen if chosen in CHOICES else "", nfc(request.GET.get("tim", "")).strip().replace("\0", "")[
        :100
    ]


def _question(row: RegisterRow) -> tuple[RegisterRow, list[tuple[str, list[str], list[str], str]]]:
    told = [
        (words.spoken(*name), left, right, f"{words.spoken(*left)} → {words.spoken(*right)}")
        for _what, left, right, name, _at in row.questions
    ]
    return row, told


@require_safe
def register_file(request: HttpRequest, unit_id: UUID, form: str) -> HttpResponse:
    """The rows of a choice as a file."""
    unit = own_unit(request, unit_id)
    if form not in export.FORMS:
        raise Http404
    write, media = export.FORMS[form]
    chosen, text = _asked(request)
    body = write(queries.rows_of(unit, chosen, text)[:MOST_EXPORTED])
    name = slugify(search_key(f"so may {unit.name}")) or "so-may"
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return HttpResponse(body, content_type=media, headers=headers)


@require_POST
def register_confirm(request: HttpRequest, unit_id: UUID) -> HttpResponse:
    """Confirm several machines at once, each as its kind or as the kind that is chosen."""
    unit = own_unit(request, unit_id)
    assert isinstance(request.user, User)
    ids = [int(one) for one in request.POST.getlist("may") if one.isdecimal() and len(one) < 19][:PAGE]
    rows = list(RegisterRow.objects.visible_to(request.user).filter(unit=unit, pk__in=ids))
    machine = request.POST.get("kind", "")
    machine = machine if machine in RegisterRow.Kind.values else ""
    back = f"{reverse('register', args=[unit.pk])}?loc={_asked_back(request)}"
    if not rows:
        messages.error(request, _("Choose at least one machine."))
        return redirect(back)
    try:
        said = actions.say(
            unit, rows, "confirmed", request.user, "", machine=machine, ip=client_ip_text(request)
        )
    except DecisionRefusedError as error:
        messages.error(request, str(REFUSALS[error.code]))
        return redirect(back)
    request.session["register-undo"] = [str(one.pk) for one in said]
    text = ngettext("%(n)d machine confirmed.", "%(n)d machines confirmed.", len(said)) % {"n": len(said)}
    messages.success(request, text)
    return redirect(f"{reverse('decisions', args=[unit.pk])}?vua=1")


def _asked_back(request: HttpRequest) -> str:
    chosen = request.POST.get("loc", "")
    return chosen if chosen in CHOICES else ""


def _row(request: HttpRequest, unit: Unit, row_id: int) -> RegisterRow:
    row = RegisterRow.objects.visible_to(request.user).filter(pk=row_id, unit=unit).first()
    if row is None:
        raise Http404
    return row


@require_safe
def machine(request: HttpRequest, unit_id: UUID, row_id: int) -> HttpResponse:
    """One machine: its keys and sources, the words of people, and the acts that the reader may do."""
    unit = own_unit(request, unit_id)
    row = _row(request, unit, row_id)
    text = nfc(request.GET.get("tim", "")).strip().replace("\0", "")[:100]
    decisions = list(queries.decisions_of(unit, row)[:30])
    hand = queries.words_of(unit, row)
    context = {
        "unit": unit, "row": row, "door": "registers", "tab": "register", "name": words.shown_name(row),
        "keys": [words.key(kind, value) for kind, value in (*row.keys, *row.names)],
        "addresses": words.addresses(row),
        "about": [
            (words.ABOUT.get(word, word), value) for word, value in row.about.items() if word != "kind"
        ],
        "case": queries.cases_of(unit, [row]).get(row.pk, ""),
        "questions": _question(row)[1],
        "others": [(one, words.shown_name(one), words.spoken(one.key_kind, one.key_value))
                   for one in queries.candidates(row, text)],
        "text": text, "kinds": RegisterRow.Kind.choices,
        "said": [(one, *_words(one)) for one in queries.said_of(unit, decisions)],
        "hand": [(one, queries.Named("")) for one in hand],
        "reasons": [
            (words.reason(why), " = ".join(words.spoken(*key) for key in keys), words.moment(at), source)
            for why, keys, at, source in row.reasons
        ],
        "events": [(words.event(what), words.moment(at)) for what, at, _said in row.events],
    }  # fmt: skip
    return render(request, "machines/machine.html", context)


def _words(one: queries.Said) -> tuple[str, str, str | Promise]:
    """The keys of both machines as they were said then, and what the first was confirmed as."""
    said = one.decision
    left, right = (said.left_kind, said.left_value), (said.right_kind, said.right_value)
    kinds: dict[str, str | Promise] = {**dict(RegisterRow.Kind.choices), **KINDS}
    spoken = said.left_value.rpartition(" ")[2] if said.left_kind == "address" else words.spoken(*left)
    return spoken, words.spoken(*right), kinds.get(said.machine, "")


@require_POST
def machine_act(request: HttpRequest, unit_id: UUID, row_id: int, act: str) -> HttpResponse:
    """One act on a machine."""
    unit = own_unit(request, unit_id)
    row = _row(request, unit, row_id)
    assert isinstance(request.user, User)
    reason, ip = request.POST.get("reason", "").strip()[:500], client_ip_text(request)
    back = reverse("register_machine", args=[unit.pk, row.pk])
    if act not in ACTS:
        raise Http404
    if act in ("thoi", *RELATIONS) and not reason:
        messages.error(request, _("Say why: others read it later."))
        return redirect(back)
    try:
        _do(request, request.user, unit, row, act, reason, ip)
    except DecisionRefusedError as error:
        messages.error(request, str(REFUSALS[error.code]))
        return redirect(back)
    now = queries.row_with(unit, row.key_kind, row.key_value)
    if now is None:
        return redirect(f"{reverse('register', args=[unit.pk])}?tim={row.key_value.rpartition(' ')[2]}")
    return redirect("register_machine", unit.pk, now.pk)


def _do(
    request: HttpRequest, user: User, unit: Unit, row: RegisterRow, act: str, reason: str, ip: str | None
) -> None:
    if act == "ghi":
        told = {word: request.POST.get(word, "") for word in actions.WORDS}
        done = actions.write_words(unit, row, told, user, ip)
        messages.success(
            request, _("Written down. It can be taken back below.") if done else _("Nothing changed.")
        )
    elif act == "xac-nhan":
        kind = request.POST.get("kind", "")
        kind = kind if kind in RegisterRow.Kind.values else ""
        actions.say(unit, [row], "confirmed", user, reason, machine=kind, ip=ip)
        messages.success(request, _("Confirmed. It can be taken back below."))
    elif act == "thoi":
        actions.say(unit, [row], "retired", user, reason, ip=ip)
        messages.success(request, _("It no longer counts. It can be taken back below."))
    else:
        kind, _colon, value = request.POST.get("other", "").partition(":")
        actions.relate(unit, row, Key(kind[:10], value[:269]), RELATIONS[act], user, reason, ip)
        messages.success(
            request, _("Written down, and the machines were computed anew. It can be taken back.")
        )


@require_safe
def decisions(request: HttpRequest, unit_id: UUID) -> HttpResponse:
    """What people of the unit said of machines, with the undo of each."""
    unit = own_unit(request, unit_id)
    page = Paginator(queries.decisions_of(unit), PAGE).get_page(request.GET.get("trang"))
    rows = list(page)
    fresh = request.session.get("register-undo", []) if request.GET.get("vua") else []
    context = {
        "unit": unit, "tab": "decisions", "door": "registers", "page": page, "fresh": fresh,
        "rows": [(one, *_words(one)) for one in queries.said_of(unit, rows)],
        "hand": queries.latest_words(unit) if page.number == 1 else [],
    }  # fmt: skip
    return render(request, "machines/decisions.html", context)


@require_POST
def decision_undo(request: HttpRequest, unit_id: UUID) -> HttpResponse:
    """Take decisions of the unit back, one or several; or words that were written by hand."""
    unit = own_unit(request, unit_id)
    assert isinstance(request.user, User)
    ids = [one for one in map(_uuid, request.POST.getlist("decision")[:PAGE]) if one is not None]
    rows = list(StoredDecision.objects.visible_to(request.user).filter(pk__in=ids, unit=unit))
    kept = EvidenceFile.objects.visible_to(request.user).filter(
        pk__in=[one for one in [_uuid(request.POST.get("words", ""))] if one], unit=unit, source=BY_HAND
    )
    try:
        if rows:
            actions.take_back_all(unit, rows, request.user, client_ip_text(request))
        for one in kept:
            actions.take_words_back(one, request.user, client_ip_text(request))
    except DecisionRefusedError as error:
        messages.error(request, str(REFUSALS[error.code]))
    else:
        messages.success(request, _("Taken back, and the machines were computed anew."))
    return redirect("decisions", unit.pk)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
