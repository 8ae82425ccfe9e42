"""Rows of evidence by machine: each run of a row belongs to the machine that stood behind it then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

from quetsach.machines import keys
from quetsach.machines.evidence import Key, Sign
from quetsach.machines.identity.locating import INFERRED, LOCATED, Place
from quetsach.portal.cases.cards import of_routers
from quetsach.portal.cases.looks import OLDEST
from quetsach.portal.cases.models import Case, CaseSighting, Device
from quetsach.portal.cases.no_machine import NoMachines
from quetsach.portal.cases.owning import Row
from quetsach.portal.cases.telling import Tellers
from quetsach.portal.cases.unlocated import MOST_CANDIDATES
from quetsach.portal.kit.micros import micros
from quetsach.portal.machines.placing import Known, place
from quetsach.portal.machines.spelling import stored
from quetsach.portal.sightings.models import Sighting
from quetsach.portal.sightings.owners import Owners
from quetsach.portal.sightings.times import earliest_after, times_of, times_of_runs
from quetsach.text.canonical import address, parse_port

type Run = tuple[int, int, int]
"""First and last microsecond of the day, and log lines."""


@dataclass(slots=True)
class Part:
    """What one row says of one machine. `id` is the machine's id, as the database keeps it, or the address
    that no table knows. Without `runs` the whole row is its. `homes` are the paths of the units that the
    machine was in, that of the row's time first; `reasons` say why its keys are one machine."""

    id: Key
    strength: str
    why: str
    candidates: list[str]
    name: str
    homes: tuple[str, ...]
    keys: tuple[Key, ...] = ()
    reasons: tuple[str, ...] = ()
    runs: list[Run] = field(default_factory=list)
    leads: bool = True
    """Whether the row's first line, whose text and identity the row has, is one of the part."""

    @property
    def is_known(self) -> bool:
        """Whether the part is one of a machine, and not of an address."""
        return self.strength in (LOCATED, INFERRED)


PART_FIELDS = ("runs", "count", "first", "last", "strength", "why", "candidates")
"""Fields of `CaseSighting` that tell the part."""
_told_by = attrgetter(*PART_FIELDS)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a row, with its machine."""

    row: Sighting
    part: Part
    device: Device

    @property
    def first(self) -> datetime | None:
        """The first event time."""
        return moment(self.row, self.part.runs[0][0]) if self.part.runs else self.row.first_seen

    @property
    def last(self) -> datetime | None:
        """The latest event time."""
        if not self.part.runs:
            return self.row.last_seen
        return moment(self.row, max(last for _first, last, _count in self.part.runs))

    @property
    def count(self) -> int:
        """The log lines."""
        return sum(run[2] for run in self.part.runs) if self.part.runs else self.row.count

    def seen(self, now: datetime) -> datetime | None:
        """The latest event time; None where the clock cannot be trusted."""
        last = self.last
        return last if last is not None and OLDEST <= last <= now + timedelta(days=1) else None

    def begins_after(self, moment: datetime, now: datetime) -> datetime | None:
        """The earliest event time later than a moment; None where the clock cannot be trusted."""
        if self.seen(now) is None:
            return None
        runs = self.part.runs
        times = times_of_runs(self.row.day, runs) if self.row.day and runs else times_of(self.row)
        return earliest_after(moment, times)

    @property
    def told(self) -> tuple[Any, ...]:
        """The values of `PART_FIELDS`."""
        part = self.part
        runs = [list(run) for run in part.runs]
        return runs, self.count, self.first, self.last, part.strength, part.why, part.candidates

    def case_among(self, links: Iterable[CaseSighting]) -> Case | None:
        """The case of the machine in which the part stands as it is, so that nothing is new."""
        for link in links:
            if link.case.device_id == self.device.pk and _told_by(link) == self.told:
                return link.case
        return None

    def episode_among(self, links: Iterable[CaseSighting]) -> Case | None:
        """The earlier episode of the row, if the machine was declared clean after it."""
        for link in links:
            case = link.case
            if case.device_id != self.device.pk or case.is_current or case.quiet_until is None:
                continue
            if case.merged_into_id is None and self.last is not None and self.last <= case.quiet_until:
                return case
        return None


def parts_of(rows: Sequence[Sighting], owners: Mapping[UUID, tuple[Owners, bool]]) -> dict[int, list[Part]]:
    """The parts of each row, by the row's id, in the order of time. Each row's `node.unit` is at hand."""
    found: dict[int, list[Part]] = {}
    by_node: dict[UUID, list[Sighting]] = defaultdict(list)
    for row in rows:
        by_node[row.node_id].append(row)
    for node, own in by_node.items():
        found |= _parts_of(own, Tellers(node, owners), NoMachines(own, owners[node][0]))
    return found


def _parts_of(rows: Sequence[Sighting], tellers: Tellers, none: NoMachines) -> dict[int, list[Part]]:
    signs: list[Sign] = []
    owners: list[tuple[Sighting, Run | None]] = []
    routers = of_routers(rows)
    for row in rows:
        for run, sign in signs_of(row, is_of_router=row.pk in routers):
            signs.append(sign)
            owners.append((row, run))
    placed = place(signs, tellers)
    found: dict[int, list[Part]] = {row.pk: [] for row in rows}
    for (row, run), (one, known), sign in zip(owners, placed, signs, strict=True):
        parts = found[row.pk]
        part = part_of(row, none.judged(one, sign), sign, known)
        same = next((other for other in parts if other.id == part.id), None)
        if same is None:
            parts.append(part)
            same = part
        elif LOCATED == part.strength != same.strength:
            same.strength, same.why = part.strength, part.why
        if run is not None:
            same.runs.append(run)
    for parts in found.values():
        if len(parts) == 1:
            parts[0].runs = []
        elif parts:
            earliest = min(run for part in parts for run in part.runs)
            for part in parts:
                part.leads = earliest in part.runs
    return found


def moment(row: Sighting, microseconds: int) -> datetime:
    """A time of the row's day."""
    assert row.day is not None
    return datetime.combine(row.day, time(), UTC) + timedelta(microseconds=microseconds)


def signs_of(row: Sighting, *, is_of_router: bool = False) -> Iterable[tuple[Run | None, Sign]]:
    """A sign for each run; one for the whole row where runs are not known. A router's card is left out."""
    where, port = (address(row.device) if row.device else None), 0
    named = list(_keys(row, "" if where else row.device))
    if not row.device and row.nat:
        where, port = row.nat, _port(row.identity.get("nat", ""))
    if is_of_router and where:
        named = [key for key in named if key.kind not in ("mac", "randommac")]
    scope, source = row.node.unit.path, row.source_name
    if row.runs and row.day is not None:
        midnight = _micro(datetime.combine(row.day, time(), UTC))
        for first, last, count in row.runs:
            times = midnight + first, midnight + last
            yield (first, last, count), Sign(
                where or "", tuple(named), *times, source, scope, "", port
            )  # fmt: skip
        return
    first, last = (_micro(one) if one else 0 for one in (row.first_seen, row.last_seen))
    yield None, Sign(where or "", tuple(named), first, max(first, last), source, scope, "", port)


def _port(endpoint: str) -> int:
    """The port of a translated endpoint; 0 where it tells none."""
    return parse_port(endpoint.rpartition(":")[2]) or 0


def _micro(at: datetime) -> int:
    return max(0, micros(at))


def _keys(row: Sighting, device: str) -> Iterable[Key]:
    """The keys that the line names; `device` is its name for the machine where that is no address."""
    told = row.identity
    found = [keys.mac(told["mac"])] if isinstance(told.get("mac"), str) else []
    kind, _, value = device.partition(":")
    if kind == "mac":
        found.append(keys.mac(value))
    spelled = value if kind == "host" else "" if kind == "mac" else device
    hosts = [spelled, *([told["host"]] if isinstance(told.get("host"), str) else [])]
    for host in hosts:
        if host:
            found += [keys.domain_host(host), keys.host(host)]
    agent = told.get("agent")
    found += [keys.agent(agent)] if isinstance(agent, str) else []
    return dict.fromkeys(key for key in found if key is not None)


def part_of(row: Row, one: Place, sign: Sign, known: Known) -> Part:
    """What a row says of the machine at this place."""
    candidates = [known.name(key) or key.value.rpartition(" ")[2] for key in one.candidates]
    if one.status not in (LOCATED, INFERRED):
        return Part(Key(one.status, row.called), one.status, one.why, candidates[:MOST_CANDIDATES], "", ())
    device = known.device(one.device)
    reasons = tuple(reason.why for reason in device.reasons) if device else ()
    name = known.name(one.device) if sign.address else row.device
    return Part(
        stored(one.device), one.status, one.why, [], name,
        known.homes(one.device, sign.address, sign.first), device.keys if device else (one.device,), reasons,
    )  # fmt: skip
