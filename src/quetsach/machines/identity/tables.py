"""Leases, neighbour tables, registers and translations by address, scope and time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from quetsach.machines.evidence import Binding, Key
from quetsach.machines.identity.keys import is_private
from quetsach.machines.identity.scopes import Scoped


class Span(NamedTuple):
    """An address belonged to a key, by a lease or a neighbour table."""

    begin: int
    end: int
    key: Key
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
    """All bindings, sorted out by kind."""

    def __init__(self, bindings: Iterable[Binding]) -> None:
        self._network: Scoped[Span] = Scoped()
        self._fixed: Scoped[Binding] = Scoped()
        self._translated: dict[tuple[str, str, int], list[Binding]] = {}
        self._shared: set[str] = set()
        self._prepared: dict[tuple[str, str], list[Spans]] = {}
        for one in bindings:
            if one.kind == "nat":
                self._translated.setdefault((one.address, one.protocol, one.port), []).append(one)
                self._shared.add(one.address)
            elif one.kind == "fixed":
                self._fixed.add(one.address, place_of(one.address, one.scope), one)
            else:
                span = Span(one.begin, one.end, one.key, one.scope, one.kind)
                self._network.add(one.address, place_of(one.address, one.scope), span)

    def network(self, address: str, scope: str) -> list[Spans]:
        """Leases and neighbour entries that count for a source in `scope`."""
        asked = address, place_of(address, scope)
        found = self._prepared.get(asked)
        if found is None:
            found = self._prepared[asked] = [Spans(spans) for spans in self._network.find(*asked)]
        return found

    def register(self, address: str, scope: str, at: int) -> list[Binding]:
        """The entries of registers that hold at a time."""
        lists = self._fixed.find(address, place_of(address, scope))
        return [one for entries in lists for one in entries if one.begin <= at < one.end]

    def registers(self) -> Iterator[Binding]:
        """All entries of registers."""
        for _, _, entries in self._fixed.groups():
            yield from entries

    def translations(self, address: str, protocol: str, port: int) -> list[Binding]:
        """What a translated endpoint stood for, at any time."""
        return self._translated.get((address, protocol, port), [])

    def is_translated(self, address: str) -> bool:
        """Whether a firewall lends this address to many machines."""
        return address in self._shared

    def spans(self) -> Iterator[tuple[str, Span]]:
        """All leases and neighbour entries with their address."""
        for address, _, spans in self._network.groups():
            for span in spans:
                yield address, span


def place_of(address: str, scope: str) -> str:
    """The scope in which an address means one machine: a public address does so everywhere."""
    return scope if is_private(address) else ""
