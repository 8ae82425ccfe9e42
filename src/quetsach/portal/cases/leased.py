"""On which days an address was that of a machine that is known by its card or name.

Such a machine has its addresses in turn with others. A log that sees the address on another day sees another
machine, and is no sign that this one is switched on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from ipaddress import ip_network
from itertools import batched
from typing import Any
from uuid import UUID

from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Concat

from quetsach.machines.identity.scopes import related as are_related
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.models import Alias, Device
from quetsach.portal.cases.owning import address_of, is_in
from quetsach.portal.machines.models import StoredBinding
from quetsach.portal.units.networks import HELD, Network
from quetsach.text.canonical import address

_MOST_DAYS = 400
"""Days of one entry of a register or a lease without an end that are looked at."""
_AT_ONCE = 400
_NAME, _TABLE, _LEASE, _RANGE = "name", "table", "lease", "range"
_uuid = lru_cache(maxsize=4096)(UUID)
"""The id of a unit's node, which many machines share."""


@dataclass
class Lent:
    """The addresses of one machine. `days` are those on which each was its own, by a table of the office;
    `spans` those of an address that is all that is known of the machine, in which its unit held the range:
    local days, the last not among them."""

    addresses: frozenset[str] = frozenset()
    days: dict[str, set[date]] = field(default_factory=dict)
    spans: Sequence[Span] = ()

    def is_own(self, one: str, day: date) -> bool:
        """Whether the address was the machine's own on the whole of a UTC day, which is two days here."""
        last = day + timedelta(days=1)
        return day in self.days.get(one, ()) or any(
            (begin is None or begin <= day) and (end is None or last < end) for begin, end in self.spans
        )

    def others(self, day: date) -> frozenset[str]:
        """The addresses that were not surely the machine's on a UTC day: without a table another machine may
        have had them, as easily as this one."""
        return frozenset(one for one in self.addresses if not self.is_own(one, day))


type Span = tuple[date | None, date | None]
type Leased = dict[UUID, Lent]
type Names = dict[UUID, dict[UUID, set[str]]]
"""The names of machines: by machine and reporter."""


def names_and_leases(devices: Mapping[UUID, Device], since: datetime | None) -> tuple[Names, Leased]:
    """The names of machines in logs, and by machine the days on which its addresses were its own. An address
    that is all that is known of a machine is always its own, unless the unit held the range for some time."""
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
        ranges: dict[UUID, list[tuple[str, str]]] = defaultdict(list)
        owners = {devices[pk].owner_id for pk in some if pk not in known}
        for what, kind, value, where, begin, end in _rows(some, known, by_key, earliest, owners):
            if what == _TABLE:
                tables.append((where, value))
            elif what == _LEASE:
                leases.append((kind, value, where, begin, end))
            elif what == _RANGE:
                ranges[UUID(kind)].append((where, value))
            else:
                names[UUID(kind)][_uuid(value)].add(where)
        for pk in some:
            if pk not in known and (spans := _held(devices[pk], ranges)):
                leased[pk] = Lent(frozenset({address_of(devices[pk])}), spans=spans)
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


def _held(device: Device, ranges: Mapping[UUID, Iterable[tuple[str, str]]]) -> list[Span]:
    """When the machine's unit held ranges with its address; nothing where that has no limit."""
    own = ranges.get(device.owner_id, ())
    found = [_span(span) for cidr, span in own if is_in(address_of(device), ip_network(cidr))]
    return [] if (None, None) in found else found


def _span(told: str) -> Span:
    begin, _, end = told.partition("/")
    return date.fromisoformat(begin) if begin else None, date.fromisoformat(end) if end else None


def _rows(
    some: Sequence[UUID],
    known: Collection[UUID],
    by_key: Collection[tuple[str, str]],
    earliest: int,
    owners: Collection[UUID],
) -> QuerySet[Any, Any]:
    """In one query: the names, all tables about the addresses among them, the rows of all tables about the
    machines, and the ranges of owners that held some for a time only."""
    its = Alias.rows.filter(device__id__among=some).order_by()
    found: QuerySet[Any, Any] = its.values_list(
        Value(_NAME), Cast("device", CharField()), Cast("reporter", CharField()), "key", Value(0), Value(0)
    )
    if owners:
        found = found.union(_ranges(owners), all=True)
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


def _ranges(owners: Collection[UUID]) -> QuerySet[Any, Any]:
    dated = Network.rows.filter(HELD).exclude(begin=None, end=None).values("unit")
    nodes = CampaignNode.rows.filter(pk__in=owners, unit__in=dated, unit__networks__state=Network.State.HELD)
    begin, end = (
        Coalesce(Cast(f"unit__networks__{one}", CharField()), Value("")) for one in ("begin", "end")
    )
    return nodes.order_by().values_list(
        Value(_RANGE), Cast("pk", CharField()), Concat(begin, Value("/"), end), "unit__networks__cidr",
        Value(0), Value(0),
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _days(begin: int, end: int) -> frozenset[date]:
    first = _date(begin)
    last = min(_date(end), first + timedelta(days=_MOST_DAYS))
    return frozenset(first + timedelta(days=n) for n in range((last - first).days + 1))


def _date(micro: int) -> date:
    return datetime.fromtimestamp(min(micro, 253_402_300_799_000_000) / 1_000_000, UTC).date()


def _micro(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000
