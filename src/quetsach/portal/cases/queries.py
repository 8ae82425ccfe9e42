"""Reads about machines. A figure is about a node's own machines unless its text says otherwise."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case as When
from django.db.models import (
    Count,
    Exists,
    FilteredRelation,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models import When as Then
from django.utils import timezone

from quetsach.machines.identity.figures import Range
from quetsach.machines.identity.figures import interval as interval_of
from quetsach.machines.identity.locating import LOCATED
from quetsach.machines.proof.hours import Span as TimeSpan
from quetsach.machines.proof.judging import Judgement
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases import looks, proving
from quetsach.portal.cases.models import Alias, Case, CaseEvent, CaseSighting, Device, NotOurs, VictimReport
from quetsach.portal.cases.rules import PATIENCE, State, Word
from quetsach.portal.kit.compiled import compiled
from quetsach.portal.sightings.models import Scan, Sighting
from quetsach.portal.sightings.queries import nameless, without_machine
from quetsach.portal.units.models import Span, inside, span_of, subtree

RANK = {
    State.NEW: 0,
    State.ASSIGNED: 1,
    State.CLEANING: 2,
    State.CLAIMED_CLEAN: 3,
    State.RECHECKED: 4,
    State.VERIFIED_CLEAN: 5,
    State.FALSE_POSITIVE: 6,
}
"""The order of a list: cases that need an act come first."""


def machines_of(node: CampaignNode, *, below: bool = False) -> QuerySet[Case]:
    """The machines of a node, or also those below it, each by one case (`leading`); those that need an act
    come first. `more` is the number of the machine's other current cases."""
    where = subtree(node.path, "device__owner__path") if below else Q(device__owner=node)
    current = Case.rows.filter(device=OuterRef("device"), is_current=True).order_by().values("device")
    led: Any = leading(Case.rows.filter(where, device__campaign=node.campaign_id, is_current=True))
    found: QuerySet[Case] = (
        led.select_related("device__owner", "false_alarm_of")
        .annotate(more=Subquery(current.annotate(n=Count("pk") - 1).values("n")))
        .order_by("rank", "-relapses", "-last_seen", "pk")
    )
    return found


def leading(cases: QuerySet[Case]) -> QuerySet[Case]:
    """One current case of each machine, the least proven: a machine with two kinds of malware is one
    machine, and clean only when both are."""
    current: Any = Case.rows.filter(device=OuterRef("device"), is_current=True)
    is_worse = Q(rank__lt=OuterRef("rank")) | Q(rank=OuterRef("rank"), pk__lt=OuterRef("pk"))
    worse = current.annotate(rank=_rank()).filter(is_worse)
    return cases.annotate(rank=_rank()).filter(~Exists(worse))


def _rank() -> When:
    ranks = [Then(state=state.value, then=Value(rank)) for state, rank in RANK.items()]
    return When(*ranks, default=Value(9), output_field=IntegerField())


def interval(node: CampaignNode, *, below: bool = True) -> Range:
    """The machines with signs, false alarms left out, of a node or also of those below it: at least and at
    most, each unit's for itself, since a machine is in one unit at a time. One query."""
    where = subtree(node.path, "device__owner__path") if below else Q(device__owner=node)
    cases = Case.rows.filter(where, device__campaign=node.campaign_id, is_current=True)
    is_card = Q(device__id_kind__in=("mac", "randommac")) & ~Q(device__identity__has_key="host")
    sort = When(
        Then(~Q(device__strength=LOCATED), then=Value("doubtful")),
        Then(is_card, then=Value("nameless")),
        default=Value("named"),
    )
    rows = cases.exclude(state=State.FALSE_POSITIVE).order_by().annotate(sort=sort)
    numbers: dict[UUID, Counter[str]] = defaultdict(Counter)
    told: Any = rows.values_list("device__owner", "sort").annotate(n=Count("device", distinct=True))
    for owner, name, n in told:
        numbers[owner][name] = n
    units = [interval_of(one["named"], one["nameless"], one["doubtful"]) for one in numbers.values()]
    return Range(sum(one.least for one in units), sum(one.most for one in units))


RENAMED = ("open", "merged", "part")
"""Events of a case that turned out to be another one which say nothing there."""
MOST_REPORTS = 50
"""Reports of others on the page of a case."""
SIGNS = Q(state__in=(State.NEW, State.ASSIGNED))
"""Machines with signs that nobody handles yet."""
SHOWN = (Word.SIGNS, Word.BUSY, Word.UNSURE, Word.CLEAN, Word.DISMISSED)


def _word_filters(campaign: Campaign, now: datetime) -> dict[Word, Q]:
    """`rules.word` as database filters; a test compares both."""
    return _filters(now - PATIENCE, now - PATIENCE - timedelta(days=campaign.quiet_days))


def _filters(claimed: datetime, rechecked: datetime) -> dict[Word, Q]:
    """The filters, by the times before which a claim, and a second look, are too old."""
    stale = Q(state=State.CLAIMED_CLEAN, claimed_at__lt=claimed) | Q(
        state=State.RECHECKED, claimed_at__lt=rechecked
    )
    waiting = Q(state__in=(State.CLEANING, State.CLAIMED_CLEAN, State.RECHECKED))
    return {
        Word.SIGNS: SIGNS,
        Word.BUSY: waiting & ~stale,
        Word.UNSURE: stale,
        Word.CLEAN: Q(state=State.VERIFIED_CLEAN),
        Word.DISMISSED: Q(state=State.FALSE_POSITIVE),
    }


def in_word(cases: QuerySet[Case], word: Word, campaign: Campaign, now: datetime) -> QuerySet[Case]:
    """Those cases that show this word."""
    return cases.filter(_word_filters(campaign, now)[word])


def words_of(cases: QuerySet[Case], campaign: Campaign, now: datetime) -> Counter[Word]:
    """How many cases show each word. One query."""
    filters = _word_filters(campaign, now)
    row = cases.order_by().aggregate(**{w.value: Count("pk", filter=filters[w]) for w in SHOWN})
    return Counter({w: row[w.value] for w in SHOWN})


@dataclass(frozen=True, slots=True)
class Watched:
    """A node's accepted scans: number, problems while reading, and by how many units they were sent.

    `compared` scans used a list of the campaign. The first and last event time are theirs, because the other
    scans say nothing about that list. `is_told`: some lines name a listed address and no machine, so that no
    machine with signs does not mean that there was none.
    """

    scans: int
    first: datetime | None
    last: datetime | None
    errors: int
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
    )
    row = scans.aggregate(
        n=Count("pk"),
        first=Min("begins"),
        last=Max("ends"),
        wrong=Sum("errors"),
        senders=Count("node", distinct=True),
        compared=Count("pk", filter=Q(indicator_set__isnull=False)),
        told=Max("telling"),
    )
    return Watched(
        row["n"],
        row["first"],
        row["last"],
        row["wrong"] or 0,
        row["senders"],
        row["compared"],
        bool(row["told"]),
    )


def nodes_below(node: CampaignNode) -> QuerySet[CampaignNode]:
    """The node and all nodes below, to choose the owner of a machine."""
    inside = CampaignNode.rows.filter(subtree(node.path), campaign=node.campaign_id)
    return inside.order_by("depth", "position", "name")


def to_do(node: CampaignNode) -> tuple[Counter[Word], int]:
    """The node's own machines by word, and how many machines below it show signs. One query."""
    now, quiet = timezone.now(), timedelta(days=node.campaign.quiet_days)
    span = span_of(node.path) if node.has_below else None
    for signs, unsure, below in _to_do(
        node.pk, node.campaign_id, span, now - PATIENCE, now - PATIENCE - quiet
    ):
        return Counter({Word.SIGNS: signs, Word.UNSURE: unsure}), below
    return Counter({Word.SIGNS: 0, Word.UNSURE: 0}), 0


@compiled
def _to_do(
    node_id: UUID, campaign_id: UUID, span: Span | None, claimed: datetime, rechecked: datetime
) -> QuerySet[Case, tuple[int, int, int]]:
    """One row; no row if there is no machine."""
    own, filters = Q(device__owner=node_id), _filters(claimed, rechecked)
    where = own if span is None else inside(span, "device__owner__path")
    cases = leading(Case.rows.filter(where, device__campaign=campaign_id, is_current=True)).order_by()
    counts = {word.value: Count("pk", filter=filters[word] & own) for word in (Word.SIGNS, Word.UNSURE)}
    counts["below"] = Count("pk", filter=filters[Word.SIGNS] & ~own)
    return cases.values("device__campaign").annotate(**counts).values_list(*counts)


@dataclass(frozen=True, slots=True)
class Story:
    """The content of one case's page."""

    facts: looks.Facts
    judgement: Judgement | None
    missed: tuple[TimeSpan, ...]
    """Hours since the handling in which the machine was expected and no place that counts was up."""
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
    facts = looks.gather([case], acts=events)[0]
    reports = _reports(case) if getattr(case, "is_reported", True) else []
    for one in reversed(reports):
        seen = one.first_seen if one.is_day else one.last_seen
        facts.reported[one.publisher] = max(seen, facts.reported.get(one.publisher, seen))
    judgement: Judgement | None = None
    missed: tuple[TimeSpan, ...] = ()
    waiting = case.state in (State.CLAIMED_CLEAN, State.RECHECKED) and case.claimed_at is not None
    if waiting:
        judgement = proving.judged(facts, timezone.now())
        missed = judgement.missed
    elif case.claimed_at is not None and case.verified_at is not None:
        missed = proving.judged(facts, case.verified_at).missed
    return Story(
        facts=facts,
        judgement=judgement,
        missed=missed,
        events=[event for event in events if event.case_id == case.pk],
        former=[event for event in events if event.case_id != case.pk and event.act not in RENAMED],
        led={event.case_id: event.case.device for event in events if event.case_id != case.pk},
        others=vars(case)["others"] if "others" in vars(case) else _others(case),
        lines=sum(s.count for s in facts.sightings),
        days=len(_local_days(facts.sightings)),
        blocked=sum(s.count for s in facts.sightings if s.action == "blocked"),
        reports=reports,
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
    with_alarm: QuerySet[Case] = found.select_related("waiting_alarm__by", "waiting_alarm__decider")
    return with_alarm


def _others(case: Case) -> list[Case]:
    return list(Case.rows.filter(device=case.device).exclude(pk=case.pk).order_by("family", "episode"))


def _reports(case: Case) -> list[VictimReport]:
    rows = VictimReport.rows.filter(case=case).select_related("file").order_by("-last_seen", "-pk")
    return list(rows[: MOST_REPORTS + 1])


def flagged(cases: QuerySet[Case], campaign: Campaign, condition: Any) -> QuerySet[Case]:
    """The cases of machines any of whose current cases fits a condition (`flags.conditions`)."""
    current = Case.rows.filter(condition, is_current=True, device__campaign=campaign)
    return cases.filter(device__in=current.order_by().values("device"))


def named(cases: QuerySet[Case], text: str) -> QuerySet[Case]:
    """The cases whose machine, unit, or any malware on the machine carries the text in its name. A machine
    has its host name, its card and the addresses that logs have for it."""
    infected = Case.rows.filter(family__icontains=text, is_current=True).values("device")
    called = Alias.rows.filter(key__icontains=text, device__merged_into=None).values("device")
    return cases.filter(
        Q(device__key__icontains=text)
        | Q(device__id_value__icontains=text)
        | Q(device__in=called)
        | Q(device__in=infected)
        | Q(device__owner__name__icontains=text)
    )


def refusals_of(device: Device) -> list[NotOurs]:
    """Units that said that the machine is not theirs, the latest first."""
    return list(device.refusals.select_related("node", "by"))


def indicators_of(case: Case) -> list[str]:
    """The indicators that logs showed of a case, in order."""
    links = CaseSighting.rows.filter(case=case).order_by("sighting__indicator")
    return list(links.values_list("sighting__indicator", flat=True).distinct())


def has_address(case: Case, address: str) -> bool:
    """Whether a sign of the case was seen at the address."""
    return CaseSighting.rows.filter(case=case, sighting__device=address).exists()
