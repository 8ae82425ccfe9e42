"""Leases as bindings and claims.

Each renewal of a lease is a binding of its own, from that second to its end. So where a later file knows an
earlier end of the same renewal, the two bindings have the same beginning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from quetsach.machines import keys
from quetsach.machines.evidence import Binding, Claim, Key
from quetsach.machines.leases.history import holders
from quetsach.machines.leases.leaseformat import Event
from quetsach.machines.leases.naming import LONGEST
from quetsach.machines.sources import document
from quetsach.machines.sources.outcome import SECOND, Asked

_DAY = 86_400 * SECOND


def told(events: Iterable[Event], asked: Asked) -> Iterator[Binding | Claim]:
    """The bindings and claims of one table of leases, by address and time."""
    by_address: dict[str, list[Event]] = {}
    for event in events:
        by_address.setdefault(event.address, []).append(event)
    claims: dict[tuple[Key, ...], list[tuple[int, int]]] = {}
    for address in sorted(by_address):
        row = holders(by_address[address])
        for number, lease in enumerate(row):
            names = _keys(lease)
            if lease.mac is None or not names:
                continue
            end = lease.at + LONGEST if lease.until is None else lease.until
            if number + 1 < len(row):
                end = min(end, row[number + 1].at)
            end = max(end, lease.at + SECOND)
            if names[0].kind != "host":
                yield Binding(address, names[0], lease.at, end, asked.source, "lease", asked.scope)
            claims.setdefault(names, []).append((lease.at, end))
    for names in sorted(claims):
        for begin, end in _joined(claims[names]):
            yield Claim(names, begin, end, asked.source, asked.scope)


def unusable(event: Event) -> str:
    """Why a lease tells nothing (`words.LEFT`); what gives an address back is no lease."""
    until = event.at if event.until is None else event.until
    return document.unusable(event.address, event.at, until) if event.mac else ""


def news(before: Iterable[Event], new: Iterable[Event], asked: Asked) -> tuple[list[Claim], list[Binding]]:
    """What a table tells since it knows the leases `new`: bindings that are new or end earlier, and claims.

    A renewal that ends on the same UTC day as the last one makes no claim.
    """
    fresh = [event for event in new if not unusable(event)]
    addresses = {event.address for event in fresh}
    known = [event for event in before if event.address in addresses and not unusable(event)]
    earlier = set(told(known, asked))
    ends = {(one.keys, one.begin): one.end for one in earlier if isinstance(one, Claim)}
    claims: list[Claim] = []
    bindings: list[Binding] = []
    for one in told([*known, *fresh], asked):
        if one in earlier:
            continue
        if isinstance(one, Binding):
            if not document.unusable(one.address, one.begin, one.end):
                bindings.append(one)
        elif ends.get((one.keys, one.begin), 0) // _DAY < one.end // _DAY:
            claims.append(one)
    return claims, bindings


def _keys(lease: Event) -> tuple[Key, ...]:
    """The keys that a lease names, the strongest first: hardware address, DUID, the client's own name."""
    found = (keys.mac(lease.mac or ""), keys.duid(lease.duid), keys.host(lease.host))
    named = [key for key in found if key is not None]
    return tuple(sorted(named, key=lambda key: key.kind in ("randommac", "host")))


def _joined(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans that touch become one."""
    begin, end = min(spans)
    for first, last in sorted(spans):
        if first > end:
            yield begin, end
            begin, end = first, last
        end = max(end, last)
    yield begin, end
