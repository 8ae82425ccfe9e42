"""Reads about machines. A figure is about a node's own machines unless its text says otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Case as When
from django.db.models import Count, Exists, FilteredRelation, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models import When as Then
from django.utils import timezone

from quetsach.machines.proof.judgement import Hours, Judgement
from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases import looks, proving, reviewing
from quetsach.portal.cases.lists import of_case, stale_before, word_filters
from quetsach.portal.cases.models import Case, CaseEvent, CaseSighting, Device, NotOurs, VictimReport
from quetsach.portal.cases.rules import BY_UNIT, FROM, State, Word
from quetsach.portal.cases.undoing_actions import UNDO_WITHIN
from quetsach.portal.sightings.models import Scan, Sighting
from quetsach.portal.sightings.not_looked import SUMS, NotLooked, columns, of_sums
from quetsach.portal.sightings.queries import nameless, without_machine
from quetsach.portal.units.models import subtree

RENAMED = ("open", "merged", "part")
"""Events of a case that turned out to be another one which say nothing there."""
MOST_REPORTS = 50
"""Reports of others on the page of a case."""
MOST_PASSED_UP = 20
"""Machines that a person passed up and that the list of machines offers to take back."""


def in_word(cases: QuerySet[Case], word: Word, campaign: Campaign, now: datetime) -> QuerySet[Case]:
    """Those cases that show this word."""
    return cases.filter(word_filters(*stale_before(campaign, now), of_case, "claimed_at")[word])


@dataclass(frozen=True, slots=True)
class Watched:
    """A node's accepted scans: number, by how many units they were sent, and what was not looked at (`left`).

    `compared` scans used a list of the campaign. The first and last event time are theirs, because the other
    scans say nothing about that list. `is_told`: some lines name a listed address and no machine, so that no
    machine with signs does not mean that there was none.
    """

    scans: int
    first: datetime | None
    last: datetime | None
    left: NotLooked
    senders: int
    compared: int
    is_told: bool


def watched(node: CampaignNode, *, below: bool = False) -> Watched:
    """The scans of the node's own logs, or also of the nodes below."""
    where = subtree(node.path, "node__path") if below else Q(node=node)
    timed = Q(coverages__time__in=("ok", "assumed_year"), indicator_set__isnull=False)
    of_coverage = subtree(node.path, "scan__node__path") if below else Q(scan__node=node)
    lines = without_machine(of_coverage & Q(scan__node__campaign=node.campaign_id))
    rows = nameless(where & Q(node__campaign=node.campaign_id))
    scans = Scan.rows.filter(where, node__campaign=node.campaign_id).annotate(
        begins=Min("coverages__first", filter=timed),
        ends=Max("coverages__last", filter=timed),
        telling=When(Then(Exists(lines) | Exists(rows), then=1), default=0),
        **columns(node, below=below),
    )
    row = scans.aggregate(
        n=Count("pk"),
        first=Min("begins"),
        last=Max("ends"),
        **SUMS,
        senders=Count("node", distinct=True),
        compared=Count("pk", filter=Q(indicator_set__isnull=False)),
        told=Max("telling"),
    )
    return Watched(
        row["n"],
        row["first"],
        row["last"],
        of_sums(row),
        row["senders"],
        row["compared"],
        bool(row["told"]),
    )


def nodes_below(node: CampaignNode) -> QuerySet[CampaignNode]:
    """The node and all nodes below, to choose the owner of a machine."""
    inside = CampaignNode.rows.filter(subtree(node.path), campaign=node.campaign_id)
    return inside.order_by("depth", "position", "name")


def receivers(node: CampaignNode, device: Device) -> QuerySet[CampaignNode]:
    """The node and all nodes below, without the known owner of the machine."""
    nodes = nodes_below(node)
    return nodes.exclude(pk=device.owner_id) if device.is_assigned else nodes


@dataclass(frozen=True, slots=True)
class Story:
    """The content of one case's page."""

    facts: looks.Facts
    judgement: Judgement | None
    doubt: Judgement | None
    """What logs show today of a machine that they proved clean, if that is no proof."""
    hours: Hours | None
    """The time since the handling, or that of the proof, at the place that counts: how many hours were
    expected and covered, and those that were missed."""
    events: list[CaseEvent]
    former: list[CaseEvent]
    """What happened on machines that turned out to be this one."""
    led: dict[UUID, Device]
    """The cases that lead to this one, each with its machine."""
    others: list[Case]
    lines: int
    days: int
    blocked: int
    reports: list[VictimReport]
    """The latest reports of others, one more than `MOST_REPORTS` if there are more."""
    before: list[looks.Facts]
    """The earlier episodes of the same malware on the machine."""


def _local_days(rows: Iterable[Sighting]) -> set[date]:
    """The days of the shown times on which there was a line. A row is of one UTC day, which lies in two local
    days at most: its first and last time name them all."""
    times = (time for row in rows for time in (row.first_seen, row.last_seen))
    return {timezone.localdate(time) for time in times if time}


def story(case: Case) -> Story:
    """Evidence, judgement, history, and the other cases of the same machine."""
    of_both = Q(case=case) | Q(case__merged_into=case)
    events = list(
        CaseEvent.rows.filter(of_both).select_related("by", "coverage", "case__device").order_by("at", "pk")
    )
    others = vars(case)["others"] if "others" in vars(case) else _others(case)
    earlier = [one for one in others if one.family == case.family and one.episode < case.episode]
    facts, *before = looks.gather([case, *earlier], acts=events)
    reports = _reports(case) if getattr(case, "is_reported", True) else []
    for one in reversed(reports):
        seen = one.first_seen if one.is_day else one.last_seen
        facts.reported[one.publisher] = max(seen, facts.reported.get(one.publisher, seen))
    judgement: Judgement | None = None
    hours: Hours | None = None
    doubt: Judgement | None = None
    waiting = case.state in (State.CLAIMED_CLEAN, State.RECHECKED) and case.claimed_at is not None
    if waiting:
        judgement = proving.judged(facts, timezone.now())
        hours = judgement.hours
    elif case.claimed_at is not None and case.verified_at is not None:
        hours = proving.judged(facts, case.verified_at).hours
        own = [event for event in events if event.case_id == case.pk]
        if case.is_current and reviewing.is_by_logs(case, own):
            doubt = reviewing.doubt(facts, {}, timezone.now())
    return Story(
        facts=facts,
        judgement=judgement,
        doubt=doubt,
        hours=hours,
        events=[event for event in events if event.case_id == case.pk],
        former=[event for event in events if event.case_id != case.pk and event.act not in RENAMED],
        led={event.case_id: event.case.device for event in events if event.case_id != case.pk},
        others=others,
        lines=sum(s.count for s in facts.sightings),
        days=len(_local_days(facts.sightings)),
        blocked=sum(s.count for s in facts.sightings if s.action == "blocked"),
        reports=reports,
        before=before,
    )


def of_its_machine(cases: QuerySet[Case], case_id: UUID, slug: str) -> QuerySet[Case]:
    """Those of the machine of a case in a campaign: the case itself and all others."""
    its = Case.rows.filter(pk=case_id, device__campaign__slug=slug)
    return cases.filter(device__in=its.values("device"))


def with_company(cases: QuerySet[Case]) -> QuerySet[Case]:
    """The cases, each with `is_reported`: whether others reported it; and `waiting_alarm`: the false alarm
    that waits for a second person, if any."""
    reports = VictimReport.rows.filter(case=OuterRef("pk"))
    is_waiting = Q(false_alarms__decided_at=None, false_alarms__ended_at=None)
    waiting: Any = FilteredRelation("false_alarms", condition=is_waiting)
    found: Any = cases.annotate(is_reported=Exists(reports), waiting_alarm=waiting)
    with_alarm: QuerySet[Case] = found.select_related(
        "waiting_alarm__by", "waiting_alarm__decider", "waiting_alarm__node"
    )
    return with_alarm


def _others(case: Case) -> list[Case]:
    rows = Case.rows.filter(device=case.device).exclude(pk=case.pk).select_related("device__owner")
    return list(rows.order_by("family", "episode"))


def _reports(case: Case) -> list[VictimReport]:
    rows = VictimReport.rows.filter(case=case).select_related("file").order_by("-last_seen", "-pk")
    return list(rows[: MOST_REPORTS + 1])


def current_of(device: Device) -> list[Case]:
    """The current cases of a machine that are no false alarms."""
    cases = list(Case.rows.filter(device=device, is_current=True).exclude(state=State.FALSE_POSITIVE))
    for one in cases:
        one.device = device
    return cases


def refusals_of(device: Device, events: Iterable[CaseEvent]) -> list[NotOurs]:
    """The units of which it was said that the machine is not theirs, the latest first. Each has `by_unit`,
    the unit above that said it, as the event tells; empty where the unit itself did."""
    spoken = {one.data[FROM].get("refusal"): one.data.get(BY_UNIT, "") for one in events if FROM in one.data}
    found = list(device.refusals.select_related("node", "by"))
    for one in found:
        vars(one)["by_unit"] = spoken.get(one.pk, "")
    return found


def passed_up(node: CampaignNode, by: User) -> list[NotOurs]:
    """What the person said within a day of machines of the unit that went up, and can be taken back. Each
    with its case (`case_id`)."""
    cases = Case.rows.filter(device=OuterRef("device"), is_current=True, state=State.NEW).order_by("pk")
    rows = NotOurs.rows.filter(node=node, by=by, at__gte=timezone.now() - UNDO_WITHIN)
    rows = rows.filter(device__is_assigned=False, device__merged_into=None).select_related("device")
    rows = rows.annotate(case_id=Subquery(cases.values("pk")[:1])).exclude(case_id=None)
    return list(rows[:MOST_PASSED_UP])


def indicators_of(case: Case) -> list[str]:
    """The indicators that logs showed of a case, in order."""
    links = CaseSighting.rows.filter(case=case).order_by("sighting__indicator")
    return list(links.values_list("sighting__indicator", flat=True).distinct())


def has_address(case: Case, address: str) -> bool:
    """Whether a sign of the case was seen at the address."""
    return CaseSighting.rows.filter(case=case, sighting__device=address).exists()
