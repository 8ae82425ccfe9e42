"""Reads for the work list: open cases of a unit, each with its strongest piece of evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.functional import Promise

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.advice import Advice, advice_for
from quetsach.portal.cases.clocks import Rule
from quetsach.portal.cases.escalating.wording import DueInWords, due_in_words
from quetsach.portal.cases.flags import COUNTED, PREFIX, Flag, conditions, flags_of, with_flags
from quetsach.portal.cases.models import Case, CaseSighting
from quetsach.portal.cases.rules import OPEN
from quetsach.portal.sightings.models import Sighting
from quetsach.portal.units.models import subtree


@dataclass(frozen=True, slots=True)
class Row:
    """A case of the list. `sign` is the row of evidence with most log lines, None where no log saw it."""

    case: Case
    sign: Sighting | None
    advice: Advice
    flags: list[tuple[Flag, str | Promise]]
    due: DueInWords | None


def open_cases(
    node: CampaignNode, rule: Rule, now: datetime, *, below: bool = False, flag: Flag | None = None
) -> QuerySet[Case]:
    """Current cases on which a person must act, of the node or also of those below it. Machines whose signs
    came back are first, then those with the latest sign.

    What is put aside, or waits for a second person, is shown by its own flag alone.
    """
    rows, of = _open(node, below=below), conditions(rule, now)
    if flag is not None:
        rows = rows.filter(of[flag])
    else:
        rows = rows.exclude(of[Flag.ASIDE]).exclude(of[Flag.PROPOSED])
    return rows.select_related("device__owner").order_by("-relapses", "-last_seen", "device", "pk")


def _open(node: CampaignNode, *, below: bool) -> QuerySet[Case]:
    where = subtree(node.path, "device__owner__path") if below else Q(device__owner=node)
    states = [state.value for state in OPEN]
    return Case.rows.filter(where, device__campaign=node.campaign_id, is_current=True, state__in=states)


def flags_there(node: CampaignNode, rule: Rule, now: datetime, *, below: bool = False) -> list[Flag]:
    """The flags that open cases there have, of those that need no look at evidence. One query."""
    counts = {flag.value: Count("pk", filter=Q((PREFIX + flag.value, True))) for flag in COUNTED}
    found = with_flags(_open(node, below=below), rule, now).order_by().aggregate(**counts)
    return [flag for flag in COUNTED if found[flag.value]]


def rows_of(cases: Iterable[Case], language: str, rule: Rule, now: datetime) -> list[Row]:
    """The cases with evidence, advice, flags and term. Three queries."""
    order = {case.pk: place for place, case in enumerate(cases)}
    flagged = with_flags(Case.rows.filter(pk__in=list(order)), rule, now).select_related("device__owner")
    some = sorted(flagged, key=lambda case: order[case.pk])
    signs = _signs(some)
    return [
        Row(
            case, signs.get(case.pk), advice_for(case.family, language), flags_of(case),
            due_in_words(case, rule, now),
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
