"""Bytes of packets and captures, layer by layer: for generated traffic, and for tests that need odd ones."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import ip_address

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
TCP, UDP = 6, 17


def pcap_header(*, link: int = 1, order: str = "<", nanoseconds: bool = False, snap: int = 262_144) -> bytes:
    """The head of a pcap file."""
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    return struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snap, link)


def pcap_record(time: int, data: bytes, *, order: str = "<", snap: int = 262_144) -> bytes:
    """One packet captured at `time` microseconds."""
    kept = data[:snap]
    return struct.pack(order + "IIII", *divmod(time, 1_000_000), len(kept), len(data)) + kept


def pcap(
    packets: Iterable[tuple[int, bytes]], *, link: int = 1, order: str = "<", snap: int = 262_144
) -> bytes:
    """A whole pcap file of (microseconds, frame)."""
    records = (pcap_record(time, data, order=order, snap=snap) for time, data in packets)
    return pcap_header(link=link, order=order, snap=snap) + b"".join(records)


def block(kind: int, body: bytes, *, order: str = "<") -> bytes:
    """A pcapng block."""
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def section(*, order: str = "<") -> bytes:
    """A pcapng section header."""
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order=order)


def interface(link: int = 1, *, order: str = "<", snap: int = 0, options: bytes = b"") -> bytes:
    """A pcapng interface description; `options` are spelled by `option`."""
    return block(1, struct.pack(order + "HHI", link, 0, snap) + options, order=order)


def option(code: int, value: bytes, *, order: str = "<") -> bytes:
    """A pcapng option."""
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def enhanced(ticks: int, data: bytes, *, order: str = "<", number: int = 0) -> bytes:
    """A pcapng packet, its time in the ticks of its interface."""
    head = struct.pack(order + "IIIII", number, ticks >> 32, ticks & 0xFFFF_FFFF, len(data), len(data))
    return block(6, head + data, order=order)


def ethernet(
    packet: bytes,
    *,
    source: str = "02:00:00:00:00:05",
    target: str = "02:00:00:00:00:01",
    tags: Sequence[int] = (),
    kind: int | None = None,
) -> bytes:
    """An Ethernet frame, with VLAN tags if asked."""
    ethertype = kind if kind is not None else 0x86DD if packet[:1] and packet[0] >> 4 == 6 else 0x0800
    vlans = b"".join(struct.pack(">HH", 0x8100, tag) for tag in tags)
    head = bytes.fromhex((target + source).replace(":", ""))
    return head + vlans + struct.pack(">H", ethertype) + packet


def simple(data: bytes, *, order: str = "<") -> bytes:
    """A pcapng packet without a time."""
    return block(3, struct.pack(order + "I", len(data)) + data, order=order)


@lru_cache(maxsize=1 << 16)
def _packed(address: str) -> bytes:
    return ip_address(address).packed


def ip(
    source: str, target: str, protocol: int, payload: bytes, *, hops: int = 64, options: bytes = b""
) -> bytes:
    """An IPv4 or IPv6 packet; `options` are IPv4 options, or bytes of an IPv6 extension header 60."""
    ends = _packed(source) + _packed(target)
    if len(ends) == 32:
        if options:
            payload, protocol = bytes((protocol, len(options) // 8)) + options + payload, 60
        return struct.pack(">IHBB", 6 << 28, len(payload), protocol, hops) + ends + payload
    size = 20 + len(options)
    head = struct.pack(">BBHHHBBH", 0x40 | size // 4, 0, size + len(payload), 0, 0, hops, protocol, 0)
    return head + ends + options + payload


def pieces(
    source: str, target: str, protocol: int, payload: bytes, *, size: int, number: int = 7
) -> list[bytes]:
    """The packet cut into pieces of `size` bytes (a multiple of 8)."""
    out = []
    for at in range(0, len(payload), size):
        part, more = payload[at : at + size], at + size < len(payload)
        if ":" in source:
            head = struct.pack(">BBHI", protocol, 0, at | more, number)
            out.append(ip(source, target, 44, head + part))
        else:
            whole = ip(source, target, protocol, part)
            cut = struct.pack(">HH", number, at // 8 | (0x2000 if more else 0))
            out.append(whole[:4] + cut + whole[8:])
    return out


def udp(source_port: int, target_port: int, payload: bytes) -> bytes:
    """A UDP datagram."""
    return struct.pack(">HHHH", source_port, target_port, 8 + len(payload), 0) + payload


def tcp(
    source_port: int, target_port: int, payload: bytes = b"", *, seq: int = 0, ack: int = 0, flags: int = ACK
) -> bytes:
    """A TCP segment."""
    ports = struct.pack(">HHIIBBHHH", source_port, target_port, seq, ack, 0x50, flags, 0xFFFF, 0, 0)
    return ports + payload


def name(text: str) -> bytes:
    """A DNS name without compression."""
    labels = [label.encode() for label in text.split(".") if label]
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


def dns_query(asked: str, *, kind: int = 1, number: int = 1) -> bytes:
    """A DNS question."""
    return struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + name(asked) + struct.pack(">HH", kind, 1)


def dns_reply(
    asked: str, answers: Sequence[tuple[int, bytes]] = (), *, kind: int = 1, code: int = 0, number: int = 1
) -> bytes:
    """A DNS reply; answers are (type, data) for the name in the question."""
    head = struct.pack(">HHHHHH", number, 0x8180 | code, 1, len(answers), 0, 0)
    out = head + name(asked) + struct.pack(">HH", kind, 1)
    for number_, data in answers:
        out += struct.pack(">HHHIH", 0xC00C, number_, 1, 300, len(data)) + data
    return out


def client_hello(server_name: str | None, *, record: int = 16_384, padding: int = 0) -> bytes:
    """A TLS ClientHello in records of at most `record` bytes."""
    extensions = struct.pack(">HH", 0x0015, padding) + bytes(padding) if padding else b""
    if server_name is not None:
        host = server_name.encode()
        names = b"\0" + struct.pack(">H", len(host)) + host
        extensions += struct.pack(">HHH", 0, len(names) + 2, len(names)) + names
    body = b"\x03\x03" + bytes(range(32)) + b"\x20" + bytes(32) + b"\0\x04\x13\x01\x13\x02" + b"\x01\0"
    body += struct.pack(">H", len(extensions)) + extensions
    message = b"\x01" + len(body).to_bytes(3) + body
    parts = (message[at : at + record] for at in range(0, len(message), record))
    return b"".join(b"\x16\x03\x01" + struct.pack(">H", len(part)) + part for part in parts)


def request(host: str, target: str = "/", *, method: str = "GET", body: bytes = b"") -> bytes:
    """An HTTP request."""
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    head = f"{method} {target} HTTP/1.1\r\nUser-Agent: t\r\nHost: {host}\r\n{length}\r\n"
    return head.encode() + body
