"""QUIC in captures: the packets of the RFCs, and those of another library, in every possible order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from quetsach.scanning.engines.capture.aes import Aes128, opened
from tests.engines.captures import CLIENT, SERVER, WHEN, framed, shown
from tests.traffic import packets as p
from tests.traffic import quic as q

VECTORS = (Path(__file__).parent.parent / "data/quic-initials.txt").read_text().splitlines()[1:]
CLIENT_V1, SERVER_V1, CLIENT_V2 = (bytes.fromhex(line) for line in VECTORS)
ID, OTHER = bytes(range(8)), bytes(range(20, 28))
HELLO = p.client_hello("w.evil.example", padding=1500)[5:]
FOUND = [("evil.example", "server_name", CLIENT, 1, "allowed")]


def sent(*datagrams: bytes, port: int = 443) -> list[bytes]:
    return [p.ip(CLIENT, SERVER, p.UDP, p.udp(50_001, port, one)) for one in datagrams]


def one(frames: bytes, **how: object) -> bytes:
    return q.datagram([q.initial(frames, keyed_by=ID, **how)])  # type: ignore[arg-type]


@pytest.mark.parametrize("packet", [CLIENT_V1, CLIENT_V2], ids=["RFC 9001", "RFC 9369"])
def test_the_packets_of_the_rfcs_name_their_server(look, packet):
    result = look(framed(*sent(packet, SERVER_V1.ljust(1200, b"\0"))), "example.com")
    assert shown(result) == [("example.com", "server_name", CLIENT, 1, "allowed")]
    (hit,) = result.sightings
    assert hit.logformat == "pcap.quic"
    assert hit.evidence == f"{WHEN} pcap {CLIENT}:50001 > {SERVER}:443 QUIC example.com"


@pytest.mark.parametrize("version", [q.V1, q.V2])
@pytest.mark.parametrize("number_size", [1, 2, 4])
@pytest.mark.parametrize("order", ["kept", "reversed", "repeated", "one datagram", "to the server's id"])
def test_a_hello_over_several_packets_counts_once(look, version, number_size, order):
    parts = [(0, HELLO[:20]), (700, HELLO[700:1300]), (20, HELLO[20:700]), (1300, HELLO[1300:])]
    frames = [
        b"\x01" + q.crypto(*parts[0]) + q.crypto(*parts[1]) + bytes(9),
        b"\x02\x00\x00\x00\x00" + q.crypto(*parts[2]),
        q.crypto(*parts[3]),
    ]
    later = OTHER if order == "to the server's id" else ID
    made = [
        q.initial(
            f,
            keyed_by=ID,
            connection=later if i else ID,
            version=version,
            count=i,
            number_size=number_size,
        )
        for i, f in enumerate(frames)
    ]
    datagrams = [q.datagram([m]) for m in made]
    if order == "reversed":
        datagrams.reverse()
    if order == "repeated":
        datagrams *= 2
    if order == "one datagram":
        datagrams = [q.datagram(made)]
    assert shown(look(framed(*sent(*datagrams)), "evil.example")) == FOUND


def test_an_answer_to_a_retry_is_the_same_connection_and_a_new_one_is_not(look):
    frames = q.crypto(0, HELLO)
    retried = q.datagram([q.initial(frames, keyed_by=OTHER, token=b"again", count=1)])
    assert shown(look(framed(*sent(one(frames), retried)), "evil.example")) == FOUND
    another = q.datagram([q.initial(frames, keyed_by=OTHER)])
    assert shown(look(framed(*sent(one(frames), another)), "evil.example")) == [(*FOUND[0][:3], 2, "allowed")]


def test_a_packet_of_another_kind_in_the_same_datagram_is_passed_over(look):
    early = b"\xd0\0\0\0\x01\x08" + ID + b"\x00" + q.number(40) + bytes(40)
    both = q.datagram([early, q.initial(q.crypto(0, HELLO), keyed_by=ID)])
    assert shown(look(framed(*sent(both)), "evil.example")) == FOUND


@pytest.mark.parametrize(
    "datagrams",
    [
        [one(q.crypto(0, HELLO), sender="server in")],
        [q.initial(q.crypto(0, HELLO[:300]), keyed_by=ID)],
        [one(q.crypto(0, HELLO))[:-30][:1100]],
        [one(q.crypto(1, HELLO[1:]))],
        [bytes((b ^ (i == 600)) for i, b in enumerate(one(q.crypto(0, HELLO))))],
        [one(q.crypto(0, b"\x02" + HELLO[1:]))],
        [one(b"\x08" + q.crypto(0, HELLO))],
        [one(q.crypto(1 << 60, HELLO) + b"\x02\0\0" + q.number((1 << 62) - 1))],
        [bytes((0xC0, 0, 0, 0, 1, 255)).ljust(1200, b"\xff")],
        [bytes((0xC0, 0, 0, 0, 2)).ljust(1200, b"\0")],
    ],
    ids=["server", "short", "cut", "no begin", "changed", "no hello", "frame", "far", "lengths", "version"],
)
def test_what_is_no_first_packet_of_a_client_says_nothing(look, datagrams):
    result = look(framed(*sent(*datagrams)), "evil.example")
    assert (shown(result), result.coverage.errors, result.coverage.not_understood) == ([], [], 0)


def test_a_flood_of_begun_connections_takes_bounded_memory_and_ends(look):
    flood = [
        p.ip(f"10.1.{i // 250}.{i % 250 + 1}", SERVER, p.UDP, p.udp(50_001, 443, one(q.crypto(0, HELLO[:9]))))
        for i in range(520)
    ]
    rest = q.datagram([q.initial(q.crypto(9, HELLO[9:]), keyed_by=ID, count=1)])
    first = p.ip("10.1.0.1", SERVER, p.UDP, p.udp(50_001, 443, rest))
    last = p.ip("10.1.2.20", SERVER, p.UDP, p.udp(50_001, 443, rest))
    assert [device for _, _, device, *_ in shown(look(framed(*flood, first, last), "evil.example"))] == [
        "10.1.2.20"
    ]


def test_the_block_cipher_is_that_of_the_standard():
    # FIPS 197 appendix C.1.
    cipher = Aes128(bytes(range(16)))
    text = bytes.fromhex("00112233445566778899aabbccddeeff")
    assert cipher.encrypt(text).hex() == "69c4e0d86a7b0430d8cdb78070b4c55a"
    key, block = os.urandom(16), os.urandom(16)
    theirs = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    assert Aes128(key).encrypt(block) == theirs.update(block)


@given(
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=12, max_size=12),
    st.binary(max_size=70),
    st.binary(max_size=40),
    st.integers(0, 30),
)
def test_what_another_library_seals_is_opened_and_nothing_else(key, nonce, text, heading, at):
    sealed = AESGCM(key).encrypt(nonce, text, heading)
    assert opened(key, nonce, sealed, heading) == text
    changed = bytearray(sealed)
    changed[at % len(sealed)] ^= 1
    assert opened(key, nonce, bytes(changed), heading) is None
    assert opened(key, nonce, sealed, heading + b"\0") is None
