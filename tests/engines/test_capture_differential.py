"""Both engines give the same answer for random traffic, whole, damaged and hostile."""

from __future__ import annotations

import itertools
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.scanning.engine import ScanOptions
from quetsach.scanning.engines.portable import LIMITS, PortableEngine, PortableMatcher
from tests.engines.both import few, tell
from tests.engines.indicator_sets import make_set
from tests.engines.native import ENGINE, scan
from tests.engines.random_lines import ADDRESSES, NAMES, URLS, indicators
from tests.traffic import packets as p
from tests.traffic import quic as q

pytestmark = pytest.mark.native
START = 1_790_000_000_000_000
DAY = 86_400_000_000

v4 = st.sampled_from(("10.0.0.5", "10.0.0.6", "203.0.113.9", "203.0.113.77", "8.8.8.8", "224.0.0.251"))
v6 = st.sampled_from(("2001:db8::1", "fd00::9", "2001:db8:1::7", "::ffff:203.0.113.9", "ff02::fb"))
port = st.sampled_from((53, 80, 443, 5353, 137, 8080, 50_000, 50_001))
listed = st.sampled_from([n for n in (*NAMES, *ADDRESSES) if 0 < len(n) < 64 and ".." not in n])
plain = st.sampled_from(["evil.example", "w.sub.evil.example", "fine.test", "shared.test", "203.0.113.9"])


@st.composite
def dns(draw: st.DrawFn) -> bytes:
    asked = draw(plain)
    if draw(st.booleans()):
        return p.dns_query(asked, kind=draw(st.sampled_from((1, 28, 16, 99))))
    data = st.sampled_from(
        (
            (1, bytes((203, 0, 113, 9))),
            (1, bytes(4)),
            (28, bytes(16)),
            (28, bytes.fromhex("20010db8000000000000000000000001")),
            (5, p.name("a.evil.example")),
            (5, b"\x01b\xc0\x0c"),
            (15, b"\0\x05" + p.name("bad.co.test")),
            (33, bytes(6) + p.name("evil.example")),
            (16, b"\x0cevil.example"),
            (5, b"\xc0\xff"),
        )
    )
    return p.dns_reply(asked, draw(st.lists(data, max_size=3)), code=draw(st.sampled_from((0, 0, 3, 9))))


def _netbios(text: str) -> bytes:
    padded = text.upper().encode()[:15].ljust(15) + b"\0"
    return bytes(b for byte in padded for b in (0x41 + (byte >> 4), 0x41 + (byte & 15)))


netbios = listed.map(lambda n: p.dns_query("x", kind=32).replace(p.name("x"), b"\x20" + _netbios(n) + b"\0"))
hello = st.builds(
    p.client_hello,
    st.one_of(st.none(), listed),
    record=st.sampled_from((16_384, 60, 3)),
    padding=st.sampled_from((0, 300)),
)
asked = st.builds(
    p.request,
    listed,
    st.sampled_from(["/a/gate.php?x", *(u for u in URLS if " " not in u)]),
    method=st.sampled_from(("GET", "POST", "CONNECT", "FOO")),
    body=st.sampled_from((b"", b"x" * 40, b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")),
)
junk = st.sampled_from(
    (b"", b"\x16", b"\x16\x03\x01\xff\xff\x01", b"GE", b"GET /\r\n\r\n", b"\0", b"POST " * 9, b"\0\x05abcde")
)
framed = dns().map(lambda m: len(m).to_bytes(2) + m)
content = st.one_of(hello, asked, junk, framed, st.binary(max_size=20))


@st.composite
def conversation(draw: st.DrawFn) -> list[bytes]:
    """Segments of one TCP connection, in pieces, disordered, repeated or lost."""
    versions = draw(st.sampled_from((v4, v6)))
    client, server = draw(versions), draw(versions)
    ports = draw(st.sampled_from((50_000, 50_001, 443))), draw(st.sampled_from((53, 80, 443, 8080)))
    first = draw(st.sampled_from((1000, 0xFFFF_FFF0)))

    def segment(seq: int, data: bytes = b"", flags: int = p.ACK, *, reverse: bool = False) -> bytes:
        ends = (server, client) if reverse else (client, server)
        own = ports[::-1] if reverse else ports
        made = p.tcp(*own, data, seq=seq % (1 << 32), ack=(first + 1) % (1 << 32), flags=flags)
        return p.ip(*ends, p.TCP, made, hops=draw(st.sampled_from((64, 63))))

    out = []
    if draw(st.booleans()):
        out.append(segment(first, flags=p.SYN))
    if draw(st.booleans()):
        out.append(segment(5000, flags=p.SYN | p.ACK, reverse=True))
    data = b"".join(draw(st.lists(content, min_size=1, max_size=4)))
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=6)))
    bounds = [0, *cuts, len(data)]
    parts = [
        segment(first + 1 + a, data[a : b + draw(st.sampled_from((0, 0, 0, 5)))], reverse=False)
        for a, b in itertools.pairwise(bounds)
    ]
    order = draw(st.sampled_from(("kept", "kept", "shuffled", "lost")))
    if order == "shuffled":
        parts = draw(st.permutations(parts))
    if order == "lost" and len(parts) > 1:
        del parts[draw(st.integers(0, len(parts) - 1))]
    out += parts
    if draw(st.booleans()):
        reply = b"".join(draw(st.lists(content, max_size=2)))
        out.insert(draw(st.integers(0, len(out))), segment(5001, reply, reverse=True))
    if draw(st.booleans()):
        out.append(segment(first + 1 + len(data), flags=draw(st.sampled_from((p.RST, p.FIN | p.ACK, p.SYN)))))
    return out


@st.composite
def datagrams(draw: st.DrawFn) -> list[bytes]:
    """UDP, ICMP and other packets, some of them in fragments."""
    versions = draw(st.sampled_from((v4, v6)))
    source, target = draw(versions), draw(versions)
    protocol, payload = draw(
        st.one_of(
            st.tuples(
                st.just(p.UDP),
                st.builds(p.udp, port, port, st.one_of(dns(), netbios, st.binary(max_size=30))),
            ),
            st.tuples(
                st.sampled_from((1, 58)),
                st.sampled_from((b"\x08\0", b"\0\0", b"\x80\0", b"\x81\0", b"\x03", b"")),
            ),
            st.tuples(st.sampled_from((47, 132)), st.binary(max_size=8)),
        )
    )
    if payload and draw(st.integers(0, 3)) == 0:
        parts = p.pieces(source, target, protocol, payload, size=draw(st.sampled_from((8, 24))))
        if draw(st.booleans()):
            parts = draw(st.permutations(parts))
        return parts[: draw(st.integers(1, len(parts)))]
    options = draw(st.sampled_from((b"", b"", bytes(8))))
    if ":" in source and options:
        options = bytes(6)
    return [p.ip(source, target, protocol, payload, options=options)]


CONNECTIONS = (b"", bytes(range(8)), bytes(range(20)), bytes(21))


@st.composite
def quic(draw: st.DrawFn) -> list[bytes]:
    """The first packets of QUIC connections between two ends, in pieces, disordered, repeated or changed."""
    versions = draw(st.sampled_from((v4, v6)))
    client, server = draw(versions), draw(versions)
    ports = draw(port), draw(st.sampled_from((443, 853, 53)))
    out = []
    for _ in range(draw(st.integers(1, 2))):
        hello = p.client_hello(draw(st.one_of(st.none(), listed)), padding=draw(st.sampled_from((0, 900))))[
            5:
        ]
        keyed_by = draw(st.sampled_from(CONNECTIONS))
        version = draw(st.sampled_from((q.V1, q.V2)))
        cuts = sorted(draw(st.lists(st.integers(0, len(hello)), max_size=3)))
        frames = [
            draw(
                st.sampled_from((b"", b"\x01", b"\x02\x05\x00\x01\x00\x01\x00", b"\x1c\x00\x00\x00", b"\x1e"))
            )
            + q.crypto(a, hello[a : b + draw(st.sampled_from((0, 0, 7)))])
            for a, b in itertools.pairwise([0, *cuts, len(hello)])
        ]
        packets = [
            q.initial(
                body,
                keyed_by=keyed_by,
                connection=draw(st.sampled_from((None, None, *CONNECTIONS))) if i else None,
                version=version,
                count=draw(st.sampled_from((i, 300))),
                number_size=draw(st.sampled_from((2, 3, 4))),
                token=draw(st.sampled_from((b"", b"", b"again"))),
            )
            for i, body in enumerate(frames)
        ]
        if draw(st.booleans()):
            packets = draw(st.permutations(packets))
        if draw(st.booleans()):
            packets = [b"".join(packets)]
        out += [q.datagram([one], size=draw(st.sampled_from((1200, 1200, 1300, 900)))) for one in packets]
    if draw(st.integers(0, 3)) == 0:
        chosen = draw(st.integers(0, len(out) - 1))
        at = draw(st.integers(0, 60))
        out[chosen] = out[chosen][:at] + bytes((draw(st.integers(0, 255)),)) + out[chosen][at + 1 :]
    return [p.ip(client, server, p.UDP, p.udp(*ports, one)) for one in out]


HARDWARE = ("02:00:00:00:00:05", "02:00:00:00:00:01", "02:00:00:00:00:06", "ff:ff:ff:ff:ff:ff")
SLL = bytes.fromhex("0000000100060200000000090000")
SLL2 = bytes.fromhex("000000000001000100060200000000090000")


def _ethertype(packet: bytes) -> bytes:
    return b"\x86\xdd" if packet[0] >> 4 == 6 else b"\x08\0"


LINKS = {
    1: p.ethernet,
    113: lambda packet: SLL + _ethertype(packet) + packet,
    276: lambda packet: _ethertype(packet) + SLL2 + packet,
    101: lambda packet: packet,
    0: lambda packet: (b"\x1e\0\0\0" if packet[0] >> 4 == 6 else b"\x02\0\0\0") + packet,
    9: lambda packet: b"\xff\x03" + (b"\0\x57" if packet[0] >> 4 == 6 else b"\0\x21") + packet,
    147: lambda packet: packet,
}


@st.composite
def captures(draw: st.DrawFn) -> bytes:
    talks = draw(st.lists(st.one_of(conversation(), datagrams(), quic()), min_size=1, max_size=5))
    packets = [packet for talk in talks for packet in talk]
    if draw(st.booleans()):
        # Interleaved, each conversation in its own order.
        packets = [talk[i] for i in range(max(map(len, talks))) for talk in talks if i < len(talk)]
    link = draw(st.sampled_from((1, 1, 1, *LINKS)))
    step = draw(st.sampled_from((1, 1000, DAY // 3)))
    build = LINKS[link]
    if link == 1 and draw(st.booleans()):
        # Frames between a client and a router, and of a third machine with the client's address.
        seed = draw(st.randoms(use_true_random=False))

        def build(packet: bytes) -> bytes:
            source, target = seed.choice(HARDWARE), seed.choice(HARDWARE)
            return p.ethernet(packet, source=source, target=target)

    frames = [(START + i * step, build(packet)) for i, packet in enumerate(packets)]
    order = draw(st.sampled_from("<>"))
    if draw(st.booleans()):
        data = p.pcap(frames, link=link, order=order, snap=draw(st.sampled_from((65_535, 65_535, 90, 1250))))
    else:
        resolution = draw(st.sampled_from((6, 9, 3, 0x8A)))
        options = p.option(9, bytes((resolution,)), order=order)
        options += draw(st.sampled_from((b"", p.option(14, bytes(8), order=order))))
        data = p.section(order=order) + p.interface(link, order=order, options=options)
        scale = 1024 / 1e6 if resolution == 0x8A else 10.0 ** (resolution - 6)
        data += b"".join(p.enhanced(int(t * scale), frame, order=order) for t, frame in frames)
        if draw(st.booleans()):
            data += p.simple(frames[0][1], order=order)
    if draw(st.integers(0, 3)) == 0:
        at = draw(st.integers(24, len(data) - 1))
        change = draw(st.sampled_from(("cut", "byte", "insert")))
        if change == "cut":
            data = data[:at]
        elif change == "byte":
            data = data[:at] + bytes((draw(st.integers(0, 255)),)) + data[at + 1 :]
        else:
            data = data[:at] + draw(st.binary(min_size=1, max_size=8)) + data[at:]
    return data


@few
@given(indicators, captures(), st.booleans(), st.sampled_from((1, 2, 1 << 16)))
def test_native_says_what_portable_says(values: list[str], data: bytes, devices: bool, flows: int) -> None:
    items = make_set(values)
    portable = PortableMatcher(items, replace(LIMITS, flows=flows))
    native = ENGINE.compile(items)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "capture"
        path.write_bytes(data)
        expected = portable.scan(path, ScanOptions(devices=devices), PortableEngine().progress())
        found = scan(native, path, devices=devices, flows=flows)
    assert list(found.sightings) == list(expected.sightings)
    assert found.coverage == expected.coverage
    tell(expected)
