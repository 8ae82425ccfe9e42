"""Which machine a case is about by the word of a person: the notes “Found it”, until one is taken back.

Such a word changes no sign. Proofs and figures still rest on the address.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from quetsach.portal.cases.models import Case, CaseEvent, Device
from quetsach.portal.cases.rules import MOVES_AWAY, STAYS_FOUND, Act, Note

_ACTS = (Note.LOCATE, Note.MISTAKEN, Act.UNDO, *MOVES_AWAY)

_TAKEN_BACK = (Note.LOCATE, Note.MISTAKEN, *MOVES_AWAY)


class Named(NamedTuple):
    """The machine in a person's words, that person, and the moment."""

    place: str
    who: str
    at: datetime


def named(case: Case, events: Iterable[CaseEvent]) -> Named | None:
    """The word that holds. `events` are those of the case and of cases that lead to it, with their authors,
    in their order."""
    if case.located_at is None:
        return None
    words: list[Named | None] = [None]
    for one in events:
        if one.act == Note.LOCATE:
            words.append(Named(one.reason, str(one.by or ""), one.at))
        elif one.act == Note.MISTAKEN or one.act in MOVES_AWAY:
            words.append(words[-1] if STAYS_FOUND in one.data else None)
        elif one.act == Act.UNDO and one.data.get("act") in _TAKEN_BACK and len(words) > 1:
            words.pop()
    return words[-1]


def named_now(case: Case) -> Named | None:
    """The word that holds. One query."""
    rows = CaseEvent.rows.filter(
        Q(case=case) | Q(case__merged_into=case), act__in=[one.value for one in _ACTS]
    )
    return named(case, rows.select_related("by").order_by("at", "pk"))


def names_of(cases: Sequence[Case]) -> dict[UUID, Named]:
    """The words on those of the cases whose machines logs know by an address alone. One query, none where
    nobody has found a machine."""
    found = [case for case in cases if case.located_at and case.device.id_kind in Device.BY_ADDRESS]
    if not found:
        return {}
    acts = [act.value for act in _ACTS]
    rows = CaseEvent.rows.filter(case__in=[case.pk for case in found], act__in=acts).select_related("by")
    events: dict[UUID, list[CaseEvent]] = defaultdict(list)
    for one in rows.order_by("at", "pk"):
        events[one.case_id].append(one)
    told = {case.pk: named(case, events[case.pk]) for case in found}
    return {pk: word for pk, word in told.items() if word is not None}
