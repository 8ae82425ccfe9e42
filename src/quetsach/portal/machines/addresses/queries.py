"""Reads what is known of addresses that ask for others."""

from __future__ import annotations

from collections.abc import Collection
from itertools import batched
from uuid import UUID

from quetsach.machines.evidence import Decision
from quetsach.machines.identity.forwarders import FORWARDER, SINGLE
from quetsach.portal.machines.models import AskedAddress, StoredDecision, StoredLink
from quetsach.portal.machines.queries import decisions_of
from quetsach.portal.units.models import Unit

_AT_ONCE = 400
VERDICTS = (FORWARDER, SINGLE)


def words_on(addresses: Collection[str]) -> list[Decision]:
    """The words of people of any unit on these addresses, with those that took them back."""
    links = StoredLink.rows.filter(kind="forwarder", value__among=addresses)
    found: list[Decision] = []
    for some in batched(set(links.values_list("decision", flat=True)), _AT_ONCE):
        found += decisions_of(StoredDecision.rows.filter(pk__in=some))
    return found


def said_in(unit: Unit) -> list[StoredDecision]:
    """What the unit's people said of addresses, the latest first."""
    rows = StoredDecision.rows.filter(unit=unit, verdict__in=VERDICTS).select_related("by")
    return list(rows.order_by("-at", "-pk")[:200])


def open_in(unit: UUID, addresses: Collection[str] | None = None) -> list[AskedAddress]:
    """The addresses about which the unit's people are asked, by address; only those that are given."""
    rows = AskedAddress.rows.filter(unit=unit, is_open=True)
    if addresses is not None:
        rows = rows.filter(address__in=addresses)
    return list(rows.order_by("address")[:100])
