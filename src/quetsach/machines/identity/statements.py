"""Claims and bindings that say the same at other times, as one: a lease is renewed, the machine stays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from quetsach.machines.evidence import Binding, Claim, Key


class Statement(NamedTuple):
    """Keys that one or more claims name together. `times` are (begin, end, source), in order, each once."""

    keys: tuple[Key, ...]
    scope: str
    about: tuple[tuple[str, str], ...]
    times: tuple[tuple[int, int, str], ...]

    @property
    def begin(self) -> int:
        """The first time."""
        return self.times[0][0]

    @property
    def last(self) -> int:
        """The latest begin."""
        return self.times[-1][0]

    @property
    def source(self) -> str:
        """The source of the first claim."""
        return self.times[0][2]

    def each(self) -> Iterable[Statement]:
        """The same, one for each time."""
        return (self._replace(times=(time,)) for time in self.times)


class Stay(NamedTuple):
    """A key at addresses: (begin, end, address) by the bindings of one kind from one unit, in order."""

    key: Key
    scope: str
    kind: str
    spans: tuple[tuple[int, int, str], ...]


def statements(claims: Iterable[Claim]) -> list[Statement]:
    """All claims, in the order of their first time."""
    found: dict[tuple[tuple[Key, ...], str, tuple[tuple[str, str], ...]], set[tuple[int, int, str]]] = {}
    for keys, begin, end, source, scope, about in claims:
        found.setdefault((keys, scope, about), set()).add((begin, end, source))
    made = [Statement(*key, tuple(sorted(times))) for key, times in found.items()]
    return sorted(made, key=lambda one: (one.times[0], one))


def stays(bindings: Iterable[Binding]) -> list[Stay]:
    """All bindings but translations, in order."""
    found: dict[tuple[Key, str, str], set[tuple[int, int, str]]] = {}
    for one in latest(bindings):
        if one.kind != "nat":
            found.setdefault((one.key, one.scope, one.kind), set()).add((one.begin, one.end, one.address))
    return sorted(Stay(*key, tuple(sorted(spans))) for key, spans in found.items())


def latest(bindings: Iterable[Binding]) -> list[Binding]:
    """Each binding once. Of several with one beginning the earliest end is the true one: a file that was read
    later knows that the lease was given back."""
    found: dict[tuple[object, ...], Binding] = {}
    for one in bindings:
        address, key, begin, end, *others = one
        same = (address, key, begin, *others)
        known = found.get(same)
        if known is None or end < known.end:
            found[same] = one
    return list(found.values())
