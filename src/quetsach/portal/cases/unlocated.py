"""Signs that name an address and yet no machine, and the machines that each of them may be.

Two machines had the address at that time, or it asks for others, or many share it. Such signs make a case of
the address. Nobody asks the address whether it is clean, so that they must not be lost to the machines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from uuid import UUID

from django.db.models import Q

from quetsach.machines.identity.forwarders import FORWARDER
from quetsach.machines.identity.locating import UNLOCATED, WEAK
from quetsach.machines.identity.scopes import related as are_related
from quetsach.portal.cases.models import CaseSighting, Device
from quetsach.portal.sightings.models import Sighting

MOST_CANDIDATES = 20
"""Candidates that are stored with a sign: so many may be all, or the first of more."""


@dataclass(frozen=True, slots=True)
class Unlocated:
    """Signs of one address at one place. `home` is the path of the unit whose machines stand behind it.
    `candidates`: the only machines that it may be, by their names; None where nobody knows them all."""

    device: UUID
    kind: str
    address: str
    home: str
    candidates: frozenset[str] | None
    signs: list[Sighting] = field(default_factory=list, compare=False)

    def may_be(self, machine: Device, names: Collection[str]) -> bool:
        """Whether the signs may be those of a machine. `names` are the names that the place has for it."""
        if self.device == machine.pk:
            return False  # they are its own signs
        if self.candidates is not None:
            is_address = machine.id_kind in Device.BY_ADDRESS and self.address in names
            return is_address or not self.candidates.isdisjoint(_names(machine, names))
        if self.address in names:
            return True
        if self.kind == WEAK and not is_of_no_machine(self.address):
            return False
        return are_related(self.home, machine.owner.path)


type UnlocatedByPlace = dict[tuple[UUID, str], list[Unlocated]]


def unlocated_signs(
    nodes: Collection[UUID], since: datetime | None, names: Collection[str]
) -> UnlocatedByPlace:
    """The listed signs of addresses without a machine in the logs of the units, by place. Of an address that
    no table knows they are only needed where it is one of the `names` of a machine that is known better."""
    of_no_table = Q(sighting__device__startswith="169.254.") | Q(sighting__device__startswith="fe80:")
    of_no_table |= Q(sighting__device__among=names)
    links = CaseSighting.rows.filter(
        Q(case__device__id_kind__in=("shared", UNLOCATED)) | Q(case__device__id_kind=WEAK) & of_no_table,
        sighting__node__in=nodes, sighting__is_listed=True,
    )  # fmt: skip
    if since is not None:
        links = links.filter(Q(sighting__last_seen__gt=since) | Q(sighting__last_seen=None))
    links = links.select_related("sighting__node", "case__device__owner")
    found: dict[tuple[UUID, str], dict[Unlocated, Unlocated]] = defaultdict(dict)
    for link in links.defer("sighting__evidence", "sighting__identity"):
        row = link.own_part()
        one = _unlocated(link, row)
        found[row.node_id, row.source_name].setdefault(one, one).signs.append(row)
    return {place: list(its) for place, its in found.items()}


def is_of_no_machine(name: str) -> bool:
    """Whether a name in a log is an address that each machine may have at any time, as link-local ones."""
    try:
        address = ip_address(name)
    except ValueError:
        return False
    return address.is_link_local or address.is_loopback or address.is_unspecified


def _unlocated(link: CaseSighting, row: Sighting) -> Unlocated:
    device = link.case.device
    # A unit may say of an address that it is another's: then it may be that of all that the log sees.
    is_sure = device.is_assigned and not device.is_owner_said
    home = device.owner.path if is_sure else row.node.path
    candidates = None
    # A line that a forwarder wrote names some machines behind it, and not all.
    if device.id_kind != WEAK and link.why != FORWARDER and 0 < len(link.candidates) < MOST_CANDIDATES:
        candidates = frozenset(one.casefold() for one in link.candidates)
    return Unlocated(device.pk, device.id_kind, row.called, home, candidates)


def _names(machine: Device, names: Iterable[str]) -> set[str]:
    """All names under which the machine may stand among candidates."""
    told: Mapping[str, str] = machine.identity
    found = {machine.key, machine.id_value.rpartition(" ")[2], *names}
    found |= {one for one in told.values() if isinstance(one, str)}
    return {one.casefold() for one in found}
