"""On which days an address was that of a machine that is known by its card or name.

Such a machine has its addresses in turn with others. A log that sees the address on another day sees another
machine, and is no sign that this one is switched on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import batched, zip_longest
from typing import Any
from uuid import UUID

from django.db.models import Value

from quetsach.machines.identity.scopes import related as are_related
from quetsach.portal.cases.models import Device
from quetsach.portal.machines.models import StoredBinding
from quetsach.text.canonical import address

_MOST_DAYS = 400
"""Days of one entry of a register or a lease without an end that are looked at."""
_AT_ONCE = 400


@dataclass
class Lent:
    """The addresses of one machine. `days` are those on which each was its own, by a table of the office."""

    addresses: frozenset[str] = frozenset()
    days: dict[str, set[date]] = field(default_factory=dict)

    def others(self, day: date) -> frozenset[str]:
        """The addresses that were not surely the machine's on a UTC day: without a table another machine may
        have had them, as easily as this one."""
        return frozenset(one for one in self.addresses if day not in self.days.get(one, ()))


type Leased = dict[UUID, Lent]


def leased_days(
    devices: Mapping[UUID, Device], names: Mapping[UUID, Mapping[UUID, set[str]]], since: datetime | None
) -> Leased:
    """By machine; machines that are known only by an address are left out: it is their name."""
    known = {pk: device for pk, device in devices.items() if device.id_kind not in Device.BY_ADDRESS}
    found: Leased = {}
    by_key: dict[tuple[str, str], set[UUID]] = defaultdict(set)
    for pk, device in known.items():
        addresses = {key for keys in names.get(pk, {}).values() for key in keys if address(key)}
        if not addresses:
            continue
        found[pk] = Lent(frozenset(addresses))
        by_key[device.id_kind, device.id_value.rpartition(" ")[2]].add(pk)
        if card := device.identity.get("mac"):
            by_key["mac", card].add(pk)
    if not found:
        return found
    earliest = _micro(since) if since else 0
    stored = StoredBinding.rows.filter(is_gone=False).exclude(kind="nat").order_by()
    leases: list[Any] = []
    holders: dict[str, list[UUID]] = defaultdict(list)
    for pk, lent in found.items():
        for one in lent.addresses:
            holders[one].append(pk)
    parts = batched(sorted(holders), _AT_ONCE), batched(sorted(by_key), _AT_ONCE)
    for some, keys in zip_longest(*parts, fillvalue=()):
        # All tables about the addresses; and the rows of all tables about the machines.
        tables = stored.filter(address__in=some).values_list(
            Value(""), Value(""), "address", Value(0), Value(0), "unit__path"
        )
        rows = stored.filter(
            key_kind__in={kind for kind, _ in keys}, key_value__in={value for _, value in keys},
            end__gt=earliest,
        ).values_list("key_kind", "key_value", "address", "begin", "end", Value(""))  # fmt: skip
        for kind, value, where, begin, end, path in tables.distinct().union(rows, all=True):
            if not path:
                leases.append((kind, value, where, begin, end))
                continue
            for pk in holders[where]:
                if are_related(path, known[pk].owner.path):
                    found[pk].days.setdefault(where, set())
    for kind, value, where, begin, end in leases:
        for pk in by_key.get((kind, value), ()):
            if where in found[pk].days:
                found[pk].days[where] |= _days(max(begin, earliest), end)
    return found


@lru_cache(maxsize=4096)
def _days(begin: int, end: int) -> frozenset[date]:
    first = _date(begin)
    last = min(_date(end), first + timedelta(days=_MOST_DAYS))
    return frozenset(first + timedelta(days=n) for n in range((last - first).days + 1))


def _date(micro: int) -> date:
    return datetime.fromtimestamp(min(micro, 253_402_300_799_000_000) / 1_000_000, UTC).date()


def _micro(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000
