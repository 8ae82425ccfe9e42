"""Turns stored evidence and coverage into the facts that the rules judge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import batched
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Case as When
from django.db.models import F, Max, Q, QuerySet
from django.db.models import When as Then
from django.utils import timezone

from quetsach.portal.cases import outside
from quetsach.portal.cases.asking import names_of, same
from quetsach.portal.cases.leased import Leased, Lent, Names, names_and_leases
from quetsach.portal.cases.models import Case, CaseEvent, CaseSighting, Device, VictimReport
from quetsach.portal.cases.nameless import ByPlace, signs_without_machine
from quetsach.portal.cases.rules import Act
from quetsach.portal.cases.unlocated import Unlocated, UnlocatedByPlace, unlocated_signs
from quetsach.portal.sightings.intake import lost
from quetsach.portal.sightings.models import AskedList, Bypass, Coverage, CoveredDay, Sighting
from quetsach.portal.sightings.spans import Span

OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
_JUDGED = (
    "case", "runs", "count", "first", "last",
    *(f"sighting__{name}" for name in ("node", "source_name", "indicator", "card", "day", "first_seen",
      "last_seen", "count", "runs", "is_listed", "received_at")),
)  # fmt: skip
"""The fields that a judgement needs."""


def event_time(sighting: Sighting, now: datetime | None = None) -> datetime | None:
    """The row's latest event time; None when its coverage says that its clock is suspect."""
    latest = (now or timezone.now()) + timedelta(days=1)
    seen = sighting.last_seen
    return seen if seen is not None and OLDEST <= seen <= latest else None


class DayOfMachine(NamedTuple):
    """One UTC day of one source, and the machine on it. `is_asked`: the scan was asked about the machine;
    then `alive` has a bit for each hour in which it was seen. `is_recorded`: all machines of the day were
    recorded, without hours, and it was among them if `is_seen`."""

    coverage: Coverage
    day: date
    hours: list[int]
    lost: tuple[Span, ...]
    is_asked: bool
    alive: int
    is_recorded: bool
    is_seen: bool


@dataclass
class Facts:
    """The facts about one case: its rows of evidence, and the coverage of the same places.

    `coverages` are all tellings of their sources; `current` those that days rest on, and
    those without a time. `days` are what is known of the machine on each day; `bypasses` are its ways around
    the place that watches, which its machine took at any place of the same units.
    """

    case: Case
    sightings: list[Sighting]
    coverages: list[Coverage] = field(default_factory=list)
    current: list[Coverage] = field(default_factory=list)
    days: list[DayOfMachine] = field(default_factory=list)
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
    links = CaseSighting.rows.filter(case__in=cases).select_related("sighting")
    if since is not None:  # no page shows the rows
        links = links.only(*_JUDGED)
    evidence: dict[UUID, list[Sighting]] = defaultdict(list)
    for link in links:
        evidence[link.case_id].append(link.own_part())
    names, leased = names_and_leases({case.device_id: case.device for case in cases}, since)
    facts = {case.pk: Facts(case, sorted(evidence[case.pk], key=_when)) for case in cases}
    for link in links:
        facts[link.case_id].links.append(link)
    if since is not None:  # the page of a case reads the reports themselves
        for case_id, publisher, last in last_reports(cases):
            facts[case_id].reported[publisher] = last
    # A claim stays with the machine on which it was made, also when that turns out to be this one.
    if acts is None:
        of_both = Q(case__in=cases) | Q(case__merged_into__in=cases)
        acts = CaseEvent.rows.filter(of_both, act__in=(Act.CLAIM, outside.PART)).select_related("case")
    for event in acts:
        both = (event.case_id, event.case.merged_into_id)
        for fact in (facts[pk] for pk in both if pk is not None and pk in facts):
            if event.act == outside.PART:
                fact.moved += outside.moved_hits(event)
            elif event.act == Act.CLAIM:
                fact.claim_told = max(event.at, fact.claim_told or event.at)
    by_node: dict[UUID, list[Facts]] = defaultdict(list)
    for fact in facts.values():
        for node in {*(s.node_id for s in fact.sightings), *(one[0] for one in fact.moved)}:
            by_node[node].append(fact)
    nodes = set(by_node)
    coverages = Coverage.rows.filter(scan__node__in=nodes).select_related("scan__indicator_set", "scan__node")
    if since is not None:
        coverages = coverages.filter(last__gt=since)
    told = {coverage.pk: coverage for coverage in coverages.order_by("first", "pk")}
    named = _named(nodes, by_node, names, leased)
    _days(nodes, since, told, named)
    for coverage in told.values():
        of_node = named[coverage.scan.node_id]
        for fact in by_node[coverage.scan.node_id]:
            fact.coverages.append(coverage)
            its = of_node[fact.case.pk].days.get(coverage.pk)
            if its or coverage.last is None:
                fact.current.append(coverage)
            if its:
                fact.days += its
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


def last_reports(cases: Iterable[Case]) -> QuerySet[Any, Any]:
    """By case and publisher: when a report saw the machine last; where only the day is known, its
    beginning."""
    seen = When(Then(is_day=True, then=F("first_seen")), default=F("last_seen"))
    rows = VictimReport.rows.filter(case__in=cases).order_by().values("case", "publisher")
    return rows.annotate(last=Max(seen)).values_list("case", "publisher", "last")


@dataclass(slots=True)
class _Named:
    """The names of one machine in the logs of one unit: `called` as scans are asked about them, `keys` as
    logs spell them. `asked`: whether each list of asked machines has it. `days`: what is known, by
    coverage."""

    called: frozenset[str]
    keys: frozenset[str]
    lent: Lent | None
    asked: dict[int | None, bool] = field(default_factory=lambda: {None: False})
    days: dict[int, list[DayOfMachine]] = field(default_factory=dict)

    def on(self, day: date) -> tuple[frozenset[str], frozenset[str]]:
        """Its names on that day: an address may be another machine's then."""
        if self.lent is None or not (others := self.lent.others(day)):
            return self.called, self.keys
        return self.called - others, self.keys - others


def _named(
    nodes: set[UUID], by_node: Mapping[UUID, list[Facts]], names: Names, leased: Leased
) -> dict[UUID, dict[UUID, _Named]]:
    """By node and case."""
    found: dict[UUID, dict[UUID, _Named]] = {}
    for node in nodes:
        found[node] = its = {}
        for fact in by_node[node]:
            device = fact.case.device
            keys = names[device.pk][node]
            called = frozenset(map(same, names_of(keys, _identity(device))))
            its[fact.case.pk] = _Named(called, frozenset(keys), leased.get(device.pk))
    return found


def _days(
    nodes: set[UUID],
    since: datetime | None,
    told: Mapping[int, Coverage],
    named: dict[UUID, dict[UUID, _Named]],
) -> None:
    """Give each machine its days. A day may hold thousands of machines, so that rows are read once and only
    the needed machines are kept."""
    rows = CoveredDay.rows.filter(node__in=nodes)
    fields = ["node", "coverage", "day", "hours", "gaps", "devices", "alive", "asked"]
    lists: dict[int, frozenset[str]] = {}
    if since is None:
        fields.append("asked__names")  # the page of a case has few days, and a query less
    else:
        rows = rows.filter(day__gte=since.astimezone(UTC).date())
        stored = AskedList.rows.filter(pk__in=rows.values("asked")).values_list("pk", "names")
        lists = {pk: frozenset(map(same, some)) for pk, some in stored}
    for row in rows.order_by("day", "pk").values_list(*fields).iterator(chunk_size=50):
        node, coverage, day, hours, gaps, devices, alive, asked_id = row[:8]
        if coverage not in told:
            continue
        if row[8:] and asked_id is not None and asked_id not in lists:
            lists[asked_id] = frozenset(map(same, row[8]))
        masks: dict[str, int] = defaultdict(int)
        for name, mask in alive.items():
            masks[same(name)] |= mask
        known, seen = lists.get(asked_id, frozenset()), frozenset(devices)
        read = told[coverage], day, hours, tuple(lost(gaps))
        # Most machines of a large unit are not seen on the day: they share one record of it.
        unseen = DayOfMachine(*read, False, 0, bool(devices), False)
        asked_only = unseen._replace(is_asked=True)
        for one in named[node].values():
            called, keys = one.on(day)
            mask = 0
            for name in called if masks else ():
                mask |= masks.get(name, 0)
            if called is not one.called:
                is_asked = not called.isdisjoint(known)
            else:
                if asked_id not in one.asked:
                    one.asked[asked_id] = not called.isdisjoint(known)
                is_asked = one.asked[asked_id]
            is_seen = bool(seen) and not keys.isdisjoint(seen)
            if mask or is_seen:
                its = DayOfMachine(*read, bool(mask) or is_asked, mask, bool(devices), is_seen)
            else:
                its = asked_only if is_asked else unseen
            one.days.setdefault(coverage, []).append(its)


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
            for who in names_of((), _identity(fact.case.device)):
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
