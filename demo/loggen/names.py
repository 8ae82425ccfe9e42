"""Invented names and addresses: nothing generated here names a real site or network.

Names end in the user-assigned codes of ISO 3166-1, which are never delegated as top-level domains (RFC 6761's
own names would be stopped by the guard rails). IPv4 addresses come from blocks that are hardly announced
at all, IPv6 addresses from space that IANA has not allocated (2d00::/8).
"""

from __future__ import annotations

import ipaddress
from random import Random

CODES = (
    "qz",
    "xz",
    "qm",
    "xa",
    "zz",
    "qt",
    "xr",
    "qv",
    "xs",
    "qn",
    "xd",
    "qw",
    "xf",
    "qo",
    "xl",
    "aa",
    "qx",
    "xt",
)
BLOCKS = (6, 7, 11, 21, 22, 26, 28, 29, 30, 33, 55, 214, 215)
V6_BLOCK = 0x2D00 << 112

_STARTS = [
    "ba", "be", "bi", "bo", "bu", "ca", "ce", "co", "da", "de", "di", "do", "fa", "fe", "fi", "ga", "go",
    "ha", "hi", "ho", "ka", "ke", "ki", "ko", "la", "le", "li", "lo", "ma", "me", "mi", "mo", "na", "ne",
    "no",
]  # fmt: skip
_MIDDLES = [
    "ra", "re", "ri", "ro", "ru", "sa", "se", "si", "so", "ta", "te", "ti", "to", "va", "ve", "vi", "vo",
    "wa", "xe", "ya", "yo", "za", "ze", "zo", "lan", "mar", "ten", "vin", "gor", "sel", "bit",
]  # fmt: skip
_ENDS = [
    "x", "t", "nk", "rd", "ly", "n", "r", "s", "m", "la", "no", "ra", "ta", "via", "net", "hub", "lab",
    "box", "web", "pay", "top", "ix", "go", "soft", "shop", "cloud", "data", "mail", "play",
]  # fmt: skip
_HOSTS = [
    "www", "mail", "cdn", "api", "img", "static", "update", "m", "login", "ns1", "ns2", "shop", "app",
    "edge", "a", "b", "c", "x1", "s3", "dl", "gw", "ws", "auth", "files", "news",
]  # fmt: skip
_HEX = "0123456789abcdefghijklmnopqrstuvwxyz"


def code(rng: Random) -> str:
    """A top-level code; a few carry most names, as in real traffic."""
    return CODES[int(len(CODES) * rng.random() ** 2.5)]


def word(rng: Random) -> str:
    """A label that can be pronounced."""
    pick = rng.random
    text = _STARTS[int(pick() * len(_STARTS))] + _MIDDLES[int(pick() * len(_MIDDLES))]
    if pick() < 0.6:
        text += _MIDDLES[int(pick() * len(_MIDDLES))]
    return text + _ENDS[int(pick() * len(_ENDS))]


def host_label(rng: Random) -> str:
    """The leftmost label of a host: a common one, sometimes numbered."""
    label = _HOSTS[int(rng.random() * len(_HOSTS))]
    return label if rng.random() < 0.7 else f"{label}{int(rng.random() * 90)}"


def generated_label(rng: Random) -> str:
    """Twelve to twenty letters and digits, like those of a domain generation algorithm."""
    return "d" + "".join(rng.choices(_HEX, k=11 + int(rng.random() * 9)))


def ipv4(rng: Random) -> str:
    """A public IPv4 address of the blocks."""
    bits = rng.getrandbits(24)
    first = BLOCKS[int(rng.random() * len(BLOCKS))]
    return f"{first}.{bits >> 16}.{bits >> 8 & 255}.{1 + (bits & 255) % 254}"


def ipv6(rng: Random) -> str:
    """An IPv6 address in its compressed form (RFC 5952)."""
    network = rng.getrandbits(40) << 80
    tail = rng.getrandbits(64) if rng.random() < 0.4 else 1 + rng.getrandbits(12)
    return str(ipaddress.IPv6Address(V6_BLOCK | network & ~(0xFF << 120) | tail))


def full_ipv6(address: str) -> str:
    """The eight groups of four digits, in Suricata's spelling; IPv4 stays as it is."""
    return ipaddress.IPv6Address(address).exploded if ":" in address else address


SHARED_PARENTS = tuple(
    f"{name}.{CODES[i % 6]}"
    for i, name in enumerate(
        [
            "dynhome",
            "myddns",
            "pageshost",
            "freesite",
            "onlinebox",
            "appspace",
            "quickdns",
            "hostfree",
            "sitebuild",
            "homelink",
        ]
    )
)
"""Free hosting and dynamic DNS: good and bad customers under one name that is itself never listed."""

SHARED_HOSTS = tuple(
    f"{name}.{CODES[i % 6]}"
    for i, name in enumerate(
        [
            "files.cloudstore",
            "raw.codeshare",
            "cdn.chatline",
            "drive.docspace",
            "dl.mirrornet",
            "paste.textbin",
            "s1.imgstore",
        ]
    )
)
"""Hosts with good pages that everybody visits, and single listed paths."""
