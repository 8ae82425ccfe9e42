"""Evidence that hangs together: devices of one component depend on no row of another.

A portal keeps the links of each row beside it. New rows touch the components of their links: it asks for each
of these with `component`, computes its devices anew, and leaves all others alone. Signs of an address are
placed again where a binding of that address, or a device of its keys, has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from quetsach.machines.evidence import Binding, Claim, Decision, Key
from quetsach.machines.identity.decisions import importance
from quetsach.machines.identity.devices import Devices, devices_of
from quetsach.machines.identity.keys import is_scoped, is_shared_by_make, label
from quetsach.machines.identity.scopes import lineage

type Row = Claim | Binding | Decision


class Link(NamedTuple):
    """What binds rows together: a key of any unit (`scope` ""), or a name that counts in the unit, above and
    below: kind `name` with the label of a host name, or a hardware address that many machines share. The
    kind `forwarder`, with an address, binds only words of people on it."""

    kind: str
    value: str
    scope: str = ""
    is_local: bool = False


class Evidence(NamedTuple):
    """Rows of one component, or of several."""

    claims: tuple[Claim, ...] = ()
    bindings: tuple[Binding, ...] = ()
    decisions: tuple[Decision, ...] = ()

    def devices(self) -> Devices:
        """The devices of these rows alone."""
        return devices_of(self.claims, self.bindings, self.decisions)


def links_of(row: Row) -> frozenset[Link]:
    """The links of a row. A withdrawal repeats the keys of its decision."""
    if isinstance(row, Claim):
        return frozenset(link for key in row.keys for link in _links(key, row.scope))
    if isinstance(row, Binding):
        return frozenset(_links(row.key, row.scope))
    return frozenset(link for key in (row.left, row.right) if key for link in _links_of_id(key))


def component(seeds: Iterable[Link], ask: Callable[[frozenset[Link]], Iterable[Row]]) -> Evidence:
    """The rows that hang together with these links.

    `ask` gives the rows that have one of the links; for local links those of the unit, above and below."""
    known: set[Link] = set()
    rows: set[Row] = set()
    frontier = frozenset(seeds)
    while frontier:
        known |= frontier
        found = set(ask(frontier)) - rows
        rows |= found
        frontier = frozenset(link for row in found for link in links_of(row)) - known
    return _evidence(rows)


def components(rows: Iterable[Row]) -> list[Evidence]:
    """All components, each once."""
    parent: dict[Link, Link] = {}

    def find(link: Link) -> Link:
        while parent[link] != link:
            parent[link] = parent[parent[link]]
            link = parent[link]
        return link

    linked: dict[Link, list[Row]] = {}
    alone: list[Row] = []
    for row in set(rows):
        links = sorted(links_of(row))
        if not links:
            alone.append(row)
            continue
        first, *others = links
        linked.setdefault(first, []).append(row)
        parent.setdefault(first, first)
        for other in others:
            parent.setdefault(other, other)
            parent[find(other)] = find(first)
    for link in [link for link in parent if link.is_local]:
        for scope in lineage(link.scope)[1:]:
            above = link._replace(scope=scope)
            if above in parent:
                parent[find(link)] = find(above)
    grouped: dict[Link, list[Row]] = {}
    for link, some in linked.items():
        grouped.setdefault(find(link), []).extend(some)
    found = [_evidence(some) for some in grouped.values()]
    found += [_evidence([row]) for row in alone]
    return sorted(found, key=lambda one: (one.claims, one.bindings, repr(one.decisions)))


def merged(parts: Iterable[Devices]) -> Devices:
    """The devices of several components as one whole."""
    many = list(parts)
    overruled = [one for part in many for one in part.overruled]
    overruled.sort(key=importance)
    return Devices(
        tuple(sorted(device for part in many for device in part.all)),
        {key: doubt for part in many for key, doubt in part.doubts.items()},
        tuple(sorted(question for part in many for question in part.questions)),
        {key: group for part in many for key, group in part.groups.items()},
        tuple(overruled),
        {key: id for part in many for key, id in part.owners.items()},
        {key: chain for part in many for key, chain in part.chains.items()},
        _joined(part.users for part in many),
        _joined(part.called for part in many),
        _joined(part.told for part in many),
    )


def _joined[K, V](maps: Iterable[dict[K, tuple[V, ...]]]) -> dict[K, tuple[V, ...]]:
    """Lists of several components; names and shared addresses of unrelated units stand in more than one."""
    found: dict[K, tuple[V, ...]] = {}
    for one in maps:
        for key, values in one.items():
            found[key] = tuple(sorted({*found[key], *values})) if key in found else values  # type: ignore[type-var]
    return found


def _links(key: Key, scope: str) -> Iterable[Link]:
    if key.kind in ("host", "domainhost"):
        yield Link("name", label(key), scope, is_local=True)
    if key.kind in ("host", "user", "address") or (key.kind == "domainhost" and is_scoped(key)):
        return
    if is_shared_by_make(key):
        if key.kind == "mac":
            yield Link(key.kind, key.value, scope, is_local=True)
        return
    yield Link(*key)


def _links_of_id(key: Key) -> Iterable[Link]:
    """The links of a device's id, which may have its scope in it."""
    scope, _, value = key.value.rpartition(" ")
    plain = Key(key.kind, value) if scope.endswith("/") else key
    if key.kind == "address":
        return [Link("forwarder", plain.value, scope if plain is not key else "", is_local=True)]
    return _links(plain, scope if plain is not key else "")


def _evidence(rows: Iterable[Row]) -> Evidence:
    many = list(rows)
    return Evidence(
        tuple(sorted(row for row in many if isinstance(row, Claim))),
        tuple(sorted(row for row in many if isinstance(row, Binding))),
        tuple(sorted((row for row in many if isinstance(row, Decision)), key=importance)),
    )
