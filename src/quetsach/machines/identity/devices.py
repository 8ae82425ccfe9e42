"""Devices from the whole set of evidence: one pure function. Nothing is kept, so nothing can go stale.

The same set gives the same devices, in whatever order it comes and however often a row comes. A portal
calls it for one component at a time (`quetsach.machines.identity.components`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from quetsach.machines.evidence import Binding, Claim, Decision, Key
from quetsach.machines.identity import decisions as people
from quetsach.machines.identity.doubts import Doubt, doubtful
from quetsach.machines.identity.joining import Joining, Reason, Use, bearing
from quetsach.machines.identity.keys import is_shared_by_make, label, node, within
from quetsach.machines.identity.scopes import related
from quetsach.machines.identity.sets import Sets
from quetsach.machines.identity.statements import statements, stays


class Home(NamedTuple):
    """The unit in whose network a device was, by its leases and neighbour tables."""

    scope: str
    begin: int
    end: int


class Event(NamedTuple):
    """Something that happened to a device: moved (from, to), reinstalled (the new name or id), replaced by,
    replaces, retired."""

    what: str
    at: int
    said: tuple[str, ...] = ()


class Question(NamedTuple):
    """What a person must answer: one name, and all cards are new. Until then no silence of `left` counts."""

    what: str
    left: Key
    right: Key
    name: Key
    at: int


class Device(NamedTuple):
    """A machine, as far as the evidence goes. Its `id` is the oldest of its strongest keys.

    `names` are keys that only suggest, with the scope in which they count. `machine` is the kind (pc, server,
    phone, printer, guest, other; "" for unknown). `days` are days since 1970 on which a source saw it.
    """

    id: Key
    keys: tuple[Key, ...]
    names: tuple[Key, ...]
    machine: str
    is_confirmed: bool
    retired: int | None
    first: int
    last: int
    days: frozenset[int]
    homes: tuple[Home, ...]
    events: tuple[Event, ...]
    reasons: tuple[Reason, ...]


class Told(NamedTuple):
    """A host name that a source told beside a doubtful key, over a span."""

    begin: int
    end: int
    scope: str
    name: Key


class Called(NamedTuple):
    """A device bore a host name, from the first to the last time that a source said so."""

    scope: str
    device: Key
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Devices:
    """All devices of a set of evidence, in the order of their ids, and what is doubtful between them."""

    all: tuple[Device, ...]
    doubts: dict[Key, Doubt]
    questions: tuple[Question, ...]
    groups: dict[Key, Key]
    """Devices that may be one, by what only suggests it: each id, and the id that stands for its group."""
    overruled: tuple[Decision, ...]
    owners: dict[Key, Key] = field(repr=False)
    """Each key that identifies, and the id of its device."""
    chains: dict[Key, tuple[Use, ...]] = field(repr=False)
    """Names that went from one device to another; the holders are keys in `owners`."""
    users: dict[Key, tuple[tuple[str, Key], ...]] = field(repr=False)
    """Random and doubtful keys: the scopes and devices that they were claimed with."""
    called: dict[str, tuple[Called, ...]] = field(repr=False)
    """The devices that bore each host name."""
    told: dict[Key, tuple[Told, ...]] = field(repr=False)

    def holders(self, key: Key, scope: str = "", at: int | None = None) -> tuple[Key, ...]:
        """The ids of the devices that a key of a source in `scope` names: one if it identifies, several if
        it is doubtful, none if nobody knows it. Without a time, a name leads to its latest bearer.
        """
        found = node(key, scope)
        if found in self.owners:
            return (self.owners[found],)
        if found in self.chains:
            uses = bearing(self.chains[found], at)
            return tuple(sorted({self.owners[use.holder] for use in uses}))
        if self.is_doubtful(key, scope):
            piece = within(key, scope)
            return self._behind(key, scope) or ((self.owners[piece],) if piece in self.owners else ())
        if key.kind == "host":
            return (self.named(key, scope, at),)
        if key.kind == "domainhost":
            # The name counts with the unit below, where only one has it.
            pieces = {within(key, one.scope) for one in self._called(key, scope)}
            return tuple(sorted({self.owners[piece] for piece in pieces if piece in self.owners}))
        return tuple(sorted({device for where, device in self.users.get(key, ()) if related(scope, where)}))

    def is_doubtful(self, key: Key, scope: str = "") -> bool:
        """Whether the key identifies no machine, because of its maker or by what sources saw."""
        return key in self.doubts or is_shared_by_make(key) or node(key, scope) in self.doubts

    def redirect(self, id: Key) -> tuple[Key, ...]:
        """The devices of today that an id of an earlier day leads to."""
        if id in self.owners:
            return (self.owners[id],)
        if id in self.chains:
            return tuple(sorted({self.owners[use.holder] for use in self.chains[id]}))
        scope, _, value = id.value.rpartition(" ")
        return self._behind(id, "") or self._behind(Key(id.kind, value), scope)

    def named(self, host: Key, scope: str, at: int | None = None) -> Key:
        """The device that bore a host name in the unit, above or below; where that is not a single device,
        the name itself, as a device of which nothing else is known."""
        if (own := within(host, scope)) in self.owners:
            return self.owners[own]
        found = self._called(host, scope)
        devices = {one.device for one in found}
        if len(devices) > 1 and at is not None:
            devices = {one.device for one in found if one.first <= at <= one.last}
        return devices.pop() if len(devices) == 1 else own

    def group_of(self, id: Key) -> Key:
        """The group of a device, also of a name in a line that no source bound to a card."""
        if id not in self.groups and id.kind in ("host", "domainhost"):
            scope, _, value = id.value.rpartition(" ")
            if found := self._called(Key(id.kind, value), scope):
                return self.groups[min(one.device for one in found)]
        return self.groups.get(id, id)

    def _called(self, name: Key, scope: str) -> list[Called]:
        return [one for one in self.called.get(label(name), ()) if related(scope, one.scope)]

    def _behind(self, key: Key, scope: str) -> tuple[Key, ...]:
        """The devices that used a random or doubtful key in the unit, above or below."""
        found = {device for where, device in self.users.get(key, ()) if related(scope, where)}
        for told in self.told.get(key, ()):
            if related(scope, told.scope):
                found.add(self.named(told.name, told.scope, told.begin))
        return tuple(sorted(found))


def devices_of(
    claims: Iterable[Claim], bindings: Iterable[Binding] = (), decisions: Iterable[Decision] = ()
) -> Devices:
    """The devices that all claims, bindings and decisions together make."""
    from quetsach.machines.identity.assembling import Assembling

    said, stayed = statements(claims), stays(bindings)
    standing = people.in_force(decisions)
    sets = Sets()
    overruled = people.apply(standing, sets)
    kept = [one for one in standing if one.verdict == "same" and one not in overruled]
    doubts = doubtful(said, stayed, frozenset(key for one in kept for key in (one.left, one.right) if key))
    joining = Joining(said, sets, doubts)
    return Assembling(said, stayed, standing, joining).devices(overruled)
