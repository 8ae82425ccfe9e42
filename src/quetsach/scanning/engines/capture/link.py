"""From the link layer to the IP packet in it (link types: www.tcpdump.org/linktypes.html)."""

from __future__ import annotations

from typing import Literal, NamedTuple

ETHERNET = 1
"""The link type whose frames begin with the hardware address of the receiver."""
_ETHERNET_HARDWARE = 1
_FAMILIES = {2, 10, 24, 28, 30}
_VLAN = {0x8100, 0x88A8, 0x9100}
_IP = {0x0800, 0x86DD}
_PPPOE = 0x8864
_MPLS = {0x8847, 0x8848}
_LONGEST_802_3 = 1500
_SNAP = bytes((0xAA, 0xAA, 3, 0, 0, 0))
_NFLOG_PAYLOAD = 9


class BrokenError(Exception):
    """Cut short or contradictory."""


class UnknownLinkError(Exception):
    """The link type is not known."""


class Frame(NamedTuple):
    """An IP packet and the hardware address of its sender on this link."""

    packet: bytes
    mac: bytes | None


def frame(link: int, data: bytes) -> Frame | None:
    """The IP packet in a frame; None if it carries no IP. Raises BrokenError, UnknownLinkError."""
    if link == ETHERNET:
        if len(data) < 14:
            raise BrokenError
        return _by_ethertype(_half(data, 12), data[14:], _hardware(data[6:12]))
    if link in (12, 14, 101, 228, 229):
        return Frame(data, None)
    if link in (0, 108):
        if len(data) < 4:
            raise BrokenError
        families = {int.from_bytes(data[:4], "little"), int.from_bytes(data[:4], "big")}
        return Frame(data[4:], None) if families & _FAMILIES else None
    if link in (9, 50):
        return _ppp(data.removeprefix(b"\xff\x03"), None)
    if link == 51:
        return _pppoe(data, None)
    if link == 239:
        return _nflog(data)
    least = {104: 4, 113: 16, 276: 20}.get(link)
    if least is None:
        raise UnknownLinkError
    if len(data) < least:
        raise BrokenError
    if link == 104:
        return _by_ethertype(_half(data, 2), data[4:], None)
    if link == 113:
        return _by_ethertype(_half(data, 14), data[16:], _cooked(_half(data, 2), _half(data, 4), data[6:12]))
    return _by_ethertype(_half(data, 0), data[20:], _cooked(_half(data, 8), data[11], data[12:18]))


def _half(data: bytes, at: int) -> int:
    return data[at] << 8 | data[at + 1]


def _hardware(data: bytes) -> bytes | None:
    return data if any(data) and not data[0] & 1 else None


def _cooked(kind: int, size: int, data: bytes) -> bytes | None:
    return _hardware(data) if kind == _ETHERNET_HARDWARE and size == 6 else None


def _by_ethertype(kind: int, rest: bytes, mac: bytes | None) -> Frame | None:
    while kind in _VLAN or kind <= _LONGEST_802_3:
        if kind in _VLAN:
            if len(rest) < 4:
                raise BrokenError
            kind, rest = _half(rest, 2), rest[4:]
        else:
            # IEEE 802.3: a length, and the type behind it (RFC 1042).
            if not rest.startswith(_SNAP) or len(rest) < 8 or _half(rest, 6) <= _LONGEST_802_3:
                return None
            kind, rest = _half(rest, 6), rest[8:kind]
    if kind in _IP:
        return Frame(rest, mac)
    if kind in _MPLS:
        return _mpls(rest, mac)
    return _pppoe(rest, mac) if kind == _PPPOE else None


def _mpls(data: bytes, mac: bytes | None) -> Frame | None:
    """RFC 3032: labels of four bytes; the last label marks itself. The first bytes below show their
    protocol."""
    for at in range(0, len(data) - 4, 4):
        if data[at + 2] & 1:
            packet = data[at + 4 :]
            return Frame(packet, mac) if packet[0] >> 4 in (4, 6) else None
    raise BrokenError


def _nflog(data: bytes) -> Frame | None:
    """Attributes in the byte order of the machine that wrote them, one of them the packet."""
    if len(data) < 8:
        raise BrokenError
    # No attribute has a number beyond a byte, and none is 0.
    order: Literal["little", "big"] = "big" if data[7] else "little"
    at = 4
    while at + 4 <= len(data):
        length, kind = (int.from_bytes(data[i : i + 2], order) for i in (at, at + 2))
        if length < 4:
            raise BrokenError
        if kind == _NFLOG_PAYLOAD:
            return Frame(data[at + 4 : at + length], None)
        at += length + -length % 4
    return None


def _pppoe(data: bytes, mac: bytes | None) -> Frame | None:
    """RFC 2516."""
    if len(data) < 6 or data[0] != 0x11:
        raise BrokenError
    return _ppp(data[6:], mac) if data[1] == 0 else None


def _ppp(data: bytes, mac: bytes | None) -> Frame | None:
    """RFC 1661 2; the protocol takes one byte where both ends agreed so (6.5)."""
    if data[:1] in (b"\x21", b"\x57"):
        return Frame(data[1:], mac)
    if data[:2] in (b"\0\x21", b"\0\x57"):
        return Frame(data[2:], mac)
    if len(data) < 2:
        raise BrokenError
    return None
