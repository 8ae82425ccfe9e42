"""The unit that has a machine, by the ranges of addresses that units hold on the day of a sign."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from django.utils import timezone

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.models import Device
from quetsach.portal.kit.client_ip import is_inside
from quetsach.portal.sightings.owners import Owners, Range
from quetsach.portal.units.models import SEGMENT, subtree
from quetsach.portal.units.networks import HELD, Network


def owners_below(node: CampaignNode, *more: Range) -> tuple[Owners, bool]:
    """The ranges of the reporter and of the nodes below it, and whether there are nodes below. `more` are
    ranges that count as well, as if nodes had them."""
    inside = CampaignNode.rows.filter(subtree(node.path), campaign=node.campaign_id)
    told = list(inside.values_list("unit", "pk", "unit__path"))
    units = {unit: pk for unit, pk, _path in told}
    rows = Network.rows.filter(HELD, unit__in=inside.values("unit"))
    ranges = (
        Range(cidr, units[unit], begin, end)
        for cidr, unit, begin, end in rows.values_list("cidr", "unit", "begin", "end")
    )
    return Owners(node.pk, (*ranges, *more), {pk: path for _unit, pk, path in told}), len(units) > 1


def unowned(node: CampaignNode, cidr: str) -> list[Device]:
    """Machines at the node and at those above it that no unit is known for, with an address in the range."""
    above = [node.path[:end] for end in range(SEGMENT, len(node.path) + 1, SEGMENT)]
    rows = Device.rows.filter(campaign=node.campaign_id, is_assigned=False, owner__path__in=above)
    rows = rows.exclude(refusals__node=node).select_related("owner")
    own = ipaddress.ip_network(cidr)
    return [device for device in rows.iterator(chunk_size=2000) if is_in(device.key, own)]


def address_of(device: Device) -> str:
    """The address behind which nobody knows a machine."""
    return device.id_value.partition(" ")[2] or device.key


def text_of(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> str:
    """The beginning that the texts of all its addresses share, at least."""
    whole = str(network.network_address)
    if network.version == 4:
        octets = whole.split(".")[: network.prefixlen // 8]
        return ".".join(octets) + "." * (0 < len(octets) < 4)
    return whole.partition(":")[0] + ":" if network.prefixlen >= 16 else ""


def is_in(key: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    """Whether a machine's key is an address in the network."""
    try:
        return ipaddress.ip_address(key) in network
    except ValueError:
        return False


def is_public(key: str) -> bool:
    """Whether a machine's key is an address that its provider, and no office alone, can tell the user of."""
    try:
        address = ipaddress.ip_address(key)
    except ValueError:
        return False
    return not is_inside(address)


class Named(Protocol):
    """What names a machine: the reporter, its name for the machine, what else it tells of it, and when."""

    @property
    def node_id(self) -> UUID: ...
    @property
    def device(self) -> str: ...
    @property
    def identity(self) -> dict[str, str]: ...
    @property
    def last_seen(self) -> datetime | None: ...


class Row(Named, Protocol):
    """A row of evidence: where it was told, and by which name."""

    @property
    def pk(self) -> int: ...
    @property
    def node(self) -> CampaignNode: ...
    @property
    def called(self) -> str: ...


def owner_of(owners: Owners, name: str, sighting: Named) -> UUID | None:
    """The node whose range holds the address on the day of a sign."""
    # A local day takes longer than the look-up.
    return owners.of(name, day_of(sighting) if owners.is_dated else date.max)


def had_then(
    devices: Iterable[Device], owners: Owners, name: str, then: UUID | None, day: date
) -> Device | None:
    """Of the machines that a reporter calls by one address, that of the day of a sign: units may have an
    address one after the other. `then` is the unit whose range holds it on that day. The word of a person
    whose machine it is counts on any day. None where the unit of that day has no machine there yet."""
    some = sorted(devices, key=lambda one: one.pk)
    own = [one for one in some if one.owner_id == then]
    still = [
        one for one in some
        if then is None or one.is_owner_said or not owners.has_lost(name, one.owner_id, day)
    ]  # fmt: skip
    return next(iter((*own, *still)), None)


def day_of(sighting: Named) -> date:
    """The local day of a sign; today where its line has no time."""
    return timezone.localdate(sighting.last_seen) if sighting.last_seen else timezone.localdate()
