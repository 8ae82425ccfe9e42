"""Hardware addresses in lines. A router writes its own into the lines of all machines behind it.

A card in a line identifies a machine while the reporter's signs show it at a single IPv4 address. At several
addresses it identifies only where the office itself tells of it: by a lease or neighbour table that gives the
card this address, or by a claim that names the card beside another key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import batched
from uuid import UUID

from quetsach.machines.identity.scopes import related as are_related
from quetsach.portal.cases.models import CaseSighting
from quetsach.portal.machines.models import StoredBinding, StoredLink
from quetsach.portal.sightings.models import Sighting
from quetsach.portal.sightings.storing_actions import mark_waiting

BY_LINE = "named in the line"
"""The reason of `quetsach.machines.identity.locating` for a machine that the line itself names."""
_KINDS = ("mac", "randommac")
_AT_ONCE = 400


def of_routers(rows: Sequence[Sighting]) -> set[int]:
    """The ids of rows whose card may be a router's. Each row's `node.unit` is at hand."""
    with_card = [row for row in rows if row.card is not None]
    several = _at_several_addresses(with_card)
    doubted = [row for row in with_card if (row.node_id, row.card) in several]
    if not doubted:
        return set()
    cards = sorted({str(row.card) for row in doubted})
    scopes: dict[tuple[str, str], set[str]] = defaultdict(set)
    for some in batched(cards, _AT_ONCE):
        bound = StoredBinding.rows.filter(key_kind__in=_KINDS, key_value__in=some, is_gone=False)
        for card, address, path in bound.values_list("key_value", "address", "unit__path").distinct():
            scopes[card, address].add(path)
        links = StoredLink.rows.filter(kind__in=_KINDS, value__in=some, claim__is_gone=False)
        for card, names, path in links.values_list("value", "claim__keys", "claim__unit__path"):
            if len(names) > 1:
                scopes[card, ""].add(path)
    return {
        row.pk
        for row in doubted
        if not any(
            are_related(row.node.unit.path, path)
            for address in (row.device, "")
            for path in scopes.get((str(row.card), address), ())
        )
    }


def place_again(rows: Sequence[Sighting]) -> int:
    """Make earlier signs wait that were placed by a card which new rows show at another address, too.

    `rows` are those that no case held before; else two rows could make each other wait without end.
    """
    several = _at_several_addresses([row for row in rows if row.card is not None])
    waiting = 0
    for node, card in sorted(several, key=str):
        by_line = CaseSighting.rows.filter(sighting__node=node, sighting__card=card, why=BY_LINE)
        those = Sighting.rows.filter(node=node, card=card, is_pulled=True, pk__in=by_line.values("sighting"))
        waiting += mark_waiting(those.exclude(pk__in=[row.pk for row in rows]))
    return waiting


def _at_several_addresses(rows: Sequence[Sighting]) -> set[tuple[UUID, str]]:
    """The cards, with their reporters, that listed signs show at more than one IPv4 address."""
    found: dict[tuple[UUID, str], set[str]] = defaultdict(set)
    nodes = {row.node_id for row in rows}
    for some in batched(sorted({str(row.card) for row in rows}), _AT_ONCE):
        signs = Sighting.rows.filter(node__in=nodes, card__in=some, is_listed=True).order_by()
        for node, card, device in signs.values_list("node", "card", "device").distinct():
            if card is not None and device and ":" not in device:
                found[node, card].add(device)
    return {pair for pair, addresses in found.items() if len(addresses) > 1}
