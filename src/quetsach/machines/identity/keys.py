"""What a key is worth: its strength, the scope in which it counts, and values that many machines share."""

from __future__ import annotations

import tomllib
from functools import cache, lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import NamedTuple

from quetsach.files import packaged
from quetsach.machines.evidence import IDENTIFYING, Key

THINGS = ("hardware", "serial", "mac")
"""Kinds that stay with the metal. Ids come from these first: a name goes on to the next machine."""
NAMES = ("adsid", "agent", "duid", "domainhost")
"""Kinds that the system carries, so that the machine which replaces another one may inherit them."""
STRENGTH = {kind: number for number, kind in enumerate((*THINGS, *NAMES, "host", "randommac", "user"))}
"""Lower is stronger."""
_PRIVATE_ENDINGS = (
    "local", "localdomain", "lan", "home", "internal", "intranet", "corp", "private", "workgroup", "arpa",
    "test", "invalid", "localhost", "domain",
)  # fmt: skip
"""Last labels that no register of the internet hands out: RFC 6762 appendix G, RFC 2606, RFC 8375."""
_LABEL = 15
"""Letters that NetBIOS keeps of a host name."""

_PRIVATE_V4 = tuple(
    map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"))
)
"""RFC 1918, RFC 6598, RFC 3927."""
_PRIVATE_V6 = tuple(map(IPv6Network, ("fc00::/7", "fe80::/10")))
"""RFC 4193, RFC 4291."""

assert set(IDENTIFYING) == {*THINGS, *NAMES}


class _Shared(NamedTuple):
    prefixes: tuple[str, ...]
    left_empty: frozenset[Key]


@cache
def _shared() -> _Shared:
    table = tomllib.loads(packaged.read("machines/identity/shared.toml").decode())
    prefixes = [prefix for entry in table["virtual"] for prefix in entry["prefixes"]]
    empty = [Key(entry["kind"], value) for entry in table["left_empty"] for value in entry["values"]]
    return _Shared(tuple(prefixes), frozenset(empty))


@lru_cache(maxsize=1 << 16)
def is_shared_by_make(key: Key) -> bool:
    """Whether many machines have this value because of a maker or a program (`shared.toml`)."""
    if key.kind == "mac":
        return key.value.startswith(_shared().prefixes)
    return Key(key.kind, key.value.lower()) in _shared().left_empty


def is_scoped(key: Key) -> bool:
    """Whether the key counts only in the unit of its source and below."""
    if key.kind == "domainhost":
        return key.value.rpartition(".")[2] in _PRIVATE_ENDINGS
    return key.kind not in IDENTIFYING


def within(key: Key, scope: str) -> Key:
    """The same key, told apart from that of other units: the path, a space, the value."""
    return Key(key.kind, f"{scope} {key.value}") if scope else key


def node(key: Key, scope: str) -> Key:
    """The key as devices know it."""
    return within(key, scope) if is_scoped(key) else key


def label(key: Key) -> str:
    """The part of a host name that all sources share: its first label, as long as NetBIOS keeps it."""
    return key.value.rpartition(" ")[2].partition(".")[0].lower()[:_LABEL]


@lru_cache(maxsize=1 << 16)
def mac_within(address: str) -> Key | None:
    """The universally administered hardware address in an IPv6 address (RFC 4291 appendix A), or None."""
    if ":" not in address:
        return None
    octets = IPv6Address(address).packed[8:]
    # The bit is turned over in the interface identifier: set means universal.
    if octets[3:5] != b"\xff\xfe" or not octets[0] & 0x02 or octets[0] & 0x01:
        return None
    hardware = bytes((octets[0] ^ 0x02, *octets[1:3], *octets[5:]))
    return Key("mac", hardware.hex("-"))


@lru_cache(maxsize=1 << 16)
def is_private(address: str) -> bool:
    """Whether the address means another machine in another office."""
    if ":" in address:
        return any(IPv6Address(address) in network for network in _PRIVATE_V6)
    return any(IPv4Address(address) in network for network in _PRIVATE_V4)


@lru_cache(maxsize=1 << 16)
def prefix_64(address: str) -> str:
    """The /64 of an IPv6 address, as text."""
    return f"{IPv6Address(IPv6Address(address).packed[:8] + bytes(8))}/64"


@lru_cache(maxsize=1 << 16)
def is_temporary(address: str) -> bool:
    """Whether an IPv6 address has an interface identifier of 64 bits that look random (RFC 8981)."""
    if ":" not in address or mac_within(address) is not None:
        return False
    return int.from_bytes(IPv6Address(address).packed[8:]) >= 1 << 48
