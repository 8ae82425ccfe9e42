"""Takes reports of infections into cases, by the rules that hold for signs in logs.

Reports wait until they have been taken. They are taken by address, so that each machine is looked up once, in
batches of one transaction each: after a crash the rest still waits. The campaign's row is the lock, as for
sightings.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Case as When
from django.db.models import Count, F, Max, Min, Q
from django.db.models import When as Then
from django.utils import timezone

from quetsach.machines.proof.judging import GUARD
from quetsach.portal.campaigns.arrivals import Arrived
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases.again_actions import go_on, told_again
from quetsach.portal.cases.episode_actions import succeed
from quetsach.portal.cases.episodes import Numbers, dismissed, numbers
from quetsach.portal.cases.machine_actions import machines_named
from quetsach.portal.cases.merging_actions import Moves, bring_back, settle
from quetsach.portal.cases.models import Case, Device, VictimReport, VictimTelling
from quetsach.portal.cases.opening_actions import new_case, open_cases
from quetsach.portal.cases.owning import owners_below
from quetsach.portal.cases.relapse_actions import relapse
from quetsach.portal.cases.rules import Arrival, State, arrive
from quetsach.portal.cases.victims.back_actions import let_go
from quetsach.portal.cases.victims.forecast import signs_of
from quetsach.portal.cases.victims.placing import placed_reports, waiting_of
from quetsach.portal.cases.victims.storing import link, link_machines
from quetsach.portal.kit.inserting import rewrite
from quetsach.portal.sightings.owners import Owners
from quetsach.portal.sightings.times import earliest_after

MACHINES = 500
"""Machines in one transaction."""


class _Machine(NamedTuple):
    """A machine of waiting reports: what `machines_named` asks of it, its malware, and its times."""

    node_id: UUID
    device: str
    family: str
    first: datetime | None
    last: datetime | None
    host: str
    is_told_again: bool = False
    """Whether some of its reports were in a case before."""

    @property
    def last_seen(self) -> datetime | None:
        """The time that decides who held the range."""
        return self.last

    @property
    def identity(self) -> dict[str, str]:
        return {"host": self.host} if self.host else {}


class _Waiting(NamedTuple):
    """A waiting report."""

    pk: int
    address: str
    family: str
    first: datetime
    last: datetime
    is_day: bool
    publisher: str
    kind: str
    case: UUID | None = None
    """The case that it was taken into before, with that case's machine and times."""
    device: UUID | None = None
    begins: datetime | None = None
    ends: datetime | None = None

    def is_known_of(self, device: UUID) -> bool:
        """Whether the machine's case has the report as it is."""
        if self.device != device or self.begins is None or self.ends is None:
            return False
        return self.begins <= self.first and self.seen <= self.ends

    @property
    def sign(self) -> str:
        """What stands for the indicator: the vantage point and its kind of report."""
        return f"{self.publisher}:{self.kind}"

    @property
    def seen(self) -> datetime:
        """The time that is compared with a claim. Of a report that tells only the day it is the day's
        beginning: handling on that day is not undone by it."""
        return self.first if self.is_day else self.last

    def back_at(self, case: Case) -> datetime | None:
        """The earliest time after the handling that the report tells."""
        if case.claimed_at is None:
            return None
        times = ((self.first, self.first), (self.seen, self.seen))
        return earliest_after(case.claimed_at + GUARD, times)


def take_reports(campaign: Campaign, _arrived: Arrived | None = None) -> int:
    """Let go of what files that were taken back told, then take every waiting report of the campaign into its
    case; returns how many cases were opened."""
    let_go(campaign)
    # Millions may wait: they are looked through once, and not for each batch.
    tellers = set(
        VictimReport.rows.filter(is_waiting=True).order_by().values_list("node", flat=True).distinct()
    )
    opened = 0
    for node in CampaignNode.rows.filter(campaign=campaign, pk__in=tellers):
        owners = {node.pk: owners_below(node)}  # looked up before the transactions
        for holder in _holders(node.pk, owners):
            while (taken := _take_batch(campaign, node.pk, owners, holder)) is not None:
                opened += taken
    return opened


def _holders(node: UUID, owners: dict[UUID, tuple[Owners, bool]]) -> list[UUID | None]:
    """Whose reports are taken by themselves, and None for those that are left. Where ranges have days, two
    units may have had one address: it is a machine of each."""
    dated = owners[node][0].dated
    if not dated:
        return [None]
    waiting = VictimReport.rows.filter(is_waiting=True, node=node, owner__id__among=dated).order_by()
    return [*sorted(waiting.values_list("owner", flat=True).distinct()), None]


def _take_batch(
    campaign: Campaign, node: UUID, owners: dict[UUID, tuple[Owners, bool]], holder: UUID | None
) -> int | None:
    """Take the node's reports of some machines, those of one holder if it is given; None if no report
    waits."""
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        now = timezone.now()
        machines = _machines(node, now, holder)
        if not machines:
            return None
        known = _known_machines(campaign, node, machines, owners, holder)
        devices = machines_named(campaign, [one for one in machines if one.device in known.unplaced], owners)
        returned = bring_back(_of_batch(node, machines, known, devices))
        current = {
            (case.device_id, case.family): case
            for case in Case.rows.select_for_update(of=("self",), no_key=True)
            .filter(device__in={one.pk for one in (*devices.values(), *known.devices())}, is_current=True)
            .select_related("device__owner")
        }
        owned = {one.pk for one in (*devices.values(), *known.devices())}
        last, closed = numbers(owned), dismissed(owned)
        fresh: list[tuple[_Machine, Case]] = []
        made: dict[tuple[UUID, str], Case] = {}
        for one in machines:
            if one.device in known.again:
                continue  # these reports may be of several machines
            device = devices[node, one.device]
            key = (device.pk, one.family)
            if key in made:
                # A machine that has two addresses.
                case = made[key]
                case.first_seen = min(filter(None, (case.first_seen, one.first)), default=None)
                case.last_seen = max(filter(None, (case.last_seen, one.last)), default=None)
                fresh.append((one, case))
            elif key not in current:
                # Nothing has happened yet in a new case, so its reports need not be looked at one by one.
                case = made[key] = new_case(device, one.family, last.get(key, 0) + 1, now)
                case.first_seen, case.last_seen = one.first, one.last
                fresh.append((one, case))
        open_cases(list(made.values()))
        link_machines(node, [(one.device, one.family, case.pk) for one, case in fresh], holder)
        done = {(one.device, one.family) for one, _case in fresh}
        left = [one for one in machines if (one.device, one.family) not in done]
        moves = Moves()
        opened = _take(
            node, left, _Found(node, devices, known), _Cases(current, last, closed), moves, now, holder
        )
        settle(moves, returned, now)
        return len(made) + opened


@dataclass
class _Known:
    """`placed` are the machines of reports by tables. `unplaced` addresses have reports that no table places;
    reports of addresses in `again` are looked at one by one."""

    placed: dict[int, tuple[Device, str]]
    unplaced: set[str]
    again: set[str]

    def devices(self) -> list[Device]:
        return [device for device, _why in self.placed.values()]


def _known_machines(
    campaign: Campaign,
    node: UUID,
    machines: list[_Machine],
    owners: dict[UUID, tuple[Owners, bool]],
    holder: UUID | None,
) -> _Known:
    addresses = {one.device for one in machines}
    teller = CampaignNode.rows.select_related("unit").get(pk=node)
    placed = placed_reports(campaign, teller, addresses, owners, holder)
    waiting = waiting_of(node, holder)
    told = {one.device for one in machines if one.is_told_again}
    rows = waiting.filter(address__in=placed.bound).values_list("pk", "address")
    unplaced = {address for pk, address in rows if pk not in placed.devices}
    return _Known(placed.devices, addresses - placed.bound | unplaced, placed.bound | told)


def _of_batch(
    node: UUID, machines: list[_Machine], known: _Known, devices: dict[tuple[UUID, str], Device]
) -> Iterable[tuple[Device, str]]:
    """The machines and families of the reports."""
    for one in machines:
        if (node, one.device) in devices:
            yield devices[node, one.device], one.family
    for some in itertools.batched(sorted(known.placed), 400):
        for pk, family in VictimReport.rows.filter(pk__in=some).values_list("pk", "family"):
            yield known.placed[pk][0], family


class _Found(NamedTuple):
    """The machine of each report."""

    node: UUID
    by_address: dict[tuple[UUID, str], Device]
    known: _Known

    def of(self, row: _Waiting) -> tuple[Device, str]:
        """The machine of a report, and why."""
        placed = self.known.placed.get(row.pk)
        return placed or (self.by_address[self.node, row.address], "no table")


def _machines(node: UUID, now: datetime, holder: UUID | None) -> list[_Machine]:
    """Address and malware of some waiting reports, with their first and last time; times of a clock in the
    future are left out."""
    sane = Q(last_seen__lte=now + timedelta(days=1))
    seen = When(Then(is_day=True, then=F("first_seen")), default=F("last_seen"))
    rows = waiting_of(node, holder).values("address", "family")
    groups = rows.annotate(
        first=Min("first_seen", filter=sane), last=Max(seen, filter=sane), host=Max("host"),
        again=Count("case"),
    ).order_by("address", "family")[:MACHINES]  # fmt: skip
    told = groups.values_list("address", "family", "first", "last", "host", "again")
    return [
        _Machine(node, device, family, first, last, host, again > 0)
        for device, family, first, last, host, again in told
    ]


class _Cases(NamedTuple):
    """By machine and family: the current case, the number of the last episode, and false alarms besides."""

    current: dict[tuple[UUID, str], Case]
    last: Numbers
    closed: Mapping[tuple[UUID, str], Sequence[Case]]


def _take(
    node: UUID,
    machines: list[_Machine],
    machine: _Found,
    cases: _Cases,
    moves: Moves,
    now: datetime,
    holder: UUID | None,
) -> int:
    """Take reports of machines that have a case, one by one in the order of their time; returns how many
    episodes were opened."""
    wanted = {(one.device, one.family) for one in machines}
    found = waiting_of(node, holder).filter(address__in={one.device for one in machines})
    rows = [
        row
        for row in itertools.starmap(
            _Waiting,
            found.values_list(
                "pk",
                "address",
                "family",
                "first_seen",
                "last_seen",
                "is_day",
                "publisher",
                "kind",
                "case",
                "case__device",
                "case__first_seen",
                "case__last_seen",
            ),
        )
        if (row.address, row.family) in wanted
    ]
    current = cases.current
    known = signs_of([*current.values(), *itertools.chain.from_iterable(cases.closed.values())])
    fresh: dict[UUID, Case] = {}
    touched: dict[UUID, Case] = {}
    links: list[tuple[int, UUID]] = []
    for row in sorted(rows, key=lambda one: (one.seen, one.pk)):
        device, why = machine.of(row)
        if row.case is not None and row.is_known_of(device.pk):
            links.append((row.pk, row.case))
            continue
        if row.case is not None and row.device != device.pk:
            moves.add(row.case, device.pk, row.seen, why)
        key = (device.pk, row.family)
        closed = next((one for one in cases.closed.get(key, ()) if row.sign in known[one.pk]), None)
        case = closed or current.get(key)
        if case is None:
            case = current[key] = new_case(device, row.family, cases.last.get(key, 0) + 1, now)
            fresh[case.pk] = case
        if case.pk not in fresh and closed is None:
            seen = row.seen if row.seen <= now + timedelta(days=1) else None
            match arrive(
                State(case.state), case.claimed_at, case.quiet_until, seen, row.sign not in known[case.pk]
            ):
                case Arrival.EVIDENCE:
                    told_again(case, row.sign, seen, row.back_at(case), _file_of(row))
                case Arrival.RELAPSE:
                    relapse(case, row.back_at(case), _file_of(row))
                case Arrival.EPISODE:
                    again = go_on(case, row.sign, seen, _file_of(row))
                    case = current[key] = again or new_case(device, row.family, succeed(case), now)
                    if again is None:
                        fresh[case.pk] = case
        known[case.pk].add(row.sign)
        before = case.first_seen, case.last_seen
        _widen(case, row, now)
        if case.pk not in fresh and (case.first_seen, case.last_seen) != before:
            touched[case.pk] = case
        links.append((row.pk, case.pk))
    open_cases(list(fresh.values()))
    rewrite(touched.values(), ["first_seen", "last_seen"])
    link(links)
    return len(fresh)


def _file_of(row: _Waiting) -> dict[str, str]:
    """The file that tells a report; of several the file with its latest time."""
    told = VictimTelling.rows.filter(report=row.pk, file__gone_at=None).order_by("-last_seen", "-pk")
    report = VictimReport.rows.filter(pk=row.pk)
    file, name = (
        told.values_list("file", "file__name").first() or report.values_list("file", "file__name").get()
    )
    return {"file": name, "victims": str(file)}


def _widen(case: Case, row: _Waiting, now: datetime) -> None:
    """A report with a clock in the future counts, its time does not."""
    if row.last <= now + timedelta(days=1):
        case.first_seen = min(filter(None, (case.first_seen, row.first)))
        case.last_seen = max(filter(None, (case.last_seen, row.seen)))
