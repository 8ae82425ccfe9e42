"""Leases, neighbour tables, registers and translations by address, scope and time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from quetsach.machines.evidence import Binding, Key
from quetsach.machines.identity.keys import is_private, prefix_64
from quetsach.machines.identity.scopes import Scoped
from quetsach.machines.identity.statements import latest


class Span(NamedTuple):
    """An address belonged to a key, by a lease or a neighbour table."""

    begin: int
    end: int
    key: Key
    scope: str
    kind: str


class Kept(NamedTuple):
    """An office keeps a table of this kind."""

    scope: str
    kind: str


class KeptNetwork(NamedTuple):
    """An office keeps a table of this kind of a private network (`network_of`)."""

    network: str
    scope: str
    kind: str


class Spans:
    """The entries of one address in one scope."""

    def __init__(self, spans: list[Span]) -> None:
        self.spans = sorted(spans)
        self._begins = [span.begin for span in self.spans]
        self._reach: list[int] = []
        most = 0
        for span in self.spans:
            most = max(most, span.end)
            self._reach.append(most)

    def touching(self, begin: int, end: int) -> list[Span]:
        """The spans that have a time in common with [begin, end], the latest first."""
        found = []
        number = bisect_right(self._begins, end) - 1
        while number >= 0 and self._reach[number] > begin:
            if self.spans[number].end > begin:
                found.append(self.spans[number])
            number -= 1
        return found


class Tables:
    """All bindings, sorted out by kind. `kept` adds networks of offices whose bindings are not all given."""

    def __init__(self, bindings: Iterable[Binding], kept: Iterable[KeptNetwork] = ()) -> None:
        self._network: Scoped[Span] = Scoped()
        self._fixed: Scoped[Binding] = Scoped()
        self._translated: dict[tuple[str, str, int], list[Binding]] = {}
        self._protocols: dict[tuple[str, int], set[str]] = {}
        self._shared: dict[str, list[Binding]] = {}
        self._prefixes: Scoped[Span] = Scoped()
        self._prepared: dict[tuple[str, str], tuple[list[Spans], bool]] = {}
        self._keepers: Scoped[Kept] = Scoped()
        keepers = set(kept)
        for one in latest(bindings):
            if one.kind == "nat":
                self._translated.setdefault((one.address, one.protocol, one.port), []).append(one)
                self._protocols.setdefault((one.address, one.port), set()).add(one.protocol)
                self._shared.setdefault(one.address, []).append(one)
            elif one.kind == "fixed":
                self._fixed.add(one.address, place_of(one.address, one.scope), one)
            else:
                span = Span(one.begin, one.end, one.key, one.scope, one.kind)
                place = place_of(one.address, one.scope)
                self._network.add(one.address, place, span)
                if ":" in one.address:
                    self._prefixes.add(network_of(one.address), place, span)
                if place:
                    keepers.add(KeptNetwork(network_of(one.address), one.scope, one.kind))
        for network, scope, kind in keepers:
            self._keepers.add(network, scope, Kept(scope, kind))

    def network(self, address: str, scope: str) -> tuple[list[Spans], bool]:
        """Leases and neighbour entries that count for a source in `scope`, and whether offices tie.

        Two offices use the same private network, and one may lie below the other. An office that keeps leases
        of that network itself needs no others; where it keeps none, those of a single other office count. Of
        several offices nobody knows whose network it is.
        """
        asked = address, place_of(address, scope)
        found = self._prepared.get(asked)
        if found is None:
            lists = self._network.find(*asked)
            spans, is_tie = self._own(lists, *asked) if asked[1] else (lists, False)
            found = self._prepared[asked] = [Spans(some) for some in spans], is_tie
        return found

    def _own(self, lists: list[list[Span]], address: str, scope: str) -> tuple[list[list[Span]], bool]:
        keepers = {
            (kept.scope, kept.kind)
            for some in self._keepers.find(network_of(address), scope)
            for kept in some
        }
        own = {kind for where, kind in keepers if where == scope}
        if "lease" in own:
            return [some for some in lists if some[0].scope == scope], False
        others = {where for where, kind in keepers if where != scope and kind not in own}
        if own and len(others) > 1:
            others = set()
        found = [
            [span for span in some if span.scope == scope or (span.scope in others and span.kind not in own)]
            for some in lists
        ]
        return [some for some in found if some], not own and len(others) > 1

    def register(self, address: str, scope: str, at: int) -> list[Binding]:
        """The entries of registers that hold at a time."""
        lists = self._fixed.find(address, place_of(address, scope))
        return [one for entries in lists for one in entries if one.begin <= at < one.end]

    def registers(self) -> Iterator[Binding]:
        """All entries of registers."""
        for _, _, entries in self._fixed.groups():
            yield from entries

    def translations(self, address: str, protocol: str, port: int) -> list[Binding]:
        """What a translated endpoint, or the whole address, stood for at any time. Without a protocol all
        protocols of the port count."""
        found = self._translated.get((address, "", 0), [])
        if not port:
            return found
        asked = {protocol} if protocol else self._protocols.get((address, port), set())
        by_port = (self._translated.get((address, each, port), []) for each in sorted(asked))
        return [*found, *(one for some in by_port for one in some)]

    def is_translated(self, address: str) -> bool:
        """Whether a firewall lends this address to many machines."""
        return address in self._shared

    def behind(self, address: str, begin: int, end: int) -> list[Binding]:
        """The translations of a shared address that have a time in common with a span."""
        return [one for one in self._shared.get(address, ()) if one.begin <= end and one.end >= begin]

    def prefix(self, address: str, scope: str, begin: int, end: int) -> set[tuple[Key, str]]:
        """The keys, with their scope, that had an IPv6 address of the same /64 within a span."""
        lists = self._prefixes.find(network_of(address), place_of(address, scope))
        return {
            (span.key, span.scope)
            for spans in lists
            for span in spans
            if span.begin <= end and span.end >= begin
        }

    def spans(self) -> Iterator[tuple[str, Span]]:
        """All leases and neighbour entries with their address."""
        for address, _, spans in self._network.groups():
            for span in spans:
                yield address, span


def place_of(address: str, scope: str) -> str:
    """The scope in which an address means one machine: a public address does so everywhere."""
    return scope if is_private(address) else ""


def network_of(address: str) -> str:
    """The network that a private address lies in: /24 or /64, as offices use them."""
    return prefix_64(address) if ":" in address else address[: address.rfind(".") + 1]
