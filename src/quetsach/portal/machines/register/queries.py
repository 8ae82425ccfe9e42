"""Reads of a register: rows, questions that wait for a person, decisions, and the counts for units above."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.utils import timezone

from quetsach.machines.evidence import Key
from quetsach.machines.identity.entries import BY_HAND
from quetsach.portal.machines.models import (
    EvidenceFile,
    RegisterFigures,
    RegisterRow,
    StoredBinding,
    StoredClaim,
    StoredDecision,
)
from quetsach.portal.units.models import Unit, subtree
from quetsach.text.vietnamese import search_key

QUIET = timedelta(days=30)
"""A machine that no source saw for so long is asked about: retired, moved, or no longer in the logs?"""
MOST_WORDS = 50
"""What was written by hand and stands on the page of all that people said."""
type _Cases = Callable[[Unit, Sequence[RegisterRow]], dict[int, str]]
CASES: list[_Cases] = []
"""The app cases registers here: for a unit and rows it returns the address of the open case of each."""


class Seen(NamedTuple):
    """When logs saw a machine: the first and the last time, and the local days since 1970."""

    first: datetime
    last: datetime
    days: frozenset[int]


type InLogs = Mapping[tuple[UUID, str, str], Seen]
SEEN: list[Callable[[Collection[tuple[str, str]]], InLogs]] = []
"""The app cases registers here: for kinds and values of keys it returns, by unit, kind and value, when logs
saw the machine."""
SEEN_LATER: list[Callable[[], QuerySet[RegisterRow]]] = []
"""The app cases registers here: the rows whose machine logs may have seen since the row was written."""
STATED: list[Callable[[Unit], int | None]] = []
"""The app checks, which asks units for their number of computers, registers here."""
Standing = RegisterRow.Standing


class Filter(NamedTuple):
    """One choice of rows: its word in the address, and the rows."""

    word: str
    rows: Q


def filters() -> list[Filter]:
    """The choices of rows, in the order of the page."""
    here = ~Q(standing__in=[Standing.RETIRED, Standing.ELSEWHERE])
    now = timezone.now()
    return [
        Filter("", here),
        Filter("moi", here & Q(is_confirmed=False)),
        Filter("vang", here & Q(last_at__lt=now - QUIET)),
        Filter("nghi", here & (Q(is_doubtful=True) | Q(is_asked=True))),
        Filter("khach", Q(standing=Standing.VISITOR)),
        Filter("khac", Q(standing__in=[Standing.APART, Standing.RANDOM])),
        Filter("het", ~here),
    ]


def rows_of(unit: Unit, chosen: str = "", text: str = "") -> QuerySet[RegisterRow]:
    """The rows of a register by a choice and a text, by name; without JSON that lists do not show."""
    named = {one.word: one.rows for one in filters()}
    rows = RegisterRow.rows.filter(named.get(chosen, named[""]), unit=unit)
    for word in search_key(text).split()[:5]:
        rows = rows.filter(search__contains=word)
    return rows.defer("search", "events", "reasons", "questions", "group", "names").order_by("name", "pk")


def figures_of(unit: Unit) -> RegisterFigures | None:
    """The numbers of a unit's register; None where it has none."""
    return RegisterFigures.rows.filter(unit=unit).first()


def below(unit: Unit) -> list[tuple[Unit, RegisterFigures | None]]:
    """The units directly below with the numbers of their registers."""
    children = Unit.rows.filter(parent=unit, retired_at=None).select_related("register_figures")
    return [(child, getattr(child, "register_figures", None)) for child in children]


def waits_at() -> ExpressionWrapper[Any]:
    """Over a row with a `unit`: whether evidence of that unit is not yet in its register. Then its number of
    known computers will still move."""
    return _unlisted(Q(unit=OuterRef("unit")))


def waits(unit: Unit, *, below: bool = False) -> bool:
    """The same of one unit, or also of those below. One query."""
    where = subtree(unit.path, "unit__path") if below else Q(unit=unit)
    return Unit.rows.filter(_unlisted(where), pk=unit.pk).exists()


def _unlisted(where: Q) -> ExpressionWrapper[Any]:
    found = [Q(Exists(one.rows.filter(where, is_listed=False))) for one in (StoredClaim, StoredBinding)]
    return ExpressionWrapper(found[0] | found[1], output_field=BooleanField())


def stated(unit: Unit) -> int | None:
    """The number of computers that the unit states itself."""
    return STATED[0](unit) if STATED else None


def seen_in_logs(keys: Collection[tuple[str, str]]) -> InLogs:
    """When logs saw the machines with these ids."""
    return SEEN[0](keys) if SEEN and keys else {}


def cases_of(unit: Unit, rows: Sequence[RegisterRow]) -> dict[int, str]:
    """The addresses of open cases, by the number of the row."""
    return CASES[0](unit, rows) if CASES and rows else {}


def asked_of(unit: Unit) -> list[RegisterRow]:
    """The rows with a question, one of each two."""
    rows = RegisterRow.rows.filter(unit=unit, is_asked=True).order_by("name", "pk")[:100]
    found: dict[str, RegisterRow] = {}
    for row in rows:
        for question in row.questions:
            found.setdefault(str(question[:4]), row)
    return list({row.pk: row for row in found.values()}.values())


def row_with(unit: Unit, kind: str, value: str) -> RegisterRow | None:
    """The row of a machine by its id; None if it has another id now."""
    return RegisterRow.rows.filter(unit=unit, key_kind=kind, key_value=value).first()


def candidates(row: RegisterRow, text: str) -> list[RegisterRow]:
    """Other machines of the register that may be the same: by a text, else by group or name."""
    others = RegisterRow.rows.filter(unit=row.unit_id).exclude(pk=row.pk)
    if text:
        for word in search_key(text).split()[:5]:
            others = others.filter(search__contains=word)
        return list(others.order_by("name", "pk")[:10])
    near = Q(group=row.group)
    if row.name:
        near |= Q(name=row.name)
    return list(others.filter(near).order_by("name", "pk")[:10])


class Named(NamedTuple):
    """What people call a machine, and its row; without a row where no machine has the key any more."""

    name: str
    row: int | None = None


class Said(NamedTuple):
    """A decision with its machines (None: it concerns one alone), and what took it back."""

    decision: StoredDecision
    left: Named
    right: Named | None
    gone: StoredDecision | None


def decisions_of(unit: Unit, row: RegisterRow | None = None) -> QuerySet[StoredDecision]:
    """The decisions of the unit's people but those that only take others back; of one machine if asked."""
    rows = StoredDecision.rows.filter(unit=unit).exclude(verdict="withdrawn").select_related("by")
    if row is not None:
        values = [row.key_value, *(value for _, value in (*row.keys, *row.names))]
        rows = rows.filter(Q(left_value__in=values) | Q(right_value__in=values))
    return rows.order_by("-at", "-pk")


def said_of(unit: Unit, decisions: Sequence[StoredDecision]) -> list[Said]:
    """Decisions as people read them: machines by the names that they have now, and what took each back."""
    gone = withdrawn(decisions)
    keys = {Key(one.left_kind, one.left_value) for one in decisions}
    keys |= {Key(one.right_kind, one.right_value) for one in decisions if one.right_kind}
    named = _named(unit, keys)
    return [
        Said(
            one,
            named[Key(one.left_kind, one.left_value)],
            named[Key(one.right_kind, one.right_value)] if one.right_kind else None,
            gone.get(one.pk),
        )
        for one in decisions
    ]


def _named(unit: Unit, keys: set[Key]) -> dict[Key, Named]:
    """The machines that have these keys now: as their id, or among their keys and names."""
    rows = RegisterRow.rows.filter(unit=unit).order_by("pk").defer("search", "events", "reasons", "addresses")
    found: dict[Key, Named] = {}
    for row in rows.filter(key_value__in={key.value for key in keys}) if keys else ():
        found[Key(row.key_kind, row.key_value)] = Named(row.name, row.pk)
    values = {key: key.value.rpartition(" ")[2] for key in keys if key not in found}
    holds = Q(pk__in=[])
    for value in set(values.values()):
        holds |= Q(search__contains=search_key(value))
    for row in rows.filter(holds) if values else ():
        own = {(kind, value) for kind, value in (*row.keys, *row.names)}
        for key, value in values.items():
            if (key.kind, value) in own:
                found.setdefault(key, Named(row.name, row.pk))
    return {key: found.get(key, Named("")) for key in keys}


def withdrawn(decisions: Sequence[StoredDecision]) -> dict[Any, StoredDecision]:
    """The decisions that are taken back, each with what took it back."""
    rows = list(StoredDecision.rows.filter(withdraws__in=decisions).select_related("by"))
    again = set(StoredDecision.rows.filter(withdraws__in=rows).values_list("withdraws", flat=True))
    return {row.withdraws_id: row for row in rows if row.pk not in again}


def words_of(unit: Unit, row: RegisterRow) -> list[EvidenceFile]:
    """What people of the unit wrote by hand on this machine, the latest first."""
    values = [row.key_value.rpartition(" ")[2], *(value for _, value in row.keys)]
    rows = EvidenceFile.rows.filter(unit=unit, source=BY_HAND, name__in=[value[:300] for value in values])
    return list(rows.select_related("by", "gone_by").order_by("-created_at")[:20])


def latest_words(unit: Unit) -> list[tuple[EvidenceFile, Named]]:
    """What people of the unit wrote by hand last, each with its machine."""
    rows = EvidenceFile.rows.filter(unit=unit, source=BY_HAND).select_related("by", "gone_by")
    files = list(rows.defer("leftovers").order_by("-created_at")[:MOST_WORDS])
    keys = {one.pk: Key(*one.told.get("key", ("", one.name))) for one in files}
    named = _named(unit, set(keys.values()))
    return [(one, named[keys[one.pk]]) for one in files]
