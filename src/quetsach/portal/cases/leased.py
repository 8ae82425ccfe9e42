"""On which days an address was that of a machine that is known by its card or name.

Such a machine has its addresses in turn with others. A log that sees the address on another day sees another
machine, and is no sign that this one is switched on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import batched
from typing import Any
from uuid import UUID

from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast

from quetsach.machines.identity.scopes import related as are_related
from quetsach.portal.cases.models import Alias, Device
from quetsach.portal.machines.models import StoredBinding
from quetsach.text.canonical import address

_MOST_DAYS = 400
"""Days of one entry of a register or a lease without an end that are looked at."""
_AT_ONCE = 400
_NAME, _TABLE, _LEASE = "name", "table", "lease"
_uuid = lru_cache(maxsize=4096)(UUID)
"""The id of a unit's node, which many machines share."""


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
type Names = dict[UUID, dict[UUID, set[str]]]
"""The names of machines: by machine and reporter."""


def names_and_leases(devices: Mapping[UUID, Device], since: datetime | None) -> tuple[Names, Leased]:
    """The names of machines in logs, and by machine the days on which its addresses were its own; machines
    that are known only by an address are left out of these: it is their name."""
    names: Names = defaultdict(lambda: defaultdict(set))
    leased: Leased = {}
    earliest = _micro(since) if since else 0
    for some in batched(sorted(devices), _AT_ONCE):
        known = {pk: devices[pk] for pk in some if devices[pk].id_kind not in Device.BY_ADDRESS}
        by_key: dict[tuple[str, str], set[UUID]] = defaultdict(set)
        for pk, device in known.items():
            by_key[device.id_kind, device.id_value.rpartition(" ")[2]].add(pk)
            if card := device.identity.get("mac"):
                by_key["mac", card].add(pk)
        tables: list[tuple[str, str]] = []
        leases: list[tuple[str, str, str, int, int]] = []
        holders: dict[str, list[UUID]] = defaultdict(list)
        for what, kind, value, where, begin, end in _rows(some, known, by_key, earliest):
            if what == _TABLE:
                tables.append((where, value))
            elif what == _LEASE:
                leases.append((kind, value, where, begin, end))
            else:
                names[UUID(kind)][_uuid(value)].add(where)
        for pk in known:
            addresses = {key for keys in names.get(pk, {}).values() for key in keys if address(key)}
            if addresses:
                leased[pk] = Lent(frozenset(addresses))
                for one in addresses:
                    holders[one].append(pk)
        for where, path in tables:
            for pk in holders[where]:
                if are_related(path, known[pk].owner.path):
                    leased[pk].days.setdefault(where, set())
        for kind, value, where, begin, end in leases:
            for pk in by_key.get((kind, value), ()):
                if pk in leased and where in leased[pk].days:
                    leased[pk].days[where] |= _days(max(begin, earliest), end)
    return names, leased


def _rows(
    some: Sequence[UUID], known: Collection[UUID], by_key: Collection[tuple[str, str]], earliest: int
) -> QuerySet[Any, Any]:
    """In one query: the names, all tables about the addresses among them, and the rows of all tables about
    the machines."""
    its = Alias.rows.filter(device__id__among=some).order_by()
    found: QuerySet[Any, Any] = its.values_list(
        Value(_NAME), Cast("device", CharField()), Cast("reporter", CharField()), "key", Value(0), Value(0)
    )
    if not known:
        return found
    stored = StoredBinding.rows.filter(is_gone=False).exclude(kind="nat").order_by()
    of_known = Alias.rows.filter(device__id__among=list(known)).values("key")
    tables = stored.filter(address__in=of_known).values_list(
        Value(_TABLE), Value(""), "unit__path", "address", Value(0), Value(0)
    )
    rows = stored.filter(
        key_kind__in={kind for kind, _ in by_key}, key_value__in={value for _, value in by_key},
        end__gt=earliest,
    ).values_list(Value(_LEASE), "key_kind", "key_value", "address", "begin", "end")  # fmt: skip
    return found.union(tables.distinct(), rows, all=True)


@lru_cache(maxsize=4096)
def _days(begin: int, end: int) -> frozenset[date]:
    first = _date(begin)
    last = min(_date(end), first + timedelta(days=_MOST_DAYS))
    return frozenset(first + timedelta(days=n) for n in range((last - first).days + 1))


def _date(micro: int) -> date:
    return datetime.fromtimestamp(min(micro, 253_402_300_799_000_000) / 1_000_000, UTC).date()


def _micro(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000
