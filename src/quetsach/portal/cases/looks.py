"""Turns stored evidence and coverage into the facts that the rules judge."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import batched
from typing import Any, NamedTuple, cast
from uuid import UUID

from django.db.models import Case as When
from django.db.models import F, Max, Q, QuerySet
from django.db.models import When as Then
from django.utils import timezone

from quetsach.portal.cases import outside
from quetsach.portal.cases.asking import names_of, same
from quetsach.portal.cases.leased import Names, names_and_leases
from quetsach.portal.cases.models import Case, CaseEvent, CaseSighting, Device, VictimReport
from quetsach.portal.cases.nameless import ByPlace, signs_without_machine
from quetsach.portal.cases.rules import Act
from quetsach.portal.cases.unit_logs import DayOfMachine, Named, UnitLogs, logs_of
from quetsach.portal.cases.unlocated import Unlocated, UnlocatedByPlace, unlocated_signs
from quetsach.portal.sightings.models import Bypass, Coverage, Sighting

OLDEST = datetime(2000, 1, 1, tzinfo=UTC)


class Sign(NamedTuple):
    """What a judgement needs of a row of evidence: the names are those of `Sighting`, the times and lines
    those of the machine's part of the row. Pages read whole rows."""

    pk: int
    node_id: UUID
    source_name: str
    indicator: str
    card: str | None
    is_listed: bool
    received_at: datetime
    day: date | None
    runs: list[Any]
    first_seen: datetime | None
    last_seen: datetime | None


_JUDGED = (
    "case", "count", "runs", "first", "last", "sighting",
    *(f"sighting__{name}" for name in ("node", "source_name", "indicator", "card", "is_listed", "received_at",
      "day", "runs", "first_seen", "last_seen")),
)  # fmt: skip


def event_time(sighting: Sighting, now: datetime | None = None) -> datetime | None:
    """The row's latest event time; None when its coverage says that its clock is suspect."""
    latest = (now or timezone.now()) + timedelta(days=1)
    seen = sighting.last_seen
    return seen if seen is not None and OLDEST <= seen <= latest else None


@dataclass
class Facts:
    """The facts about one case: its rows of evidence, and the logs of the same units, each with the machine's
    names in it. `bypasses` are its ways around the place that watches, which its machine took at any place of
    the same units.
    """

    case: Case
    sightings: list[Sighting]
    logs: dict[UUID, tuple[UnitLogs, Named]] = field(default_factory=dict)
    bypasses: list[Bypass] = field(default_factory=list)
    claim_told: datetime | None = None
    """When somebody said that the machine is clean; the claim may speak of an earlier time."""
    links: list[CaseSighting] = field(default_factory=list)
    moved: list[tuple[UUID, str, datetime, datetime]] = field(default_factory=list)
    """Signs that the machine's own unit gave to another machine: node, place, their time and arrival."""
    nameless: ByPlace = field(default_factory=dict)
    """Signs that name no machine. Shared by all facts of one `gather`."""
    unlocated: UnlocatedByPlace = field(default_factory=dict)
    """Signs of addresses without a machine, as shared."""
    names: Mapping[UUID, Collection[str]] = field(default_factory=dict)
    """The machine's names in the logs of each unit."""
    reported: dict[str, datetime] = field(default_factory=dict)
    """The latest event time that each publisher of victims' reports told."""

    def may_be_its(self, node: UUID, source_name: str) -> list[Unlocated]:
        """The signs of addresses without a machine at a place that may be this machine's."""
        device, names = self.case.device, self.names.get(node, ())
        return [one for one in self.unlocated.get((node, source_name), ()) if one.may_be(device, names)]

    @cached_property
    def coverages(self) -> list[Coverage]:
        """All tellings of the sources, in the order of time."""
        return _in_order(logs.coverages for logs, _named in self.logs.values())

    @cached_property
    def current(self) -> list[Coverage]:
        """The tellings that days rest on, and those without a time."""
        return _in_order(logs.current for logs, _named in self.logs.values())

    @cached_property
    def days(self) -> list[DayOfMachine]:
        """What is known of the machine on each day."""
        by_coverage = {pk: its for logs, named in self.logs.values() for pk, its in logs.days(named).items()}
        return [day for coverage in self.current for day in by_coverage.get(coverage.pk, ())]

    @property
    def places(self) -> set[tuple[UUID, str]]:
        """The places that saw the machine; other logs of the same unit say nothing of it."""
        return {(s.node_id, s.source_name) for s in self.sightings}

    @property
    def at_its_places(self) -> list[Coverage]:
        """The current coverage of the places that saw the machine."""
        return [c for c in self.current if (c.scan.node_id, c.name) in self.places]

    @property
    def days_at_its_places(self) -> list[DayOfMachine]:
        """What the places that saw the machine know of each day."""
        return [day for day in self.days if (day.coverage.scan.node_id, day.coverage.name) in self.places]


def place(node: UUID, source_name: str) -> str:
    """A vantage point: source names are unique only within the unit that uses them."""
    return f"{node}/{source_name}"


def gather(
    cases: Iterable[Case], since: datetime | None = None, acts: Iterable[CaseEvent] | None = None
) -> list[Facts]:
    """Facts of many cases in a few queries. Coverage that ended before `since` is left out. `acts` are the
    events of the cases and of those that led to them, if they are at hand."""
    cases = list(cases)
    links = CaseSighting.rows.filter(case__id__among=[case.pk for case in cases])
    evidence: dict[UUID, list[Sighting]] = defaultdict(list)
    whole: list[CaseSighting] = []
    if since is None:
        whole += links.select_related("sighting")
    else:
        for case, sign in _signs(links):
            evidence[case].append(cast(Sighting, sign))
    for link in whole:
        evidence[link.case_id].append(link.own_part())
    names, leased = names_and_leases({case.device_id: case.device for case in cases}, since)
    facts = {case.pk: Facts(case, sorted(evidence[case.pk], key=_when)) for case in cases}
    for link in whole:
        facts[link.case_id].links.append(link)
    if since is not None:  # the page of a case reads the reports themselves
        for case_id, publisher, last in last_reports(cases):
            facts[case_id].reported[publisher] = last
    for pk, act, at, data in _acts(cases) if acts is None else _told(acts):
        if (fact := facts.get(pk)) is None:
            continue
        if act == outside.PART:
            fact.moved += outside.moved_hits(data)
        elif act == Act.CLAIM:
            fact.claim_told = max(at, fact.claim_told or at)
    by_node: dict[UUID, list[Facts]] = defaultdict(list)
    for fact in facts.values():
        for node in {*(s.node_id for s in fact.sightings), *(one[0] for one in fact.moved)}:
            by_node[node].append(fact)
    nodes = set(by_node)
    logs = logs_of(nodes, since)
    for node in sorted(nodes):
        for fact in by_node[node]:
            device = fact.case.device
            keys = names[device.pk][node]
            asked = frozenset(map(same, names_of(keys, _identity(device))))
            fact.logs[node] = logs[node], Named(asked, frozenset(keys), leased.get(device.pk))
    _add_bypasses(nodes, since, by_node, names)
    # Only a claim can be proven by silence.
    is_claimed = any(case.claimed_at for case in cases)
    nameless = signs_without_machine(nodes, since) if is_claimed else {}
    known = {device for device in (c.device for c in cases) if device.id_kind not in Device.BY_ADDRESS}
    called = {key for device in known for keys in names[device.pk].values() for key in keys}
    unlocated = unlocated_signs(nodes, since, called) if is_claimed else {}
    for fact in facts.values():
        fact.nameless, fact.unlocated = nameless, unlocated
        fact.names = names[fact.case.device_id]
    return [facts[case.pk] for case in cases]


def _signs(links: QuerySet[CaseSighting]) -> Iterable[tuple[UUID, Sign]]:
    """The evidence of cases, each row as `CaseSighting.own_part`. Models of rows take twice the time."""
    rows = links.values_list(*_JUDGED).iterator(chunk_size=2000)
    for case, count, runs, first, last, pk, *row in rows:
        if count is not None:
            row[-2:] = first, last
            row[-3] = runs or row[-3]
        yield case, Sign(pk, *row)


type _Act = tuple[UUID, str, datetime, Mapping[str, Any]]


def _acts(cases: Collection[Case]) -> Iterable[_Act]:
    """The claims of cases and of those that led to them, and what moved signs away. A claim stays with the
    machine on which it was made, also when that turns out to be this one."""
    # The data of a claim are not needed, and to read them takes time.
    parts: Any = When(Then(act=outside.PART, then="data"), default=None)
    rows = CaseEvent.rows.filter(act__in=(Act.CLAIM, outside.PART)).order_by().annotate(told=parts)
    ids = [case.pk for case in cases]
    led = Case.rows.filter(merged_into__id__among=ids).order_by().values("pk")
    own = rows.filter(case__id__among=ids).values_list("case", "act", "at", "told")
    of_led = rows.filter(case__in=led).values_list("case__merged_into", "act", "at", "told")
    found: Iterable[_Act] = own.union(of_led, all=True).order_by()
    return found


def _told(acts: Iterable[CaseEvent]) -> Iterable[_Act]:
    """The same of events that are at hand."""
    for event in acts:
        for pk in (event.case_id, event.case.merged_into_id):
            if pk is not None:
                yield pk, event.act, event.at, event.data


def last_reports(cases: Iterable[Case]) -> QuerySet[Any, Any]:
    """By case and publisher: when a report saw the machine last; where only the day is known, its
    beginning."""
    seen = When(Then(is_day=True, then=F("first_seen")), default=F("last_seen"))
    ids = [case.pk for case in cases]
    rows = VictimReport.rows.filter(case__id__among=ids).order_by().values("case", "publisher")
    return rows.annotate(last=Max(seen)).values_list("case", "publisher", "last")


def _in_order(by_unit: Iterable[list[Coverage]]) -> list[Coverage]:
    """The coverage of several units as one list, in the order of time; that of one unit as it is."""
    lists = list(by_unit)
    if len(lists) == 1:
        return lists[0]
    return sorted(itertools.chain(*lists), key=lambda one: (one.first is None, one.first or OLDEST, one.pk))


def _identity(device: Device) -> dict[str, str]:
    """What names the machine besides its addresses; nothing where only an address is known: its card may be
    a router's."""
    return {} if device.id_kind in Device.BY_ADDRESS else device.identity


def _add_bypasses(
    nodes: set[UUID], since: datetime | None, by_node: Mapping[UUID, list[Facts]], names: Names
) -> None:
    """The ways that the machines take around the places of the same units, by address or by card and name."""
    wanted: dict[tuple[UUID, str], list[Facts]] = defaultdict(list)
    by_who: dict[tuple[UUID, str], list[Facts]] = defaultdict(list)
    for node in nodes:
        for fact in by_node[node]:
            for key in names[fact.case.device_id][node]:
                wanted[node, key].append(fact)
            for who in names_of((), identity) if (identity := _identity(fact.case.device)) else ():
                by_who[node, who].append(fact)
    found: dict[int, Bypass] = {}
    named = [Q(device__in=some) for some in batched(sorted({key for _node, key in wanted}), 400)]
    carded = [Q(who__in=some) for some in batched(sorted({key for _node, key in by_who}), 400)]
    # The names of one machine fit into one query: rows have no index by `who`, so that it costs no more.
    is_one = len(named) == len(carded) == 1
    for where in [named[0] | carded[0]] if is_one else [*named, *carded]:
        rows = Bypass.rows.filter(where, node__in=nodes)
        if since is not None:
            rows = rows.filter(Q(last_seen__gt=since) | Q(last_seen=None))
        found |= {row.pk: row for row in rows}
    for row in sorted(found.values(), key=lambda one: (one.last_seen is None, one.last_seen, one.pk)):
        own = [*wanted.get((row.node_id, row.device), ()), *by_who.get((row.node_id, row.who or ""), ())]
        for fact in {id(one): one for one in own}.values():
            fact.bypasses.append(row)


def _when(sighting: Sighting) -> tuple[datetime, int]:
    return (sighting.last_seen or OLDEST, sighting.pk)
