"""Reads for the work list: open cases of a unit, each with its strongest piece of evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.advice import Advice, advice_for
from quetsach.portal.cases.clocks import Rule
from quetsach.portal.cases.escalating.wording import DueInWords, due_in_words
from quetsach.portal.cases.flags import COUNTED, PREFIX, Flag, Mark, conditions, marks_of, with_flags
from quetsach.portal.cases.joining import NO_WORK
from quetsach.portal.cases.lists import number_of, there, within
from quetsach.portal.cases.models import Case, CaseEvent, CaseSighting, FalseAlarm
from quetsach.portal.cases.named import Named, names_of
from quetsach.portal.cases.rules import State
from quetsach.portal.cases.several import find_first, is_unfound
from quetsach.portal.cases.undoing_actions import UNDO_WITHIN
from quetsach.portal.cases.work.actions import (
    CHOICES,
    FALSE_ALARM,
    MOST_TOGETHER,
    SEEN,
    START,
    saved_by,
)
from quetsach.portal.sightings.models import Sighting
from quetsach.portal.units.models import subtree


@dataclass(frozen=True, slots=True)
class Row:
    """A case of the list. `sign` is the row of evidence with most log lines, None where no log saw it."""

    case: Case
    sign: Sighting | None
    advice: Advice
    marks: list[Mark]
    due: DueInWords | None
    named: Named | None
    """The machine by the word of a person, where logs know only its address."""

    @property
    def choices(self) -> tuple[str, ...]:
        """What may be chosen for it (`actions.CHOICES`); at an address of several machines nothing is handled
        before the machine is found."""
        if is_unfound(self.case):
            return (SEEN, FALSE_ALARM)
        return tuple(one for one in CHOICES if one != START or self.case.state != State.CLEANING)

    @property
    def find(self) -> str:
        """What to do before anything is cleaned, where the address stands for several machines."""
        return find_first(self.case) if is_unfound(self.case) else ""


def open_cases(
    node: CampaignNode,
    rule: Rule,
    now: datetime,
    *,
    below: bool = False,
    flag: Flag | None = None,
    in_order: bool = False,
) -> QuerySet[Case]:
    """Current cases on which a person must act, of the node or also of those below it. Machines whose signs
    came back are first, then those with the latest sign.

    What is put aside, or waits for a second person, is shown by its own flag alone. `in_order`: see
    `lists.MANY`.
    """
    rows = _open(node, below=below, in_order=in_order)
    if flag is not None:
        rows = rows.filter(conditions(rule, now)[flag])
    else:
        # Both are few: their ids are looked up once, and no row of the list is read for them.
        aside = Case.rows.filter(to_do=True, aside_until__gt=now)
        proposed = FalseAlarm.rows.filter(decided_at=None, ended_at=None)
        rows = rows.exclude(pk__in=aside.order_by().values("pk")).exclude(
            pk__in=proposed.order_by().values("case")
        )
    return rows.order_by("-relapses", "-last_seen", "device_id", "pk")


def _open(node: CampaignNode, *, below: bool, in_order: bool) -> QuerySet[Case]:
    found = Case.rows.filter(to_do=True, device__campaign=node.campaign_id)
    if not below:
        return found.filter(device__owner=node)
    if node.parent_id is None:
        return found
    here = within(node, "device__owner") if in_order else subtree(node.path, "device__owner__path")
    return found.filter(here)


class Saved(NamedTuple):
    """What a person saved together and may still take back: the batch, its cases, when, and until when."""

    batch: str
    cases: int
    at: datetime
    until: datetime


def last_saved(actor: User, node: CampaignNode, now: datetime) -> Saved | None:
    """The acts that a person saved last on the work list of the node or of one below it, in any browser.
    Cases to which something has happened since are left out. One query."""
    since = CaseEvent.rows.filter(Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk")))
    since = since.exclude(act__in=NO_WORK)
    rows = saved_by(actor, node, now).filter(~Exists(since.filter(case=OuterRef("case"))))
    saved = list(rows.order_by("-at", "-pk").values_list("data__batch", "at")[:MOST_TOGETHER])
    if not saved:
        return None
    batch, at = saved[0]
    return Saved(batch, sum(one == batch for one, _at in saved), at, at + UNDO_WITHIN)


@dataclass(frozen=True, slots=True)
class Overview:
    """What a work list has: the number of cases to do, without those put aside or waiting for a second
    person; and the flags that open cases there have, of those that need no look at evidence."""

    to_do: int
    flags: list[Flag]


def overview(node: CampaignNode, rule: Rule, now: datetime, *, below: bool = False) -> Overview:
    """One query, which neither reads nor counts every open case."""
    of, rows = conditions(rule, now), _open(node, below=below, in_order=True).order_by()
    # Alarms that wait, and cases put aside, are few: each look begins with them, not with the open cases.
    waiting = FalseAlarm.rows.filter(decided_at=None, ended_at=None, node__campaign=node.campaign_id)
    its_case = rows.filter(pk=OuterRef("case"))
    numbers = {
        "every": number_of(there(node, below=below), "campaign", "open_cases"),
        "aside": number_of(rows.filter(aside_until__gt=now), "to_do"),
        "proposed": number_of(
            waiting.filter(Exists(its_case.exclude(aside_until__gt=now))), "node__campaign"
        ),
    }
    flags = {PREFIX + flag.value: Exists(rows.filter(of[flag])) for flag in COUNTED}
    flags[PREFIX + Flag.PROPOSED.value] = Exists(waiting.filter(Exists(its_case)))
    flags[PREFIX + Flag.UNREACHABLE.value] = Exists(rows.filter(unreachable_at__lte=now))
    found: Any = CampaignNode.rows.filter(pk=node.pk).order_by().annotate(**numbers, **flags)
    row = found.values(*numbers, *flags).get()
    to_do = row["every"] - row["aside"] - row["proposed"]
    return Overview(to_do, [flag for flag in COUNTED if row[PREFIX + flag.value]])


def rows_of(cases: Iterable[UUID], language: str, rule: Rule, now: datetime) -> list[Row]:
    """The cases with evidence, advice, flags and term, in the order of their ids. Four queries."""
    order = {pk: place for place, pk in enumerate(cases)}
    flagged = with_flags(Case.rows.filter(pk__in=list(order)), rule, now).select_related("device__owner")
    some = sorted(flagged, key=lambda case: order[case.pk])
    signs, names = _signs(some), names_of(some)
    return [
        Row(
            case, signs.get(case.pk), advice_for(case.family, language), marks_of(case),
            due_in_words(case, rule, now), names.get(case.pk),
        )
        for case in some
    ]  # fmt: skip


def _signs(cases: Sequence[Case]) -> dict[UUID, Sighting]:
    links = CaseSighting.rows.filter(case=OuterRef("pk")).order_by(
        Coalesce("count", "sighting__count").desc(), "sighting"
    )
    strongest = (
        Case.rows.filter(pk__in=[case.pk for case in cases])
        .annotate(strongest=Subquery(links.values("sighting")[:1]))
        .values_list("pk", "strongest")
    )
    pairs = dict(strongest)
    rows = Sighting.rows.in_bulk([one for one in pairs.values() if one is not None])
    return {case: rows[sign] for case, sign in pairs.items() if sign in rows}
