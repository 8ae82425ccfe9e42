"""The register of an office: what its own evidence says of each device.

A device may stand in the registers of several units: where a machine moved, or where a unit above keeps the
table of all computers. It counts for the unit in whose network it was last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from quetsach.machines.evidence import Binding, Claim, Key
from quetsach.machines.identity.components import Evidence
from quetsach.machines.identity.devices import Device, Devices, Question
from quetsach.machines.identity.keys import STRENGTH, is_shared_by_make
from quetsach.machines.identity.statements import latest

BY_HAND = "register page"
"""The source of words that a person wrote on the page of the register; they beat those of files."""
MOST_ADDRESSES = 8


class Address(NamedTuple):
    """The device had the address, by a binding of this kind and source."""

    address: str
    kind: str
    begin: int
    end: int
    source: str


class Entry(NamedTuple):
    """One device in the register of the unit `scope`. `addresses` stand in the order of their beginning, the
    latest first; `about` are the latest words of registers; `first` and `last` are times at which a source
    saw it (the end of a lease is a plan), 0 for never; `home` is the unit of the last network, "" for
    none known. `is_doubtful`: a key of it stands for several machines."""

    device: Device
    scope: str
    name: str
    addresses: tuple[Address, ...]
    sources: tuple[str, ...]
    about: tuple[tuple[str, str], ...]
    first: int
    last: int
    home: str
    group: Key
    questions: tuple[Question, ...]
    is_doubtful: bool


@dataclass
class _Known:
    """What one unit said of one device."""

    sources: set[str] = field(default_factory=set)
    words: dict[str, tuple[bool, int, str]] = field(default_factory=dict)
    addresses: dict[str, Address] = field(default_factory=dict)
    names: dict[str, tuple[int, str]] = field(default_factory=dict)
    first: int = 0
    last: int = 0
    is_doubtful: bool = False

    def see(self, at: int) -> None:
        """A source saw the device."""
        self.first = min(self.first or at, at)
        self.last = max(self.last, at)


def entries(evidence: Evidence, devices: Devices) -> list[Entry]:
    """The entries of all units with evidence on these devices, in one order."""
    known: dict[tuple[Key, str], _Known] = defaultdict(_Known)
    by_id = {device.id: device for device in devices.all}
    for claim in evidence.claims:
        for id in _holders(devices, claim.keys, claim.scope, claim.begin):
            if id in by_id:
                _hear(known[id, claim.scope], claim, devices)
    for one in latest(evidence.bindings):
        if one.kind != "nat":
            for id in _holders(devices, (one.key,), one.scope, one.begin):
                if id in by_id:
                    _stay(known[id, one.scope], one, devices)
    asked: dict[Key, list[Question]] = defaultdict(list)
    for question in devices.questions:
        asked[question.left].append(question)
        asked[question.right].append(question)
    return sorted(
        (
            _entry(by_id[id], scope, one, devices.group_of(id), tuple(asked[id]))
            for (id, scope), one in known.items()
        ),
        key=lambda entry: (entry.device.id, entry.scope),
    )


def _holders(devices: Devices, keys: Iterable[Key], scope: str, at: int) -> tuple[Key, ...]:
    """The device of the strongest key that names a single one; where each names several, those."""
    several: tuple[Key, ...] = ()
    for key in sorted(keys, key=lambda one: (STRENGTH.get(one.kind, len(STRENGTH)), one)):
        found = devices.holders(key, scope, at)
        if len(found) == 1:
            return found
        several = several or found
    return several


def _hear(known: _Known, claim: Claim, devices: Devices) -> None:
    known.sources.add(claim.source)
    known.is_doubtful |= any(_is_doubtful(devices, key, claim.scope) for key in claim.keys)
    if not claim.about:
        known.see(claim.begin)
    is_by_hand = claim.source == BY_HAND
    for word, value in claim.about:
        told = (is_by_hand, claim.begin, value)
        if word != "register" and told >= known.words.get(word, (False, -1, "")):
            known.words[word] = told
    for key in claim.keys:
        if key.kind in ("host", "domainhost") and (claim.begin, key.value) > known.names.get(
            key.kind, (-1, "")
        ):
            known.names[key.kind] = claim.begin, key.value


def _stay(known: _Known, one: Binding, devices: Devices) -> None:
    known.sources.add(one.source)
    known.is_doubtful |= _is_doubtful(devices, one.key, one.scope)
    if one.kind in ("lease", "neighbour"):
        known.see(one.begin)
    told = Address(one.address, one.kind, one.begin, one.end, one.source)
    before = known.addresses.get(one.address)
    if before is None or (told.begin, told.end) > (before.begin, before.end):
        known.addresses[one.address] = told


def _is_doubtful(devices: Devices, key: Key, scope: str) -> bool:
    return key.kind not in ("host", "user") and not is_shared_by_make(key) and devices.is_doubtful(key, scope)


def _entry(device: Device, scope: str, known: _Known, group: Key, questions: tuple[Question, ...]) -> Entry:
    words = tuple(sorted((word, value) for word, (_, _, value) in known.words.items() if value))
    addresses = sorted(known.addresses.values(), key=lambda one: (-one.begin, -one.end, one.address))
    home = max(device.homes, key=lambda one: (one.end, one.begin, one.scope)).scope if device.homes else ""
    return Entry(
        device, scope, _name(device, known, dict(words)), tuple(addresses[:MOST_ADDRESSES]),
        tuple(sorted(known.sources - {BY_HAND})), words,
        known.first, known.last, home, group, questions, known.is_doubtful,
    )  # fmt: skip


def _name(device: Device, known: _Known, words: dict[str, str]) -> str:
    """What people call the machine: by hand, by its host name, by a register; "" for none."""
    if "name" in words and known.words["name"][0]:
        return words["name"]
    told = known.names.get("host") or known.names.get("domainhost")
    if told is not None:
        return told[1]
    if "name" in words:
        return words["name"]
    bare = [
        key.value.rpartition(" ")[2]
        for key in (*device.keys, *device.names)
        if key.kind in ("host", "domainhost")
    ]
    return min(bare, default="")
