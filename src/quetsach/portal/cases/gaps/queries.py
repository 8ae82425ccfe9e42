"""Reads of gaps: joined over the machines that wait for them, so that one scan is one task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet
from django.db.models.expressions import Combinable

from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.campaigns.open_work import number_of
from quetsach.portal.cases.gaps.spans import joined
from quetsach.portal.cases.models import Case, CaseGap, JudgingRun
from quetsach.portal.cases.queries import in_word
from quetsach.portal.cases.rules import State, Word

HOLDS = Q(
    case__state__in=(State.CLAIMED_CLEAN, State.RECHECKED),
    case__is_current=True,
    claimed_at=F("case__claimed_at"),
)
"""Rows of claims that still wait for a proof. A newer claim was not judged yet."""
MOST = 400
"""Different times of logs that are read for one unit."""
MOST_ROWS = 4000
"""Rows of machines that are read to join their days."""
MOST_OTHERS = 50
"""Acts of other units on the page."""
MOST_MACHINES = 200
"""Machines that the page names for one task."""


def number() -> Combinable:
    """The number of machines that wait for an act of a node, as an expression over CampaignNode."""
    return number_of(CaseGap.rows.filter(HOLDS, node=OuterRef("pk")), "node", "case__device")


@dataclass(frozen=True, slots=True)
class Work:
    """One act that closes gaps of `machines` machines: a kind of act, and for a log its name and days."""

    closing: str
    place: str
    first_day: date
    last_day: date
    machines: int = 0

    @property
    def where(self) -> Q:
        """The rows that it closes."""
        kind = Q(closing=self.closing, place=self.place)
        return kind & Q(first_day__lte=self.last_day, last_day__gte=self.first_day)


def open_rows(node: CampaignNode) -> QuerySet[CaseGap]:
    """The gaps that the unit closes."""
    return CaseGap.rows.filter(HOLDS, node=node)


def work_of(node: CampaignNode, most: int) -> tuple[list[Work], int]:
    """The acts that close most, those first that most machines wait for; and how many more there are. One
    query. Of very many machines the days are told as they are stored, not joined."""
    fields = ("closing", "place", "first_day", "last_day")
    rows = open_rows(node).order_by().values_list(*fields, "case__device").distinct()
    waiting = list(rows[: MOST_ROWS + 1])
    if len(waiting) > MOST_ROWS:
        told = open_rows(node).order_by().values(*fields).annotate(n=Count("case__device", distinct=True))
        found = [Work(*row) for row in told.order_by("-n", *fields).values_list(*fields, "n")[:MOST]]
    else:
        found = _joined(waiting)
    found.sort(key=lambda one: (-one.machines, -one.last_day.toordinal(), one.closing, one.place))
    return found[:most], max(0, len(found) - most)


def _joined(rows: Iterable[tuple[str, str, date, date, UUID]]) -> list[Work]:
    by_log: dict[tuple[str, str], list[tuple[date, date, UUID]]] = defaultdict(list)
    for closing, place, first, last, device in rows:
        by_log[closing, place].append((first, last, device))
    found = []
    for (closing, place), told in by_log.items():
        spans = [(first, last) for first, last, _device in told]
        for begin, end in joined(spans) if place else [(min(spans)[0], max(last for _first, last in spans))]:
            machines = {device for first, last, device in told if first <= end and last >= begin}
            found.append(Work(closing, place, begin, end, len(machines)))
    return found


def of_others(node: CampaignNode) -> list[tuple[CampaignNode, Work]]:
    """The acts of other units that the unit's own machines wait for. Two queries."""
    fields = ("node", "closing", "place")
    rows = CaseGap.rows.filter(HOLDS, case__device__owner=node).exclude(node=node).order_by().values(*fields)
    found = rows.annotate(
        begins=Min("first_day"), ends=Max("last_day"), n=Count("case__device", distinct=True)
    ).order_by("-n", *fields)[:MOST_OTHERS]
    told = list(found.values_list(*fields, "begins", "ends", "n"))
    nodes = CampaignNode.rows.in_bulk({row[0] for row in told}) if told else {}
    return [(nodes[unit], Work(*work)) for unit, *work in told]


def has_unexplained(node: CampaignNode, now: datetime) -> bool:
    """Whether a machine of the unit cannot be told clean and no act is known that would close its gap: those
    with a known act stand as that act, here or at the unit that keeps the log. One query."""
    own = Case.rows.filter(device__owner=node, device__campaign=node.campaign_id, is_current=True)
    stale = in_word(own.order_by(), Word.UNSURE, node.campaign, now)
    return stale.exclude(Exists(CaseGap.rows.filter(HOLDS, case=OuterRef("pk")))).exists()


def last_run(campaign: Campaign) -> JudgingRun | None:
    """The latest judgement of all claims that came to its end."""
    return JudgingRun.rows.filter(campaign=campaign, ended_at__isnull=False).order_by("-started_at").first()


def cases_of(works: Iterable[Work], node: CampaignNode, user: Any) -> dict[Work, list[Case]]:
    """The cases behind each act that the person may see. One query an act list."""
    some = list(works)
    where = Q(pk__in=[])
    for one in some:
        where |= one.where
    rows = open_rows(node).filter(where)
    pairs = list(rows.values_list("case", "closing", "place", "first_day", "last_day")[: MOST_MACHINES * 10])
    seen = Case.objects.visible_to(user).filter(pk__in={pair[0] for pair in pairs})
    cases: dict[UUID, Case] = seen.select_related("device__owner").in_bulk()
    found: dict[Work, list[Case]] = {one: [] for one in some}
    for pk, closing, place, first, last in pairs:
        for one in some:
            is_its = (closing, place) == (one.closing, one.place)
            is_then = first <= one.last_day and last >= one.first_day
            if is_its and is_then and pk in cases and cases[pk] not in found[one]:
                found[one].append(cases[pk])
    return found
