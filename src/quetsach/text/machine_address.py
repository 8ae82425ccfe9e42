"""Which addresses one machine can have for others. No row may tell of a machine with any other address."""

from __future__ import annotations

from ipaddress import ip_address

from quetsach.text.canonical import address

_SPECIAL = frozenset(map(str, (0, 127, *range(224, 256))))
"""First numbers of IPv4 addresses that may be those of no machine (RFC 6890)."""


def problem(known: str) -> str:
    """Why no machine has this canonical address for others, in English; empty where one can."""
    if ":" not in known and known.partition(".")[0] not in _SPECIAL:
        return ""  # millions of rows are asked about, and nearly all end here
    found = ip_address(known)
    if found.is_loopback or found.is_unspecified:
        return "is the address that every machine has for itself"
    if found.is_multicast or known == "255.255.255.255":
        return "is the address of a group, and not of a machine"
    if found.version == 4 and (found.is_reserved or known.startswith("0.")):
        return "is an address that nobody has"
    return ""


def machine_address(text: str) -> str | None:
    """The canonical form of an address that one machine can have for others; None for any other text."""
    found = address(text)
    return None if found is None or problem(found) else found
