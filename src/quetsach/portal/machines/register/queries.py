"""Reads of a register: rows, questions that wait for a person, decisions, and the counts for units above."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.utils import timezone

from quetsach.machines.identity.entries import BY_HAND
from quetsach.portal.machines.models import (
    EvidenceFile,
    RegisterFigures,
    RegisterRow,
    StoredBinding,
    StoredClaim,
    StoredDecision,
)
from quetsach.portal.units.models import Unit
from quetsach.text.vietnamese import search_key

QUIET = timedelta(days=30)
"""A machine that no source saw for so long is asked about: retired, moved, or no longer in the logs?"""
type _Cases = Callable[[Unit, Sequence[RegisterRow]], dict[int, str]]
CASES: list[_Cases] = []
"""The app cases registers here: for a unit and rows it returns the address of the open case of each."""
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


def waits(unit: Unit) -> bool:
    """Whether evidence of the unit is not yet in the register."""
    return any(
        rows.filter(unit=unit, is_listed=False).exists()
        for rows in (StoredClaim.rows.all(), StoredBinding.rows.all())
    )


def stated(unit: Unit) -> int | None:
    """The number of computers that the unit states itself."""
    return STATED[0](unit) if STATED else None


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


class Said(NamedTuple):
    """A decision with the words for its machines, and what may be taken back."""

    decision: StoredDecision
    left: str
    right: str
    is_withdrawn: bool


def decisions_of(unit: Unit, row: RegisterRow | None = None) -> QuerySet[StoredDecision]:
    """The decisions of the unit's people but those that only take others back; of one machine if asked."""
    rows = StoredDecision.rows.filter(unit=unit).exclude(verdict="withdrawn").select_related("by")
    if row is not None:
        values = [row.key_value, *(value for _, value in (*row.keys, *row.names))]
        rows = rows.filter(Q(left_value__in=values) | Q(right_value__in=values))
    return rows.order_by("-at", "-pk")


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
