"""Makes machines for parts of evidence, and keeps their names and owners. Runs inside the caller's
transaction, which holds the campaign's row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Max
from django.db.models.functions import Coalesce
from django.utils import timezone

from quetsach.machines.evidence import Key
from quetsach.machines.identity.keys import is_private
from quetsach.machines.identity.locating import LOCATED, SHARED, WEAK
from quetsach.machines.identity.scopes import lineage
from quetsach.machines.identity.scopes import related as are_related
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases.models import Alias, CaseSighting, Device
from quetsach.portal.cases.owning import Named, Row, day_of, had_then, owner_of
from quetsach.portal.cases.parts import Part
from quetsach.portal.cases.transfer_actions import pass_on
from quetsach.portal.kit.inserting import create, insert, rewrite, spelled
from quetsach.portal.sightings.models import Sighting
from quetsach.portal.sightings.owners import Owners
from quetsach.portal.units.models import path_segment
from quetsach.text.canonical import address

type OwnersOf = Mapping[UUID, tuple[Owners, bool]]
"""By reporter: the ranges of addresses, and whether there are units below."""


def machines_of(
    campaign: Campaign, rows: Sequence[Row], parts: Mapping[int, Sequence[Part]], owners: OwnersOf
) -> dict[tuple[int, Key], Device]:
    """The machine of each part, by row and id. One that does not exist yet is made."""
    known = [(row, part) for row in rows for part in parts[row.pk] if part.is_known]
    found = _known_machines(campaign, known, owners) if known else {}
    for strength in Device.BY_ADDRESS:
        wanted: dict[UUID, dict[_Called, Named]] = defaultdict(dict)
        those = [
            (row, part, _Called(row.called, owner_of(owners[row.node_id][0], row.called, row)))
            for row in rows
            for part in parts[row.pk]
            if part.strength == strength
        ]
        for row, _part, called in those:
            wanted[row.node_id][called] = row
        named = _by_address(campaign, wanted, owners, strength)
        for row, part, called in those:
            found[row.pk, part.id] = named[row.node_id, called]
    return found


def machines_named(
    campaign: Campaign, rows: Iterable[Named], owners: OwnersOf
) -> dict[tuple[UUID, str], Device]:
    """The machine for each (reporter, address), where only the address tells machines apart."""
    found: dict[tuple[UUID, str], Device] = {}
    wanted: dict[str, dict[UUID, dict[_Called, Named]]] = defaultdict(lambda: defaultdict(dict))
    for row in {(row.node_id, row.device): row for row in rows}.values():
        called = _Called(row.device, owner_of(owners[row.node_id][0], row.device, row))
        wanted[kind_of(row.device)][row.node_id][called] = row
    for kind, those in wanted.items():
        named = _by_address(campaign, those, owners, kind)
        found |= {(node, called.name): device for (node, called), device in named.items()}
    return found


def kind_of(name: str) -> str:
    """The kind of the id of a machine that only its address tells: many may share a public IPv4 address."""
    is_public = ":" not in name and address(name) is not None and not is_private(name)
    return SHARED if is_public else WEAK


def address_id(node: CampaignNode, name: str) -> str:
    """The id of an address in a unit, as `Device.id_value` keeps it."""
    return f"{path_segment(node.unit_id)} {name}"


# --- machines that evidence tells apart ---


def _known_machines(
    campaign: Campaign, known: Sequence[tuple[Row, Part]], owners: OwnersOf
) -> dict[tuple[int, Key], Device]:
    ids = {part.id for _row, part in known}
    rows = Device.rows.filter(campaign=campaign, id_value__among={one.value for one in ids})
    devices = {Key(one.id_kind, one.id_value): one for one in rows.select_related("owner")}
    homes, later = _Homes(campaign, known, owners), _Later(known)
    fresh: dict[Key, Device] = {}
    now = timezone.now()
    changed: dict[UUID, Device] = {}
    origins: dict[UUID, tuple[CampaignNode, bool]] = {}
    for row, part in sorted(
        known, key=lambda one: (one[0].last_seen is not None, one[0].last_seen, one[0].pk)
    ):
        device = devices.get(part.id)
        owner, is_assigned = homes.of(row, part)
        if device is None:
            device = devices[part.id] = fresh[part.id] = Device(
                campaign=campaign, owner=owner, key=part.name or row.called, id_kind=part.id.kind,
                id_value=part.id.value, strength=part.strength, is_assigned=is_assigned,
                identity=_identity(part, row), created_at=now,
            )  # fmt: skip
            continue
        before = _facts(device)
        origins.setdefault(device.pk, (device.owner, device.is_assigned))
        device.key = part.name or device.key
        device.identity = {**device.identity, **_identity(part, row)}
        if part.strength == LOCATED:
            device.strength = LOCATED
        is_new = part.id in fresh or device.owner_id == owner.pk or not later.is_there(device, row)
        if part.homes and is_assigned and not device.is_owner_said and is_new:
            device.owner, device.is_assigned = owner, True
        if part.id not in fresh and _facts(device) != before:
            changed[device.pk] = device
    create(fresh.values())
    rewrite(changed.values(), ["key", "identity", "strength", "owner", "is_assigned"])
    for device in changed.values():
        origin, was_assigned = origins[device.pk]
        if device.owner_id != origin.pk or device.is_assigned != was_assigned:
            pass_on(device, origin, None, is_by_sign=True)
    # An address that a translation gave many machines is the name of none of them.
    pairs = dict.fromkeys((row.node_id, row.device, devices[part.id].pk) for row, part in known if row.device)
    _name(pairs)
    return {(row.pk, part.id): devices[part.id] for row, part in known}


def _name(names: Iterable[tuple[UUID, str, UUID]]) -> None:
    """Keep reporters' names of machines; names that are known stay."""
    told = dict(zip(("reporter_id", "key", "device_id"), zip(*names, strict=True), strict=False))
    if told:
        insert(Alias, spelled(Alias, told), unique=("reporter", "key", "device"))


class _Later:
    """Whether a machine has a later sign than a row: the unit that had it then has it now. Rows of the batch
    come in the order of time, and rows that wait may become another machine's."""

    def __init__(self, known: Sequence[tuple[Row, Part]]) -> None:
        self._batch = [row.pk for row, _part in known if isinstance(row, Sighting)]
        self._latest: dict[UUID, datetime | None] = {}

    def is_there(self, device: Device, row: Row) -> bool:
        if device.pk not in self._latest:
            links = CaseSighting.rows.filter(case__device=device, sighting__is_pulled=True)
            others = links.exclude(sighting__in=self._batch)
            self._latest[device.pk] = others.aggregate(last=Max(Coalesce("last", "sighting__last_seen")))[
                "last"
            ]
        latest = self._latest[device.pk]
        return latest is not None and (row.last_seen is None or row.last_seen < latest)


def _facts(device: Device) -> tuple[Any, ...]:
    return device.key, dict(device.identity), device.strength, device.owner_id, device.is_assigned


def _identity(part: Part, row: Row) -> dict[str, str]:
    """What logs say of the machine, and its card and name by the evidence: scans are asked about them."""
    found = dict(row.identity) if part.leads else {}
    for key in part.keys:
        if key.kind == "mac":
            found.setdefault("mac", key.value)
    if part.name:
        found.setdefault("host", part.name)
    return found


class _Homes:
    """The units of machines by their leases and registers, else by ranges, else the reporter."""

    def __init__(self, campaign: Campaign, known: Sequence[tuple[Row, Part]], owners: OwnersOf) -> None:
        self._owners = owners
        paths = {path for _row, part in known for home in part.homes for path in lineage(home)}
        self._nodes = {}
        if paths:
            at = CampaignNode.rows.filter(campaign=campaign, unit__path__in=paths).select_related("unit")
            self._nodes = {node.unit.path: node for node in at}
        by_range: dict[tuple[UUID, str, datetime | None], UUID | None] = {}
        for row, _part in known:
            asked = row.node_id, row.called, row.last_seen
            by_range[asked] = owner_of(owners[row.node_id][0], row.called, row)
        self._by_range = by_range
        ranged = {pk for pk in by_range.values() if pk is not None}
        self._ranged = CampaignNode.rows.select_related("unit").in_bulk(ranged)

    def of(self, row: Row, part: Part) -> tuple[CampaignNode, bool]:
        """The owner, and whether that is known. A unit that is no relative of the reporter is not believed:
        its table may name a machine that it has never seen. Nor does a unit get a machine by its table alone
        whose sign was seen in the range of another unit."""
        owner = self._by_range[row.node_id, row.called, row.last_seen]
        holder = self._ranged[owner].unit.path if owner is not None else ""
        for home in part.homes:
            if are_related(home, row.node.unit.path):
                if owner is not None and holder.startswith(home):
                    break  # a superior keeps the table, and the range says which unit below it is
                if not home.startswith(holder):
                    continue
                for path in lineage(home):
                    if path in self._nodes:
                        return self._nodes[path], True
        if owner is not None:
            return self._ranged[owner], True
        return row.node, not self._owners[row.node_id][1]


# --- addresses behind which nobody knows a machine ---


class _Called(NamedTuple):
    """The name of a machine, and the unit whose range holds it on the day of a sign."""

    name: str
    then: UUID | None


def _by_address(
    campaign: Campaign, wanted: Mapping[UUID, Mapping[_Called, Named]], owners: OwnersOf, kind: str
) -> dict[tuple[UUID, _Called], Device]:
    """The machine for each reporter and name, made if it is new. Its owner is set here, once."""
    found: dict[tuple[UUID, _Called], Device] = {}
    for node_id, by_name in wanted.items():
        ranges, below = owners[node_id]
        names = {called.name for called in by_name}
        aliases = Alias.rows.filter(reporter=node_id, key__among=names, device__id_kind=kind)
        known: dict[str, list[Device]] = defaultdict(list)
        for alias in aliases.select_related("device__owner"):
            known[alias.key].append(alias.device)
        new: dict[_Called, Named] = {}
        for called, row in by_name.items():
            its = had_then(known.get(called.name, ()), ranges, *called, day_of(row))
            if its is None:
                new[called] = row
            else:
                found[node_id, called] = its
                _identify(its, row)
        # Signs of a day on which no unit held the address are those of the machine that has it else.
        held = {called.name: called for called in sorted(new, key=str) if called.then is not None}
        same = {called: called if called.then else held.get(called.name, called) for called in new}
        named = (
            _named(campaign, node_id, {own: new[own] for own in same.values()}, below, kind) if new else {}
        )
        _name([(node_id, called.name, device.pk) for called, device in named.items()])
        found |= {(node_id, called): named[own] for called, own in same.items()}
    return found


def _named(
    campaign: Campaign, reporter: UUID, new: Mapping[_Called, Named], below: bool, kind: str
) -> dict[_Called, Device]:
    """The machines that a reporter names for the first time; another reporter may have named one before."""
    nodes = CampaignNode.rows.in_bulk({called.then or reporter for called in new})
    ids = {called: address_id(nodes[called.then or reporter], called.name) for called in new}
    there = Device.rows.filter(campaign=campaign, id_kind=kind, id_value__among=set(ids.values()))
    known = {device.id_value: device for device in there.select_related("owner")}
    now = timezone.now()
    made = {
        called: Device(
            owner=nodes[called.then or reporter],
            key=called.name,
            campaign=campaign,
            id_kind=kind,
            id_value=ids[called],
            strength=kind,
            identity=row.identity,
            # Without units below, the machine can belong only to the reporter.
            is_assigned=called.then is not None or not below,
            created_at=now,
        )
        for called, row in new.items()
        if ids[called] not in known
    }
    create(made.values())
    return {called: made.get(called) or known[ids[called]] for called in new}


def _identify(device: Device, sighting: Named) -> None:
    """Store the latest identity of the machine from the logs."""
    merged = {**device.identity, **sighting.identity}
    if merged != device.identity:
        device.identity = merged
        device.save(update_fields=["identity"])
