"""The machine behind a sign: the address at that second, and the keys that the line itself names.

Only where the evidence leaves a single machine does a sign get it. Else the sign is UNLOCATED, and all
machines that it may be are named.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from quetsach.machines.evidence import Binding, Key, Sign
from quetsach.machines.identity.clocks import Difference, Pair
from quetsach.machines.identity.devices import Devices
from quetsach.machines.identity.doubts import HOUR, ROUTER
from quetsach.machines.identity.forwarders import Forwarders
from quetsach.machines.identity.keys import (
    NAMES,
    STRENGTH,
    is_private,
    is_temporary,
    mac_within,
    node,
    prefix_64,
    within,
)
from quetsach.machines.identity.scopes import related
from quetsach.machines.identity.tables import KeptNetwork, Span, Spans, Tables, place_of

LOCATED, INFERRED, WEAK, SHARED, UNLOCATED = "located", "inferred", "weak", "shared", "unlocated"
HANDOVER = 120_000_000
"""Two clocks may differ by so much: within it of a handover nobody picks a machine."""
_CLOCKS = 600_000_000
"""A tenth of sources have a clock that is wrong by minutes, at most so many."""
DAY = 24 * HOUR
_AROUND = DAY
"""Two leases of one machine with so much between them at most speak for the time between."""
_TEMPORARY = 7 * DAY
"""The valid lifetime of a temporary address (RFC 8981, 3.8)."""
_LATEST = 50
"""Leases of a device before a time that are looked at: none lasts longer than so many others."""


class Place(NamedTuple):
    """Where a sign came from.

    located: the machine. inferred: the only machine that the evidence around it leaves; marked as such.
    weak: nothing is known, one machine for each address and day. shared: an address of many machines, at
    least one. unlocated: `candidates` are all machines that it may be. `device` is the id of the machine, or
    names the address (and day) where there is none. `why` is an English word for the rule that decided.
    """

    status: str
    device: Key
    candidates: tuple[Key, ...]
    why: str
    scope: str


class Locator:
    """Places signs by the bindings of their addresses; the keys of bindings lead to `devices`.

    `forwarders` are the words of people on resolvers, proxies and gateways. `shared` are addresses as text
    that many machines share, of one office with its scope and a space before them. `clocks` are the
    differences of `quetsach.machines.identity.clocks`. With `may_differ` the clocks of two sources without a
    measured difference may lie ten minutes apart: machines that had one port so near in time are all named.
    `kept` are networks of which offices keep tables, where `bindings` are only those of some addresses.
    """

    def __init__(
        self,
        bindings: Iterable[Binding],
        devices: Devices,
        forwarders: Forwarders | None = None,
        shared: Collection[str] = (),
        clocks: Mapping[Pair, Difference] | None = None,
        kept: Iterable[KeptNetwork] = (),
        *,
        may_differ: bool = False,
    ) -> None:
        self._devices = devices
        self._tables = Tables(bindings, kept)
        self._forwarders, self._shared = forwarders, frozenset(shared)
        self._holders: dict[tuple[Key, str, int | None], tuple[Key, ...]] = {}
        self._clocks = clocks or {}
        self._may_differ = may_differ
        self._doubtful: dict[tuple[Key, str], bool] = {}
        self._days: dict[tuple[str, str, int], tuple[Key, ...]] = {}
        self._leases: dict[Key, list[tuple[int, int, str]]] | None = None

    def place(self, sign: Sign) -> Place:
        """The machine behind a sign; its address is "" where the line names a machine without one."""
        if self._forwarders is not None and self._forwarders.asks_for_others(sign):
            return self._behind_forwarder(sign)
        if own := self._by_own_keys(sign):
            return own
        if not sign.address:
            return self._by_name(sign)
        is_translated = self._tables.is_translated(sign.address)
        if is_translated and (opened := self._by_port(sign)):
            return opened
        if is_translated or (self._shared and _is_in(self._shared, sign)):
            named = self._behind(sign) if is_translated else self._named(sign)
            return Place(SHARED, _address(sign), named, "shared", sign.scope)
        if found := self._by_network(sign):
            return found
        if hosts := _hosts(sign):
            return Place(LOCATED, within(hosts[0], sign.scope), (), "name in the line", sign.scope)
        if ":" not in sign.address and not is_private(sign.address):
            return Place(SHARED, _address(sign), (), "public address", sign.scope)
        return Place(WEAK, _day(sign), (), "no table", sign.scope)

    def contradicted(self) -> list[Binding]:
        """Entries of registers whose address a lease or neighbour table gives to another machine."""
        return sorted(entry for entry in self._tables.registers() if self._rivals(entry))

    # --- what the line says ---

    def _behind_forwarder(self, sign: Sign) -> Place:
        """The machine for which a resolver, proxy or gateway asked. A card in the line is the forwarder's; a
        host name may be as well: it counts only where tables name the forwarder, and it is another."""
        agents = tuple(key for key in sign.keys if key.kind == "agent")
        if agents and (own := self._by_own_keys(sign._replace(address="", keys=agents))):
            return own
        if self._tables.is_translated(sign.address) and (opened := self._by_port(sign)):
            return opened
        table = self._by_network(sign._replace(keys=()))
        known = {table.device} if table is not None and table.status in (LOCATED, INFERRED) else set()
        named = {one for host in _hosts(sign) for one in self._of(host, sign.scope, sign.first)} - known
        if known and len(named) == 1:
            return Place(LOCATED, named.pop(), (), "name in the line", sign.scope)
        return _unlocated(sign, named, "forwarder")

    def _by_name(self, sign: Sign) -> Place:
        """A line that names a machine and no address."""
        if hosts := _hosts(sign):
            return Place(LOCATED, within(hosts[0], sign.scope), (), "name in the line", sign.scope)
        return Place(WEAK, _day(sign), (), "no table", sign.scope)

    def _by_own_keys(self, sign: Sign) -> Place | None:
        if not sign.keys and ":" not in sign.address:
            return None
        why = "named in the line"
        keys = [key for key in sign.keys if key.kind in STRENGTH and key.kind not in ("host", "user")]
        if not keys:
            inner = mac_within(sign.address) if ":" in sign.address else None
            if inner is None:
                return None
            keys, why = [inner], "within the address"
        found: set[Key] = set()
        doubtful = []
        for key in keys:
            if self._devices.is_doubtful(key, sign.scope):
                doubtful.append(key)
            else:
                found.update(self._of(key, sign.scope, sign.first))
        if len(found) == 1:
            return Place(LOCATED, found.pop(), (), why, sign.scope)
        if found:
            return _unlocated(sign, found, "two machines in one line")
        for key in doubtful:
            if place := self._by_doubtful(sign, key, _hosts(sign), sign.first):
                return place
        return None

    def _of(self, key: Key, scope: str, at: int | None) -> tuple[Key, ...]:
        """The devices of a key; a key that no claim names is a device by itself."""
        asked = key, scope, at if key.kind in NAMES else None
        found = self._holders.get(asked)
        if found is None:
            found = self._devices.holders(key, scope, asked[2]) or (node(key, scope),)
            self._holders[asked] = found
        return found

    def _is_doubtful(self, key: Key, scope: str) -> bool:
        asked = key, scope
        found = self._doubtful.get(asked)
        if found is None:
            found = self._doubtful[asked] = self._devices.is_doubtful(key, scope)
        return found

    def _by_doubtful(self, sign: Sign, key: Key, hosts: list[Key], at: int) -> Place | None:
        """A dock, a clone or a virtual machine: the name decides. A router is no machine."""
        devices = self._devices
        why = devices.doubts[key].why if key in devices.doubts else "shared by make"
        if why == ROUTER:
            return None
        names = hosts or [
            told.name
            for told in devices.told.get(key, ())
            if told.begin <= at < told.end and related(told.scope, sign.scope)
        ]
        if found := {devices.named(name, sign.scope, at) for name in names}:
            if len(found) == 1:
                return Place(LOCATED, found.pop(), (), "name of the lease", sign.scope)
            return _unlocated(sign, found, "two names")
        behind = devices.holders(key, sign.scope)
        if len(behind) == 1:
            status = LOCATED if behind[0] == within(key, sign.scope) else INFERRED
            return Place(status, behind[0], (), why, sign.scope)
        return _unlocated(sign, behind, why) if behind else None

    # --- what tables say ---

    def _by_port(self, sign: Sign) -> Place | None:
        """A translated address, opened by protocol, port and second."""
        found: set[Key] = set()
        statuses = set()
        is_covered = False
        for one in self._tables.translations(sign.address, sign.protocol, sign.port):
            measured = self._clocks.get(Pair(sign.scope, sign.source, one.scope, one.source))
            at = sign.first + (measured.add if measured else 0)
            near = _CLOCKS if self._may_differ and measured is None else HANDOVER
            if one.begin - near <= at <= one.end + near:
                is_covered |= one.begin <= at <= one.end
                status, devices = self._inner(sign, one)
                found.update(devices)
                statuses.add(status)
        if not is_covered:
            return None
        if len(found) > 1:
            return _unlocated(sign, found, "translation")
        status = next(one for one in (WEAK, UNLOCATED, INFERRED, LOCATED) if one in statuses)
        if status == UNLOCATED:
            return _unlocated(sign, found, "translation")
        return Place(status, found.pop(), (), "translation", sign.scope)

    def _inner(self, sign: Sign, one: Binding) -> tuple[str, tuple[Key, ...]]:
        """How sure the machine behind a translation is, and all that it may be."""
        if one.key.kind != "address":
            return LOCATED, self._of(one.key, one.scope, sign.first)
        inner = sign._replace(address=one.key.value, keys=(), scope=one.scope)
        place = self._by_network(inner)
        return (place.status, place.candidates or (place.device,)) if place else (WEAK, (_day(inner),))

    def _behind(self, sign: Sign) -> tuple[Key, ...]:
        """The machines that used a shared address on that day."""
        day = sign.first // DAY
        asked = sign.address, "", day
        found = self._days.get(asked)
        if found is None:
            keys: set[Key] = set()
            for one in self._tables.behind(sign.address, day * DAY, (day + 1) * DAY):
                keys.update(self._inner(sign._replace(first=one.begin, last=one.begin), one)[1])
            found = self._days[asked] = tuple(sorted(keys))
        return found

    def _named(self, sign: Sign) -> tuple[Key, ...]:
        """The machines that tables name for a shared address at that second: there may be others."""
        place = self._by_network(sign)
        if place is None:
            return ()
        return place.candidates or ((place.device,) if place.status in (LOCATED, INFERRED) else ())

    def _by_network(self, sign: Sign) -> Place | None:
        """A lease or neighbour entry, else the register, else what lies around that time."""
        tables, is_tie = self._tables.network(sign.address, sign.scope)
        if is_tie:
            return self._tie(sign, tables)
        covering: list[Span] = []
        for table in tables:
            covering += table.touching(sign.first - HANDOVER, sign.first + HANDOVER)
        if covering:
            if sign.last > sign.first:
                covering += [span for table in tables for span in table.touching(sign.first, sign.last)]
            if found := self._one_of(sign, covering):
                return found
        if entries := self._tables.register(sign.address, sign.scope, sign.first):
            return self._by_register(sign, entries)
        if around := self._around(sign, tables) if tables else None:
            return around
        return self._by_prefix(sign) if ":" in sign.address else None

    def _by_prefix(self, sign: Sign) -> Place | None:
        """An IPv6 address that no table tells: the machines with other addresses of its /64 on that day."""
        day = sign.first // DAY
        asked = prefix_64(sign.address), sign.scope, day
        found = self._days.get(asked)
        if found is None:
            keys = self._tables.prefix(sign.address, sign.scope, day * DAY, (day + 1) * DAY)
            devices = {device for key, scope in keys for device in self._of(key, scope, sign.first)}
            found = self._days[asked] = tuple(sorted(devices))
        return _unlocated(sign, found, "same network") if found else None

    def _tie(self, sign: Sign, tables: list[Spans]) -> Place:
        """Several offices use this network: all machines that had the address at the time are named."""
        found: set[Key] = set()
        for table in tables:
            for span in table.touching(sign.first - HANDOVER, sign.first + HANDOVER):
                found.update(self._of(span.key, span.scope, sign.first))
        return _unlocated(sign, found, "several offices")

    def _one_of(self, sign: Sign, covering: list[Span]) -> Place | None:
        """The machine of the entries that cover a second: one, or all of them named."""
        if len(covering) == 1 and not self._is_doubtful(covering[0].key, covering[0].scope):
            (span,) = covering
            found = self._of(span.key, span.scope, sign.first)
            if len(found) == 1:
                return Place(LOCATED, found[0], (), span.kind, sign.scope)
        devices: set[Key] = set()
        told: set[Place] = set()
        for span in {(span.key, span.scope): span for span in covering}.values():
            if not self._is_doubtful(span.key, span.scope):
                devices.update(self._of(span.key, span.scope, sign.first))
            elif place := self._behind_span(sign, span, _hosts(sign)):
                told.add(place)
        if not devices and len(told) == 1:
            return told.pop()
        for place in told:
            devices.update(place.candidates or (place.device,))
        if len(devices) > 1:
            return _unlocated(sign, devices, "two at once")
        return Place(LOCATED, devices.pop(), (), covering[0].kind, sign.scope) if devices else None

    def _behind_span(self, sign: Sign, span: Span, hosts: list[Key]) -> Place | None:
        """The machine that used a doubtful key in this lease; names are those of the lease's own unit."""
        place = self._by_doubtful(sign._replace(scope=span.scope), span.key, hosts, span.begin)
        return place._replace(scope=sign.scope) if place else None

    def _by_register(self, sign: Sign, entries: list[Binding]) -> Place:
        found: set[Key] = set()
        rivals: set[Key] = set()
        for entry in entries:
            found.update(self._of(entry.key, entry.scope, sign.first))
            rivals |= self._rivals(entry)
        if rivals - found:
            return _unlocated(sign, found | rivals, "register contradicted")
        if len(found) > 1:
            return _unlocated(sign, found, "two in the register")
        return Place(LOCATED, found.pop(), (), "register", sign.scope)

    def _rivals(self, entry: Binding) -> set[Key]:
        """Other machines that had a fixed address while the register gave it to one."""
        found: set[Key] = set()
        tables, _ = self._tables.network(entry.address, entry.scope)
        for table in tables:
            for key, where in {(span.key, span.scope) for span in table.touching(entry.begin, entry.end)}:
                found.update(self._of(key, where, None))
        return found - set(self._of(entry.key, entry.scope, None))

    def _around(self, sign: Sign, tables: list[Spans]) -> Place | None:
        """No entry covers the second: the machine that had the address before and after, else all near."""
        is_own = is_temporary(sign.address)
        reach = _TEMPORARY if is_own else _AROUND
        near = [span for table in tables for span in table.touching(sign.first - reach, sign.first + reach)]
        before = [span for span in near if span.end <= sign.first]
        after = [span for span in near if span.begin > sign.first]
        sides = [max(before, key=lambda span: span.end)] if before else []
        sides += [min(after, key=lambda span: span.begin)] if after else []
        devices: set[Key] = set()
        for span in near if is_own else sides:
            if not self._is_doubtful(span.key, span.scope):
                devices.update(self._of(span.key, span.scope, sign.first))
            elif place := self._behind_span(sign, span, []):
                devices.update(place.candidates or (place.device,))
        if len(devices) == 1:
            (only,) = devices
            if is_own:
                return Place(INFERRED, only, (), "temporary address", sign.scope)
            if len(sides) == 2 and not self._was_elsewhere(only, sign):
                return Place(INFERRED, only, (), "between its leases", sign.scope)
        return _unlocated(sign, devices, "no lease covers it") if devices else None

    def _was_elsewhere(self, device: Key, sign: Sign) -> bool:
        """Whether a lease of another address covers the second for the same device."""
        if self._leases is None:
            self._leases = {}
            for address, span in self._tables.spans():
                for one in self._of(span.key, span.scope, None):
                    self._leases.setdefault(one, []).append((span.begin, span.end, address))
            for some in self._leases.values():
                some.sort()
        leases = self._leases.get(device, [])
        last = bisect_left(leases, (sign.first + 1, 0, ""))
        return any(
            end > sign.first and address != sign.address and (":" in address) == (":" in sign.address)
            for _, end, address in leases[max(0, last - _LATEST) : last]
        )


def _hosts(sign: Sign) -> list[Key]:
    return [key for key in sign.keys if key.kind == "host"]


def _is_in(addresses: frozenset[str], sign: Sign) -> bool:
    return sign.address in addresses or f"{sign.scope} {sign.address}" in addresses


def _address(sign: Sign) -> Key:
    return within(Key("shared", sign.address), place_of(sign.address, sign.scope))


def _day(sign: Sign) -> Key:
    """The address, or the /64 of an IPv6 address, on a day in UTC."""
    day = datetime.fromtimestamp(sign.first // 1_000_000, UTC).date().isoformat()
    address = prefix_64(sign.address) if ":" in sign.address else sign.address
    return within(Key("addressday", f"{address} {day}"), sign.scope)


def _unlocated(sign: Sign, candidates: Iterable[Key], why: str) -> Place:
    order = sorted(set(candidates), key=lambda key: (STRENGTH.get(key.kind, len(STRENGTH)), key))
    return Place(UNLOCATED, _day(sign), tuple(order), why, sign.scope)
