"""Figures that rest on identity, as [at least, at most]: the machines that are proven, and those that may be.

At least: machines that cannot be one and the same. Devices of one name may be one machine; two devices
without any name may be two cards of one. At most: every device for itself (random addresses that follow each
other under one name in one unit are one), and every doubtful sign that no machine of the figure explains, up
to the number of machines that these signs name. A doubtful sign is explained by a machine that is counted
anyway and that had the address around that time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from quetsach.machines.evidence import Key
from quetsach.machines.identity.devices import Device, Devices
from quetsach.machines.identity.locating import INFERRED, LOCATED, SHARED, Place

COMPUTERS = ("pc", "server")
APART = ("phone", "printer", "guest", "other")
COMPUTER, VISITOR, APART_KIND, RANDOM, RETIRED = "computer", "visitor", "apart", "random", "retired"
DAYS = 3
"""A machine that was seen on so many days belongs to the office; a visitor does not come so often."""
_CARDS = 2
"""Cards of one machine that may be known each by itself: wire and radio."""


class Range(NamedTuple):
    """The truth lies within."""

    least: int
    most: int


class Figures(NamedTuple):
    """`machines` in all; `shared`: addresses of many machines with at least one infected; `unlocated`: other
    addresses and days whose machine is not known."""

    machines: Range
    shared: int
    unlocated: int


class Known(NamedTuple):
    """Machines of an office. `computers` is the denominator; the others stand apart."""

    computers: Range
    visitors: int
    """Devices that were seen on fewer days and that nobody confirmed."""
    apart: int
    """Phones, printers, guests and others by their kind."""
    random: int
    """Devices of which only a random address is known."""


def infected(places: Iterable[Place], devices: Devices) -> Figures:
    """Machines with signs of one family (or of any: the caller chooses the signs)."""
    sure: set[Key] = set()
    likely: set[Key] = set()
    doubtful: dict[Key, set[Key]] = {}
    signs: Counter[Key] = Counter()
    shared: set[Key] = set()
    for place in places:
        if place.status == LOCATED:
            sure.add(place.device)
        elif place.status == INFERRED:
            likely.add(place.device)
        else:
            doubtful.setdefault(place.device, set()).update(place.candidates)
            signs[place.device] += 1
            if place.status == SHARED:
                shared.add(place.device)
    counted = sure | likely
    groups = {devices.group_of(device) for device in counted}
    nameless = doubtful_signs = 0
    candidates: set[Key] = set()
    for address, named in doubtful.items():
        its = {devices.group_of(one) for one in named}
        if not its:
            nameless += 1
        elif its.isdisjoint(groups):
            # Behind a shared address each sign may be of another machine.
            doubtful_signs += signs[address] if address in shared else 1
            candidates |= its
    unexplained = nameless + min(doubtful_signs, len(candidates))
    least = _least(sure, devices)
    if not least and (likely or doubtful):
        least = 1
    most = _most(counted, devices) + unexplained
    return Figures(Range(least, most), len(shared), len(doubtful) - len(shared))


def interval(named: int, nameless: int, doubtful: int) -> Range:
    """The machines of one unit, where only numbers are known: machines with a name or an id of their own,
    single cards, and others, which are inferred or known by an address alone."""
    least = _distinct(named, nameless)
    return Range(least or min(doubtful, 1), named + nameless + doubtful)


def known(devices: Devices, days: Mapping[Key, Iterable[int]] | None = None) -> Known:
    """The machines of an office. `days` adds days since 1970 on which logs saw a device, by its id."""
    computers: set[Key] = set()
    others: Counter[str] = Counter()
    for device in devices.all:
        standing = standing_of(device, (days or {}).get(device.id, ()))
        if standing == COMPUTER:
            computers.add(device.id)
        else:
            others[standing] += 1
    return Known(
        Range(_least(computers, devices), _most(computers, devices)),
        others[VISITOR],
        others[APART_KIND],
        others[RANDOM],
    )


def standing_of(device: Device, days: Iterable[int] = ()) -> str:
    """Where a machine of an office stands: one of the names below. `days` adds days on which logs saw it."""
    if device.retired is not None:
        return RETIRED
    seen = len(device.days | set(days))
    if device.machine in APART:
        return APART_KIND
    if device.is_confirmed or (device.machine in COMPUTERS and seen >= DAYS):
        return COMPUTER
    if device.id.kind == "randommac":
        return RANDOM
    return COMPUTER if seen >= DAYS else VISITOR


def _least(ids: set[Key], devices: Devices) -> int:
    """Machines that these devices are at least: one for each group with a name, and those of the nameless
    that cannot be second cards."""
    by_id = {device.id: device for device in devices.all}
    named = {devices.group_of(id) for id in ids if _is_named(id, by_id.get(id))}
    nameless = {devices.group_of(id) for id in ids} - named
    return _distinct(len(named), len(nameless))


def _distinct(named: int, nameless: int) -> int:
    more = max(0, nameless - (_CARDS - 1) * named)
    return named + (more + _CARDS - 1) // _CARDS


def _most(ids: set[Key], devices: Devices) -> int:
    """Every device for itself; of random addresses under one name in one unit those there at once."""
    by_id = {device.id: device for device in devices.all}
    in_turn: dict[Key, list[Device]] = defaultdict(list)
    plain: Counter[Key] = Counter()
    bare: Counter[Key] = Counter()
    for id in ids:
        device, group = by_id.get(id), devices.group_of(id)
        if device is not None and id.kind == "randommac" and _is_named(id, device):
            in_turn[group].append(device)
        elif id.kind == "host":
            bare[group] += 1
        else:
            plain[group] += 1
    bearers = Counter(group for id, group in devices.groups.items() if id.kind != "host")
    most = 0
    for group in plain.keys() | bare.keys() | in_turn.keys():
        own = plain[group] + (_at_once(in_turn[group]) if group in in_turn else 0)
        whole = own + bare[group]
        # A name that several devices bear is that of one of them, and no further machine.
        most += min(whole, max(bearers[group], own)) if bearers[group] > 1 else whole
    return most


def _at_once(some: list[Device]) -> int:
    """The greatest number of devices whose times overlap."""
    steps = sorted(step for device in some for step in ((device.first, 1), (device.last, -1)))
    most = now = 0
    for _, step in steps:
        now += step
        most = max(most, now)
    return max(most, 1)


def _is_named(id: Key, device: Device | None) -> bool:
    """Whether a name or an id of the whole machine is known, not only one of its cards."""
    if id.kind not in ("mac", "randommac"):
        return True
    return device is not None and any(
        key.kind not in ("mac", "randommac", "user") for key in (*device.keys, *device.names)
    )
