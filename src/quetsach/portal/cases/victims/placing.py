"""Which machine a report of others means, by the tables of its address at that second."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from quetsach.machines.evidence import Sign
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases.machine_actions import OwnersOf, machines_of
from quetsach.portal.cases.models import Device, VictimReport
from quetsach.portal.cases.parts import Part, part_of
from quetsach.portal.cases.telling import Tellers
from quetsach.portal.kit.micros import micros
from quetsach.portal.machines.models import StoredBinding
from quetsach.portal.machines.placing import place

_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class Told:
    """A report in the form in which machines are made for rows of evidence."""

    pk: int
    node: CampaignNode
    called: str
    last_seen: datetime
    host: str

    device = ""
    """An address that many machines may share is the name of none of them."""

    @property
    def node_id(self) -> UUID:
        return self.node.pk

    @property
    def identity(self) -> dict[str, str]:
        return {"host": self.host} if self.host else {}


class Placed(NamedTuple):
    """`devices` of reports of which a table tells the machine, by the report's id, and why; `bound` are the
    addresses of which some table tells something."""

    devices: dict[int, tuple[Device, str]]
    bound: set[str]


def placed_reports(
    campaign: Campaign,
    node: CampaignNode,
    addresses: Collection[str],
    owners: OwnersOf,
    holder: UUID | None = None,
) -> Placed:
    """The machines of the waiting reports of these addresses. A report that tells only the day is left to its
    address. `node` has its `unit`."""
    bound, translated = bound_addresses(addresses)
    found: dict[int, tuple[Device, str]] = {}
    for those in batched(sorted(bound), _AT_ONCE):
        waiting = waiting_of(node.pk, holder).filter(is_day=False, address__in=those)
        for reports in batched(waiting.order_by("pk").iterator(chunk_size=_AT_ONCE), _AT_ONCE):
            found |= _placed(campaign, node, reports, translated, owners)
    return Placed(found, bound)


def waiting_of(node: UUID, holder: UUID | None) -> QuerySet[VictimReport]:
    """The waiting reports of a node: all, or those of addresses that one unit held."""
    waiting = VictimReport.rows.filter(is_waiting=True, node=node)
    return waiting if holder is None else waiting.filter(owner=holder)


def bound_addresses(addresses: Collection[str]) -> tuple[set[str], set[str]]:
    """Those of these addresses of which some table tells something, and those that a translation tells."""
    bound: set[str] = set()
    translated: set[str] = set()
    rows = StoredBinding.rows.filter(address__among=addresses, is_gone=False).order_by()
    for address, kind in rows.values_list("address", "kind").distinct():
        bound.add(address)
        if kind == "nat":
            translated.add(address)
    return bound, translated


def _placed(
    campaign: Campaign,
    node: CampaignNode,
    reports: Iterable[VictimReport],
    translated: Collection[str],
    owners: OwnersOf,
) -> dict[int, tuple[Device, str]]:
    known = known_parts(node, reports, translated, owners)
    parts = {row.pk: [part] for row, part in known}
    devices = machines_of(campaign, [row for row, _part in known], parts, owners)
    return {row.pk: (devices[row.pk, part.id], part.why) for row, part in known}


def known_parts(
    node: CampaignNode, reports: Iterable[VictimReport], translated: Collection[str], owners: OwnersOf
) -> list[tuple[Told, Part]]:
    """The machine of each report of which a table tells it; nothing is written. `node` has its `unit`."""
    rows: list[Told] = []
    signs: list[Sign] = []
    for one in reports:
        rows.append(Told(one.pk, node, one.address, one.last_seen, one.host))
        first, last = _micro(one.first_seen), _micro(one.last_seen)
        port = one.port or 0 if one.address in translated else 0
        signs.append(
            Sign(one.address, (), first, last, one.publisher, node.unit.path, one.protocol.lower(), port)
        )
    placed = place(signs, Tellers(node.pk, owners))
    known: list[tuple[Told, Part]] = []
    for row, (one_place, around), sign in zip(rows, placed, signs, strict=True):
        part = part_of(row, one_place, sign, around)
        if part.is_known:
            known.append((row, part))
    return known


def _micro(at: datetime) -> int:
    return max(0, micros(at))
