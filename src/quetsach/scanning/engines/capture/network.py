"""IPv4 (RFC 791) and IPv6 (RFC 8200), down to their payload.

An address is one number, IPv4 as the IPv6 address it is mapped to (RFC 4291 2.5.5.2).
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address
from typing import NamedTuple

from quetsach.text.canonical import embedded

MAPPED = 0xFFFF_0000_0000
MOST_HEADERS = 16
"""Extension headers that are passed over, at most."""


@lru_cache(maxsize=1 << 16)
def text_of(address: int) -> str:
    """The canonical spelling of an address."""
    whole = IPv6Address(address)
    return str(embedded(whole) or whole)


class Piece(NamedTuple):
    """Where a piece belongs in a datagram that was cut up."""

    id: int
    offset: int
    more: bool


class Datagram(NamedTuple):
    """One IP packet. `hops` left to it; `missing` bytes of it were sent and not captured."""

    source: int
    target: int
    protocol: int
    hops: int
    payload: bytes
    missing: int
    piece: Piece | None


def datagram(data: bytes) -> Datagram | None:
    """The datagram, or None where its headers cannot be read."""
    version = data[0] >> 4 if data else 0
    if version == 4:
        return _version4(data)
    return _version6(data) if version == 6 else None


def _half(data: bytes, at: int) -> int:
    return data[at] << 8 | data[at + 1]


def _version4(data: bytes) -> Datagram | None:
    if len(data) < 20:
        return None
    head = (data[0] & 15) * 4
    if not 20 <= head <= len(data):
        return None
    captured = len(data) - head
    # A network card that cuts segments itself leaves 0 here.
    sent = (_half(data, 2) or len(data)) - head
    if sent < 0:
        return None
    cut = _half(data, 6)
    piece = Piece(_half(data, 4), (cut & 0x1FFF) * 8, bool(cut & 0x2000)) if cut & 0x3FFF else None
    return Datagram(
        MAPPED | int.from_bytes(data[12:16]),
        MAPPED | int.from_bytes(data[16:20]),
        data[9],
        data[8],
        data[head : head + min(captured, sent)],
        max(sent - captured, 0),
        piece,
    )


def _version6(data: bytes) -> Datagram | None:
    if len(data) < 40:
        return None
    captured = len(data) - 40
    sent = _half(data, 4) or captured
    found = extensions(data[6], data[40 : 40 + min(captured, sent)])
    if found is None:
        return None
    protocol, payload, piece = found
    source, target = int.from_bytes(data[8:24]), int.from_bytes(data[24:40])
    return Datagram(source, target, protocol, data[7], payload, max(sent - captured, 0), piece)


def extensions(following: int, rest: bytes) -> tuple[int, bytes, Piece | None] | None:
    """The payload behind the extension headers (RFC 8200 4), up to the fragment header of a piece."""
    for _ in range(MOST_HEADERS):
        if following not in (0, 43, 44, 51, 60, 135):
            return following, rest, None
        if len(rest) < 2:
            return None
        size = {44: 8, 51: (rest[1] + 2) * 4}.get(following, (rest[1] + 1) * 8)
        if len(rest) < size:
            return None
        head, rest = rest[:size], rest[size:]
        if following == 44:
            cut = _half(head, 2)
            if cut & 0xFFF9:
                return head[0], rest, Piece(int.from_bytes(head[4:8]), cut & 0xFFF8, bool(cut & 1))
        following = head[0]
    return None
