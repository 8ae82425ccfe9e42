"""Places signs in logs by all that offices told: reads the evidence around them, and asks the pure functions.

Only bindings of the addresses and machines in question are read, however many there are; which offices keep
tables of a network stands in `KeptNetwork`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import batched, pairwise
from typing import Protocol

from django.db.models import Q

from quetsach.machines.evidence import IDENTIFYING, Binding, Decision, Key, Sign
from quetsach.machines.identity.components import Evidence, Link, Row, component, links_of
from quetsach.machines.identity.devices import Device, Devices
from quetsach.machines.identity.forwarders import Forwarders
from quetsach.machines.identity.keys import is_private, label, mac_within
from quetsach.machines.identity.locating import Locator, Place
from quetsach.machines.identity.scopes import related as are_related
from quetsach.machines.identity.tables import KeptNetwork as Kept
from quetsach.machines.identity.tables import network_of
from quetsach.portal.machines.addresses.queries import words_on
from quetsach.portal.machines.models import KeptNetwork, StoredBinding, StoredDecision
from quetsach.portal.machines.queries import bindings_of, clocks_of, evidence_for

_DAY = 86_400_000_000
_MOST_HOMES = 10
_ENDS = 50
_CLOCKS = 900_000_000
"""Two clocks may lie so far apart (`quetsach.machines.identity.clocks`)."""
_MOST_TRANSLATIONS = 2_000
"""Translations that are read for a sign without a port: they only name machines that it may be."""


@dataclass
class Known:
    """What is known of the machines behind some signs."""

    devices: Devices
    evidence: Evidence
    _by_id: dict[Key, Device] = field(init=False)
    _names: dict[Key, str] = field(init=False)
    _tables: dict[str, list[Binding]] = field(init=False)

    def __post_init__(self) -> None:
        self._tables = defaultdict(list)
        for one in self.evidence.bindings:
            if one.kind != "nat":
                self._tables[one.address].append(one)
        self._by_id = {device.id: device for device in self.devices.all}
        latest: dict[Key, tuple[int, str]] = {}
        for name, uses in self.devices.called.items():
            for use in uses:
                latest[use.device] = max(latest.get(use.device, (0, "")), (use.last, name))
        self._names = {id: name for id, (_, name) in latest.items()}

    def device(self, id: Key) -> Device | None:
        """What is known of a machine; None where only a line names it."""
        return self._by_id.get(id)

    def name(self, id: Key) -> str:
        """The host name that a machine bore last; "" where none is known."""
        if id.kind in ("host", "domainhost"):
            return id.value.rpartition(" ")[2]
        return self._names.get(id, "")

    def homes(self, id: Key, address: str, at: int) -> tuple[str, ...]:
        """The paths of the units in whose networks a machine was: first those whose table gave it the address
        at that time, then by its leases and neighbour tables that of the time and the others, the latest
        first. Without a lease, the lowest unit of its sources, if these units lie in one line."""
        device = self._by_id.get(id)
        if device is None:
            return ()
        keys = device_keys(device)
        told = {
            one.scope
            for one in self._tables.get(address, ())
            if one.begin <= at < one.end and one.key in keys
        }
        if device.homes:
            then = [home.scope for home in device.homes if home.begin <= at < home.end]
            latest = [home.scope for home in reversed(device.homes)]
            order = [*sorted(told, key=lambda one: (-len(one), one)), *then, *latest]
            return tuple(dict.fromkeys(order))[:_MOST_HOMES]
        told = {one.scope for one in self.evidence.claims if not keys.isdisjoint(one.keys)}
        told |= {one.scope for one in self.evidence.bindings if one.key in keys}
        order = sorted(told, key=len)
        is_line = all(after.startswith(before) for before, after in pairwise(order))
        return (order[-1],) if order and is_line else ()


def device_keys(device: Device) -> set[Key]:
    """The keys of a machine without the unit in which they count."""
    return {Key(key.kind, key.value.rpartition(" ")[2]) for key in (*device.keys, *device.names)}


class Rules(Protocol):
    """Who may tell of the signs of a reporter; units are given by their paths."""

    def may_tell(self, path: str, address: str, at: int) -> bool:
        """Whether the unit may tell of an address at a time in microseconds."""

    def heard(self, sign: Sign) -> frozenset[str]:
        """The units whose claims and decisions count for the sign, with the units above and below them."""

    def vouches(self, path: str, address: str, at: int) -> bool:
        """Whether the unit's table makes the address a single machine."""


def place(signs: Sequence[Sign], rules: Rules) -> list[tuple[Place, Known]]:
    """The place of each sign, in order, with what is known of the machines around it. Bindings that `rules`
    refuse tell nothing: an office's table of addresses that another office has would take away the machines
    of that office. Nor do claims and decisions of units that are not heard for the sign."""
    bindings = {one for one in _around(signs) if rules.may_tell(one.scope, one.address, one.begin)}
    seeds = {link for one in bindings for link in links_of(one)}
    for one in {(sign.keys, sign.scope, sign.address) for sign in signs}:
        seeds |= _links_of_sign(*one)
    evidence = evidence_for(seeds) if seeds else Evidence()
    evidence = evidence._replace(
        bindings=tuple(one for one in evidence.bindings if rules.may_tell(one.scope, one.address, one.begin))
    )
    words = words_on({sign.address for sign in signs if sign.address})
    paths = _paths((*evidence.decisions, *words))
    clocks = clocks_of({sign.scope for sign in signs if sign.port})
    networks = {one for one in _kept(signs, bindings) if _may_keep(one, signs, rules)}
    # Where nobody told anything, it is the same for all who are heard: a province has hundreds of units.
    is_told = bool(bindings or words or any(evidence))
    by_heard: dict[tuple[frozenset[str], bool], list[int]] = defaultdict(list)
    for number, sign in enumerate(signs):
        by_heard[rules.heard(sign) if is_told else frozenset(), sign.port > 0].append(number)
    near = _Near(evidence, bindings) if len(by_heard) > 1 else None
    found: dict[int, tuple[Place, Known]] = {}
    for (heard, is_translated), numbers in by_heard.items():
        own = [signs[number] for number in numbers]
        its, around = near.of(own) if near else (evidence, bindings)
        its = its._replace(
            claims=tuple(one for one in its.claims if any(are_related(one.scope, at) for at in heard)),
            decisions=tuple(
                one for one in its.decisions if any(are_related(paths[one.id], at) for at in heard)
            ),
        )
        known = Known(its.devices(), its)
        vouched = _vouched({*around, *its.bindings}, rules)
        shared = {sign.address for sign in own}
        if not is_translated:
            shared &= {one.address for one in around if one.kind != "nat"} - {one.address for one in vouched}
        heard_tables = vouched | {one for one in (*around, *its.bindings) if one.address in shared}
        forwarders = Forwarders(one for one in words if any(are_related(paths[one.id], at) for at in heard))
        locator = Locator(heard_tables, known.devices, forwarders, shared, clocks, networks, may_differ=True)
        found |= {number: (locator.place(signs[number]), known) for number in numbers}
    return [found[number] for number in range(len(signs))]


def _paths(decisions: Sequence[Decision]) -> dict[str, str]:
    """The units for which people decided, by the decision's id."""
    if not decisions:
        return {}
    rows = StoredDecision.rows.filter(pk__in=[one.id for one in decisions])
    return {str(pk): path for pk, path in rows.values_list("pk", "unit__path")}


def _vouched(bindings: Iterable[Binding], rules: Rules) -> set[Binding]:
    """Translations, and entries of units whose table makes the address a single machine."""
    return {one for one in bindings if one.kind == "nat" or rules.vouches(one.scope, one.address, one.begin)}


class _Near:
    """Finds among rows that were read together those that concern some of the signs."""

    def __init__(self, evidence: Evidence, bindings: Iterable[Binding]) -> None:
        self._linked: dict[tuple[str, str], list[tuple[Link, Row]]] = defaultdict(list)
        self._at: dict[str, list[Binding]] = defaultdict(list)
        rows: list[Row] = [*evidence.claims, *evidence.bindings, *evidence.decisions]
        for row in rows:
            for link in links_of(row):
                self._linked[link.kind, link.value].append((link, row))
        for one in bindings:
            self._at[one.address].append(one)
            if ":" in one.address:
                self._at[network_of(one.address)].append(one)

    def of(self, signs: Sequence[Sign]) -> tuple[Evidence, set[Binding]]:
        """What hangs together with the signs, and the bindings of their addresses."""
        asked = {sign.address for sign in signs if sign.address}
        asked |= {network_of(one) for one in asked if ":" in one}
        around = {one for address in asked for one in self._at[address]}
        around |= {inner for one in around if one.key.kind == "address" for inner in self._at[one.key.value]}
        seeds = {link for one in around for link in links_of(one)}
        for sign in signs:
            seeds |= _links_of_sign(sign.keys, sign.scope, sign.address)
        return component(seeds, self._ask), around

    def _ask(self, links: Iterable[Link]) -> Iterable[Row]:
        for link in links:
            for other, row in self._linked.get((link.kind, link.value), ()):
                if link.is_local == other.is_local and are_related(link.scope, other.scope):
                    yield row


def _may_keep(kept: Kept, signs: Iterable[Sign], rules: Rules) -> bool:
    own = [one for one in signs if one.address and network_of(one.address) == kept.network]
    return not own or any(rules.may_tell(kept.scope, one.address, one.first) for one in own)


def _links_of_sign(keys: tuple[Key, ...], scope: str, address: str) -> set[Link]:
    found: set[Link] = set()
    inner = mac_within(address) if ":" in address else None
    for key in (*keys, *([inner] if inner else [])):
        if key.kind in IDENTIFYING or key.kind == "randommac":
            found.add(Link(*key))
        if key.kind in ("host", "domainhost"):
            found.add(Link("name", label(key), scope, is_local=True))
    return found


def _around(signs: Sequence[Sign]) -> set[Binding]:
    """The bindings of the addresses, of the inner addresses behind translations, and of the networks of IPv6
    addresses on these days."""
    scopes: dict[str, set[str]] = defaultdict(set)
    ends: dict[str, set[tuple[int, int, int]]] = defaultdict(set)
    days: dict[str, tuple[int, int]] = {}
    for sign in signs:
        if sign.address:
            scopes[sign.address].add(sign.scope)
            ends[sign.address].add((sign.port, sign.first, sign.last))
            if ":" in sign.address:
                first, last = days.get(network_of(sign.address), (sign.first, sign.last))
                days[network_of(sign.address)] = min(first, sign.first), max(last, sign.last)
    found = _bound(scopes) | _translated(scopes, ends)
    inner: dict[str, set[str]] = defaultdict(set)
    for one in found:
        if one.kind == "nat" and one.key.kind == "address":
            inner[one.key.value].add(one.scope)
    found |= _bound({address: those for address, those in inner.items() if address not in scopes})
    for network, (first, last) in days.items():
        near = Q(network=network, begin__lt=last + _DAY, end__gt=first - _DAY)
        heard = {sign.scope for sign in signs}
        found |= {
            one
            for one in bindings_of(StoredBinding.rows.filter(near))
            if any(are_related(one.scope, scope) for scope in heard)
        }
    return found


def _translated(scopes: dict[str, set[str]], ends: dict[str, set[tuple[int, int, int]]]) -> set[Binding]:
    """Translations of the addresses: of a sign with a port those of that port around its time, else some of
    its day. A firewall tells millions a day."""
    lent = StoredBinding.rows.filter(kind="nat", is_gone=False)
    found: set[Binding] = set()
    for address in set(lent.filter(address__among=scopes).values_list("address", flat=True).distinct()):
        own = lent.filter(address=address)
        told = list(bindings_of(own.order_by("begin"), most=1))
        days = {first // _DAY for port, first, _last in ends[address] if not port}
        for those in batched(sorted(end for end in ends[address] if end[0]), _ENDS):
            near = Q(pk__in=[])
            for port, first, last in those:
                here = Q(begin__lte=last + _CLOCKS, end__gte=first - _CLOCKS)
                near |= here & Q(port__in=(port, 0))
            told += bindings_of(own.filter(near))
        for day in sorted(days):
            there = own.filter(begin__lt=(day + 1) * _DAY, end__gte=day * _DAY)
            told += bindings_of(there.order_by("begin"), most=_MOST_TRANSLATIONS)
        found |= {one for one in told if any(are_related(one.scope, at) for at in scopes[address])}
    return found


def _bound(scopes: dict[str, set[str]]) -> set[Binding]:
    rows = StoredBinding.rows.filter(address__among=scopes).exclude(kind="nat")
    return {one for one in bindings_of(rows) if any(are_related(one.scope, at) for at in scopes[one.address])}


def _kept(signs: Iterable[Sign], bindings: Iterable[Binding]) -> set[Kept]:
    networks = {network_of(one.address) for one in signs if one.address and is_private(one.address)}
    networks |= {network_of(one.key.value) for one in bindings if one.key.kind == "address"}
    rows = KeptNetwork.rows.filter(network__among=networks).values_list("network", "unit__path", "kind")
    return {Kept(*row) for row in rows}
