"""The answers of the programs about a simulated province, beside the truth."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from quetsach.machines.evidence import Binding, Claim, Key, Sign
from quetsach.machines.identity.clocks import differences
from quetsach.machines.identity.devices import Devices, devices_of
from quetsach.machines.identity.figures import Range, infected, known
from quetsach.machines.identity.locating import INFERRED, LOCATED, Locator, Place
from tests.simulator import truth

EPOCH = 20_514 * truth.DAY
"""The first midnight: Monday, 2 March 2026."""
MICRO = 1_000_000
WEEKS = truth.DAYS // 7


@dataclass
class Evidence:
    """Claims, bindings and signs, each sign with the computer that made it."""

    claims: list[Claim]
    bindings: list[Binding]
    signs: list[tuple[Sign, truth.Sign]]


@dataclass
class Verdict:
    """The figures beside the truth: the whole time first, then week by week."""

    figures: list[tuple[str, Range, int]]
    wrong: int
    """Signs that were placed at another machine, for sure."""
    unsure_wrong: int
    """Signs that were placed at another machine, marked as inferred."""
    mixed: int
    """Devices with the cards of two computers."""

    def outside(self) -> list[tuple[str, Range, int]]:
        """Figures that do not hold the truth."""
        return [one for one in self.figures if not one[1].least <= one[2] <= one[1].most]

    def width(self, name: str) -> float:
        """The width of a figure, as a share of the truth."""
        ((_, found, true),) = [one for one in self.figures if one[0] == name]
        return (found.most - found.least) / true

    def faults(self, width: float, *, may_be_wrong: bool = False) -> list[str]:
        """All that is not as it must be."""
        found = [f"{name}: {said} does not hold {true}" for name, said, true in self.outside()]
        found += [
            f"{name}: width {self.width(name):.2f}"
            for name in ("infected", "known")
            if self.width(name) > width
        ]
        if self.wrong and not may_be_wrong:
            found.append(f"{self.wrong} signs at a wrong machine")
        if self.mixed:
            found.append(f"{self.mixed} devices of two computers")
        return found


def evidence(world: truth.World, *, with_leases: bool, seed: int = 1) -> Evidence:
    """The rows of all sources, in some order of arrival, a tenth of them twice."""
    chance = random.Random(seed)
    claims: list[Claim] = []
    bindings: list[Binding] = []
    rows: list[object] = [
        *world.neighbours,
        *world.translations,
        *world.inventory,
        *world.checks,
        *world.register,
    ]
    if with_leases:
        rows += world.leases
    for row in truth.reordered(rows, chance):
        match row:
            case truth.Lease():
                scope, span = world.paths[row.office], (_time(row.begin), _time(row.end))
                bindings.append(Binding(row.address, _card(row.card), *span, "dhcp", "lease", scope))
                claims.append(Claim((_card(row.card), Key("host", row.name)), *span, "dhcp", scope))
            case truth.Neighbour():
                at, scope = _time(row.at), world.paths[row.office]
                bindings.append(Binding(row.address, _card(row.card), at, at + 1, "arp", "neighbour", scope))
            case truth.Translation():
                span, key = (_time(row.begin), _time(row.end)), Key("address", row.inner)
                scope = world.paths[row.office]
                bindings.append(
                    Binding(row.public, key, *span, f"asa-{row.office}", "nat", scope, "tcp", row.port)
                )
            case truth.Inventory():
                keys = (Key("agent", row.agent), Key("host", row.name), _card(row.card))
                claims.append(Claim(keys, _time(row.at), _time(row.at) + 1, "antivirus", "t/"))
            case truth.Check():
                keys = (Key("hardware", row.hardware), Key("host", row.name), *map(_card, row.cards))
                claims.append(Claim(keys, _time(row.at), _time(row.at) + 1, "check", world.paths[row.office]))
            case truth.Entry() if row.card:
                keys = (Key("host", row.name), _card(row.card))
                claims.append(
                    Claim(
                        keys,
                        _time(0),
                        _time(400 * truth.DAY),
                        "register",
                        world.paths[row.office],
                        (("kind", "pc"),),
                    )
                )
    signs = [(_sign(row, world), row) for row in world.signs]
    chance.shuffle(signs)
    return Evidence(claims, bindings, signs)


def judge(
    world: truth.World,
    found: Evidence,
    *,
    compute: Callable[[Iterable[Claim], Iterable[Binding]], Devices] = devices_of,
    place: Callable[[Locator, Sign, truth.Sign], Place] = lambda locator, sign, _: locator.place(sign),
) -> Verdict:
    """The figures of the programs beside the truth. A fault is planted by other functions."""
    devices = compute(found.claims, found.bindings)
    clocks = differences([sign for sign, _ in found.signs], found.bindings)
    locator = Locator(found.bindings, devices, clocks=clocks)
    placed = [(place(locator, sign, row), row) for sign, row in found.signs]
    figures = [_infected("infected", placed, devices)]
    for week in range(WEEKS):
        some = [one for one in placed if one[1].at // (7 * truth.DAY) == week]
        figures.append(_infected(f"infected in week {week}", some, devices))
    figures.append(("known", known(devices).computers, _known(world)))
    owners = _owners(world)
    keys = {device.id: device.keys for device in devices.all}
    wrong = [one for one in placed if _is_wrong(one[0], one[1], owners, keys)]
    return Verdict(
        figures,
        sum(one[0].status == LOCATED for one in wrong),
        sum(one[0].status == INFERRED for one in wrong),
        sum(len(_computers(device.keys, owners)) > 1 for device in devices.all),
    )


def _infected(name: str, placed: list[tuple[Place, truth.Sign]], devices: Devices) -> tuple[str, Range, int]:
    said = infected([place for place, _ in placed], devices)
    return name, said.machines, len({row.computer for _, row in placed})


def _known(world: truth.World) -> int:
    """Computers with a card or an agent of their own that does not change, seen on three days or more."""
    return sum(
        bool(computer.wired or computer.agent or not computer.is_random)
        and len(world.seen_days.get(computer.number, ())) >= 3
        for computer in world.computers
    )


def _owners(world: truth.World) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for computer in world.computers:
        for value in (*computer.cards, *computer.names):
            found.setdefault(value, set()).add(computer.number)
    return found


def _computers(keys: Iterable[Key], owners: dict[str, set[int]]) -> set[int]:
    """The computers that alone own one of these cards."""
    found: set[int] = set()
    for key in keys:
        own = owners.get(key.value.rpartition(" ")[2], set())
        if key.kind in ("mac", "randommac", "host") and len(own) == 1:
            found |= own
    return found


def _is_wrong(
    place: Place, row: truth.Sign, owners: dict[str, set[int]], keys: dict[Key, tuple[Key, ...]]
) -> bool:
    if place.status not in (LOCATED, INFERRED):
        return False
    named = _computers(keys.get(place.device, (place.device,)), owners)
    return bool(named) and row.computer not in named


def _sign(row: truth.Sign, world: truth.World) -> Sign:
    keys = (_card(row.card),) if row.card else ()
    scope = world.paths[row.office] if row.office >= 0 else "t/"
    at = _time(row.at)
    return Sign(row.address, keys, at, at, f"log-{row.office}", scope, "tcp" if row.port else "", row.port)


def _card(text: str) -> Key:
    return Key("randommac" if int(text[:2], 16) & 2 else "mac", text)


def _time(seconds: int) -> int:
    return (EPOCH + seconds) * MICRO
