"""Binds rows to the machines that had their addresses: each run to the lease in force at its first time.

The rules stand in docs/contract.md 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from quetsach.sightings.runs import Span, joined, of_day, time
from quetsach.sightings.sighting import ACTIONS, Bypass, Sighting
from quetsach.text.escape import escape

if TYPE_CHECKING:
    from quetsach.machines.leases.leaseformat import Event
    from quetsach.machines.leases.naming import Leases


def bound(sightings: Iterable[Sighting], leases: Leases) -> Iterator[Sighting]:
    """The sightings, sorted by key as they came; `leases.named` counts those that a lease named."""
    for (_, _, device), group in groupby(sightings, lambda row: (row.source, row.indicator, row.device)):
        if device is None:
            yield from group
            continue
        rows = list(group)
        spellings = {row.who.lower(): row.who for row in rows if row.who.startswith("mac:")}
        found: dict[tuple[str, str], Sighting] = {}
        named = set()
        for row in sorted(rows, key=lambda row: not row.who.startswith("mac:")):
            for part, is_named in _parts(row, device, leases, spellings):
                key = (part.who, part.day or "")
                found[key] = _merged(found[key], part) if key in found else part
                if is_named:
                    named.add(key)
        leases.named += len(named)
        yield from (found[key] for key in sorted(found))


def bound_bypasses(bypasses: Iterable[Bypass], leases: Leases) -> Iterator[Bypass]:
    """Ways around, by the same rules."""
    named = leases.named
    yield from map(_back, bound(map(_as_sighting, bypasses), leases))
    leases.named = named


def _as_sighting(row: Bypass) -> Sighting:
    """A sighting of the provider; it has words, as a row that keeps those of its first line."""
    fields = row._asdict() | {"indicator": f"{row.provider}\0{row.kind}", "family": "", "evidence": "."}
    return Sighting(**{name: fields[name] for name in Sighting._fields})


def _back(row: Sighting) -> Bypass:
    provider, _, kind = row.indicator.partition("\0")
    fields = row._asdict() | {"provider": provider, "kind": kind}
    return Bypass(**{name: fields[name] for name in Bypass._fields})


def _parts(
    row: Sighting, device: str, leases: Leases, spellings: dict[str, str]
) -> Iterator[tuple[Sighting, bool]]:
    """The rows that a row becomes, and whether a lease named them."""
    if row.day is None:
        yield row, False
        return
    midnight = int(datetime.fromisoformat(row.day + "T00:00:00Z").timestamp()) * 1_000_000
    held = [leases.find(device, midnight + first) for first, _, _ in row.runs]
    macs = {lease and lease.mac for lease in held}
    if row.who:
        # The line names its machine: a lease only adds what the line leaves open.
        lease = held[0] if row.who.startswith("mac:") or len(macs) == 1 else None
        own = row.identity.get("mac")
        if lease is None or (own and own.lower() != lease.mac):
            yield row, False
        else:
            named = _named(row, lease)
            yield named, named is not row
        return
    if macs == {None}:
        yield row, False
        return
    for mac in sorted(macs, key=lambda mac: mac or ""):
        its = [number for number, lease in enumerate(held) if (lease and lease.mac) == mac]
        runs = [row.runs[number] for number in its]
        part = row._replace(
            runs=runs,
            count=sum(count for _, _, count in runs),
            first_seen=time(row.day, runs[0][0]),
            last_seen=time(row.day, runs[-1][1]),
        )
        if its[0] > 0:
            # The words of a row are those of its first line, which another machine wrote.
            part = part._replace(evidence="", identity={})
        if mac is not None:
            part = _named(part, held[its[0]])._replace(who=spellings.get(f"mac:{mac}", f"mac:{mac}"))
        yield part, mac is not None


def _named(row: Sighting, lease: Event | None) -> Sighting:
    if lease is None or lease.mac is None:
        return row
    host = escape(lease.host.encode("utf-8", "surrogateescape"))
    said = {"host": host, "mac": lease.mac}
    added = {key: value for key, value in said.items() if value and key not in row.identity}
    return row._replace(identity={**row.identity, **added}) if added else row


def _merged(one: Sighting, other: Sighting) -> Sighting:
    """Two rows of one machine and day as one row. The words are those of the earlier row that has words."""
    runs = of_day(joined(Span(*run) for row in (one, other) for run in row.runs))
    day = one.day or ""
    first = min(one, other, key=lambda row: (not row.evidence, row.first_seen or ""))
    return first._replace(
        count=one.count + other.count,
        runs=runs,
        first_seen=time(day, runs[0][0]),
        last_seen=time(day, runs[-1][1]),
        action=min(one.action, other.action, key=ACTIONS.index),
    )
