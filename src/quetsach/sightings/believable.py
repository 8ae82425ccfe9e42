"""What a row of a stranger's document may call its machine, and the way that this machine went around.

A log holds what clients write into it, so a program that calls itself anything has a row here. A portal opens
a case for the machine of a row: what cannot be a machine is refused with its reason (docs/contract.md 4).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from quetsach.bypass import providers
from quetsach.text import machine_address
from quetsach.text.canonical import address, is_numeric_name
from quetsach.text.unseen import has_unseen

_ITSELF = re.compile(r"(?:.+\.)?localhost(?:\.localdomain)?|ip6-(?:localhost|loopback)", re.IGNORECASE)
"""Names that every machine gives itself (RFC 6761 6.3)."""
_NOT_IN_NAMES = frozenset('<>"|*?:/`')
"""No operating system lets a computer's name hold these."""
_ESCAPE = re.compile(r"\\x[0-9a-f]{2}|\\u\{[0-9a-f]{1,6}\}")
"""A scanner spells a control or bidirectional character so."""
_FIRST = frozenset("_$")


@lru_cache(maxsize=1 << 14)
def device_problem(device: str) -> str:
    """Why no case may be opened for a machine of this name, in English; empty where one may."""
    found = address(device)
    if found is None:
        return _name_problem(device)
    if found != device:
        return f"device is an address and not in its canonical form, {found}"
    if wrong := machine_address.problem(found):
        return f"device {wrong}"
    if provider := providers.resolver_at(found):
        return f"device is the address of a public resolver ({provider}), and not of a machine that asked it"
    return ""


def _name_problem(device: str) -> str:
    if is_numeric_name(device.partition("%")[0]):
        return "device looks like an address and is none"
    if _ITSELF.fullmatch(device.removesuffix(".")):
        return "device is the name that every machine gives itself"
    if has_unseen(device) or _ESCAPE.search(device):
        return "device holds characters that no person can see"
    if _NOT_IN_NAMES & set(device) or device != device.strip():
        return "device is neither an address nor the name of a machine"
    if not (device[0].isalnum() or device[0] in _FIRST) or not any(map(str.isalnum, device)):
        return "device is neither an address nor the name of a machine"
    return ""


def who_problem(who: str, identity: Mapping[str, str]) -> str:
    """Why a row may not tell machines apart in this way; empty where it may."""
    kind, _, rest = who.partition(":")
    if who and (kind not in ("mac", "host", "nat") or not rest):
        return "who is not mac:, host: or nat: with a value"
    texts = (who, *identity, *identity.values())
    together = "".join(texts)
    if together.isascii() and together.isprintable():
        return ""  # most rows
    if any(map(has_unseen, texts)):
        return "who or identity holds characters that no person can see"
    return ""


def provider_problem(provider: str, kind: str) -> str:
    """Why there is no such way around; empty where there is. A foreign DNS server is its address."""
    if kind == "dns":
        return "" if address(provider) == provider else "provider is no address in canonical form"
    if (kind, provider) not in _listed():
        return "provider and kind are not on this portal's list of ways around"
    return ""


@cache
def _listed() -> frozenset[tuple[str, str]]:
    ways = map(providers.of, providers.load().entries)
    return frozenset((way.kind, way.name) for way in ways)
