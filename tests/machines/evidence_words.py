"""Evidence in few words, for tests. Times are of the year 2026 in UTC; hardware addresses are RFC 7042's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from quetsach.machines.evidence import Binding, Claim, Decision, Key, Sign
from quetsach.machines.identity.devices import Devices, devices_of
from quetsach.machines.identity.locating import Locator, Place

type Evidence = Claim | Binding | Decision


def at(text: str) -> int:
    """Microseconds since 1970 of `03-02 08:00` or `03-02 08:00:30`."""
    return int(datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC).timestamp()) * 1_000_000


def mac(letter: str) -> Key:
    """The hardware address of a card, by a letter."""
    return Key("mac", f"00-00-5e-00-53-{ord(letter):02x}")


def random_mac(letter: str) -> Key:
    return Key("randommac", f"02-00-5e-00-53-{ord(letter):02x}")


def host(name: str) -> Key:
    return Key("host", name)


def hardware(letter: str) -> Key:
    return Key("hardware", f"4c4c4544-0000-1000-8000-0000000000{ord(letter):02x}")


def seen(*keys: Key, on: str, until: str = "", scope: str = "", source: str = "seen", **about: str) -> Claim:
    begin = at(on)
    return Claim(keys, begin, at(until) if until else begin + 1, source, scope, tuple(about.items()))


def lease(
    address: str, key: Key, begin: str, end: str, name: str = "", scope: str = "", source: str = "dhcp"
) -> list[Evidence]:
    """A lease, and the client's name in it."""
    span = at(begin), at(end)
    told: list[Evidence] = [Binding(address, key, *span, source, "lease", scope)]
    if name:
        told.append(Claim((key, host(name)), *span, source, scope))
    return told


def leases(address: str, key: Key, days: str, name: str = "", scope: str = "") -> list[Evidence]:
    """A lease from 08:00 to 17:00 on each of some days, such as `03-02 03-03`."""
    return [
        one
        for day in days.split()
        for one in lease(address, key, f"{day} 08:00", f"{day} 17:00", name, scope)
    ]


def neighbour(address: str, key: Key, on: str, scope: str = "") -> Binding:
    return Binding(address, key, at(on), at(on) + 1, "arp", "neighbour", scope)


def fixed(address: str, key: Key, begin: str, end: str, scope: str = "") -> Binding:
    return Binding(address, key, at(begin), at(end), "register", "fixed", scope)


def nat(address: str, port: int, key: Key, begin: str, end: str, scope: str = "") -> Binding:
    return Binding(address, key, at(begin), at(end), "asa", "nat", scope, "tcp", port)


def decided(
    verdict: str, left: Key, right: Key | None = None, on: str = "04-01 08:00", rank: int = 3, **more: str
) -> Decision:
    return Decision(verdict, left, right, at(on), "ha", rank, **more)


def sign(
    address: str, on: str, *keys: Key, scope: str = "", until: str = "", port: int = 0, protocol: str = ""
) -> Sign:
    return Sign(
        address, keys, at(on), at(until or on), "dns", scope, protocol or ("tcp" if port else ""), port
    )


def devices(*evidence: Evidence | list[Evidence]) -> Devices:
    """The devices that this evidence makes."""
    flat = [one for some in evidence for one in (some if isinstance(some, list) else [some])]
    return devices_of(
        [one for one in flat if isinstance(one, Claim)],
        [one for one in flat if isinstance(one, Binding)],
        [one for one in flat if isinstance(one, Decision)],
    )


def located(told: Sign, *evidence: Evidence | list[Evidence], **more: Any) -> Place:
    """Where this evidence places a sign."""
    flat = [one for some in evidence for one in (some if isinstance(some, list) else [some])]
    bindings = [one for one in flat if isinstance(one, Binding)]
    return Locator(bindings, devices(*evidence), **more).place(told)


def parts(found: Devices) -> list[set[Key]]:
    """The keys of each device."""
    return [set(device.keys) for device in found.all]
