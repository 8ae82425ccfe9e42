"""Turns stored evidence and coverage into the facts that the rules judge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case as When
from django.db.models import F, Max, QuerySet
from django.db.models import When as Then
from django.utils import timezone

from quetsach.portal.cases.models import Alias, Case, CaseSighting, VictimReport
from quetsach.portal.cases.rules import Hit, Look
from quetsach.portal.indicators import store
from quetsach.portal.sightings.models import Coverage, Sighting

OLDEST = datetime(2000, 1, 1, tzinfo=UTC)


def event_time(sighting: Sighting, now: datetime | None = None) -> datetime | None:
    """The row's latest event time; None when its coverage says that its clock is suspect."""
    latest = (now or timezone.now()) + timedelta(days=1)
    seen = sighting.last_seen
    return seen if seen is not None and OLDEST <= seen <= latest else None


@dataclass
class Facts:
    """The facts about one case: its rows of evidence, and the coverage of the same places."""

    case: Case
    sightings: list[Sighting]
    coverages: list[Coverage]
    looks: list[Look]
    reported: dict[str, datetime] = field(default_factory=dict)
    """The latest event time that each publisher of victims' reports told."""

    @property
    def at_its_places(self) -> list[Coverage]:
        """The coverage of the places that saw the machine; other logs of the same unit say nothing of it."""
        places = {(s.node_id, s.source_name) for s in self.sightings}
        return [c for c in self.coverages if (c.scan.node_id, c.name) in places]

    @property
    def hits(self) -> list[Hit]:
        now = timezone.now()
        seen = [
            Hit(place(s.node_id, s.source_name), event_time(s, now), s.received_at) for s in self.sightings
        ]
        # No log looks from a publisher's place: its reports end a silence and prove none.
        return seen + [Hit(publisher, last, last) for publisher, last in self.reported.items() if last <= now]


def place(node: UUID, source_name: str) -> str:
    """A vantage point: source names are unique only within the unit that uses them."""
    return f"{node}/{source_name}"


def gather(cases: Iterable[Case], since: datetime | None = None) -> list[Facts]:
    """Facts of many cases in a few queries. Coverage that ended before `since` is left out.

    A coverage row may hold the machines of a year, so rows are read once and only the needed machines are
    kept.
    """
    cases = list(cases)
    links = CaseSighting.rows.filter(case__in=cases).select_related("sighting")
    evidence: dict[UUID, list[Sighting]] = defaultdict(list)
    for link in links:
        evidence[link.case_id].append(link.sighting)
    names: dict[UUID, dict[UUID, set[str]]] = defaultdict(lambda: defaultdict(set))
    for alias in Alias.rows.filter(device__in={case.device_id for case in cases}):
        names[alias.device_id][alias.reporter_id].add(alias.key)
    nodes = {s.node_id for rows in evidence.values() for s in rows}
    coverages = Coverage.rows.filter(scan__node__in=nodes).select_related("scan__indicator_set", "scan__node")
    if since is not None:
        coverages = coverages.filter(last__gt=since)
    facts = {case.pk: Facts(case, sorted(evidence[case.pk], key=_when), [], []) for case in cases}
    for case_id, publisher, last in last_reports(cases):
        facts[case_id].reported[publisher] = last
    by_node: dict[UUID, list[Facts]] = defaultdict(list)
    for fact in facts.values():
        for node in {s.node_id for s in fact.sightings}:
            by_node[node].append(fact)
    for coverage in coverages.order_by("first", "pk").iterator(chunk_size=50):
        for fact in by_node[coverage.scan.node_id]:
            keys = names[fact.case.device_id][coverage.scan.node_id]
            fact.coverages.append(coverage)
            fact.looks.append(_look(coverage, keys, frozenset(s.indicator for s in fact.sightings)))
        coverage.devices = {}
    return [facts[case.pk] for case in cases]


def last_reports(cases: Iterable[Case]) -> QuerySet[Any, Any]:
    """By case and publisher: when a report saw the machine last; where only the day is known, its
    beginning."""
    seen = When(Then(is_day=True, then=F("first_seen")), default=F("last_seen"))
    rows = VictimReport.rows.filter(case__in=cases).order_by().values("case", "publisher")
    return rows.annotate(last=Max(seen)).values_list("case", "publisher", "last")


def _look(coverage: Coverage, keys: set[str], indicators: frozenset[str]) -> Look:
    alive = None
    if coverage.devices:
        alive = frozenset(
            date.fromisoformat(day) for day, seen in coverage.devices.items() if not keys.isdisjoint(seen)
        )
    known = coverage.scan.indicator_set
    return Look(
        source_name=place(coverage.scan.node_id, coverage.name),
        first=coverage.first,
        last=coverage.last,
        errors=len(coverage.errors),
        lost=tuple(coverage.lost),
        not_understood=coverage.not_understood,
        time=coverage.time,
        alive=alive,
        lists_all=known is not None and store.lists_all(known.sha256, indicators),
    )


def _when(sighting: Sighting) -> tuple[datetime, int]:
    return (sighting.last_seen or OLDEST, sighting.pk)
