"""`python -m bench machines`: signs bound to leases, devices computed as a whole and by component."""

from __future__ import annotations

import argparse
import random
import resource
import time
from collections.abc import Callable, Iterator

from bench import measure
from quetsach.machines.evidence import Binding, Claim, Key, Sign
from quetsach.machines.identity.components import Evidence, components
from quetsach.machines.identity.devices import devices_of
from quetsach.machines.identity.locating import Locator

HOUR = 3_600_000_000
BEGIN = 20_000 * 24 * HOUR
_IN_UNIT = 50
"""Machines of one office."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `bench machines`."""
    parser.add_argument("--leases", type=int, default=500_000)
    parser.add_argument("--signs", type=int, default=1_000_000)
    parser.add_argument("--machines", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)


def machines(asked: argparse.Namespace) -> int:
    """Measure and print; 0."""
    chance = random.Random(asked.seed)
    claims, bindings = _leases(asked, chance)
    signs = list(_signs(asked, bindings, chance))
    print(measure.machine())
    print("| step | rows | processor s |")
    print("| --- | --- | --- |")
    devices, whole = _timed(lambda: devices_of(claims, bindings))
    print(f"| devices of the whole | {len(claims) + len(bindings):,} | {whole:.1f} |")
    locator, built = _timed(lambda: Locator(bindings, devices))
    print(f"| tables | {len(bindings):,} | {built:.1f} |")
    places, placed = _timed(lambda: [locator.place(sign) for sign in signs])
    print(f"| signs placed | {len(signs):,} | {placed:.1f} |")
    print(f"| **signs bound to leases** | | **{whole + built + placed:.1f}** |")
    parts, cut = _timed(lambda: components([*claims, *bindings]))
    print(f"| components | {len(parts):,} | {cut:.1f} |")
    some = parts[:: max(1, len(parts) // 1000)]
    _, one = _timed(lambda: [_touched(part) for part in some])
    print(f"| one component computed anew | {len(some):,} times | {one / len(some):.6f} each |")
    located = sum(place.status == "located" for place in places)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(devices.all):,} devices, {located:,} signs located, {peak:,.0f} MiB at most")
    return 0


def _touched(part: Evidence) -> int:
    return len(part.devices().all)


def _timed[Answer](work: Callable[[], Answer]) -> tuple[Answer, float]:
    begun = time.process_time()
    return work(), time.process_time() - begun


def _leases(asked: argparse.Namespace, chance: random.Random) -> tuple[list[Claim], list[Binding]]:
    claims, bindings = [], []
    each = asked.leases // asked.machines
    for number in range(asked.machines):
        unit, place = divmod(number, _IN_UNIT)
        scope = f"t/{unit // 100}/{unit}/"
        key = Key("mac", f"00-1b-21-{number >> 16 & 255:02x}-{number >> 8 & 255:02x}-{number & 255:02x}")
        name = Key("host", f"pc-{unit}-{place}")
        for day in range(each):
            begin = BEGIN + day * 24 * HOUR + chance.randrange(HOUR)
            end = begin + 9 * HOUR
            address = f"192.168.{unit % 4}.{10 + (place + day * (place % 3)) % 200}"
            bindings.append(Binding(address, key, begin, end, "dhcp", "lease", scope))
            claims.append(Claim((key, name), begin, end, "dhcp", scope))
    return claims, bindings


def _signs(asked: argparse.Namespace, bindings: list[Binding], chance: random.Random) -> Iterator[Sign]:
    for _ in range(asked.signs):
        lease = chance.choice(bindings)
        moment = lease.begin + chance.randrange(-HOUR, 10 * HOUR)
        yield Sign(lease.address, (), moment, moment, "dns", lease.scope)
