"""Captures written by dpkt, odd frames, damage and floods: their contacts, and the parts not read."""

from __future__ import annotations

import gzip
import io
import itertools
import struct
import zipfile
from collections.abc import Iterable

import dpkt
import pytest

from quetsach.text import problems
from tests.engines.captures import CLIENT, RESOLVER, SERVER, START, WHEN, capture, framed, shown
from tests.openers.reading import read
from tests.traffic import packets as p


def written_by_dpkt(frames: Iterable[bytes], *, is_ng: bool) -> bytes:
    out = io.BytesIO()
    writer = (dpkt.pcapng.Writer if is_ng else dpkt.pcap.Writer)(out)
    for number, frame in enumerate(frames):
        writer.writepkt(frame, ts=START + number / 8)
    return out.getvalue()


@pytest.mark.parametrize("is_ng", [False, True])
def test_a_capture_that_dpkt_wrote_is_read_as_it_was_meant(look, is_ng):
    packed = bytes((10, 0, 0, 5)), bytes((10, 0, 0, 53))
    query = dpkt.dns.DNS(id=7, qd=[dpkt.dns.DNS.Q(name="www.evil.example", type=dpkt.dns.DNS_A)])
    alias = dpkt.dns.DNS.RR(
        name="www.evil.example", type=dpkt.dns.DNS_CNAME, cls=1, ttl=5, cname="cdn.bad.example"
    )
    answer = dpkt.dns.DNS.RR(
        name="cdn.bad.example", type=dpkt.dns.DNS_A, cls=1, ttl=5, ip=bytes((203, 0, 113, 9))
    )
    reply = dpkt.dns.DNS(id=7, qr=dpkt.dns.DNS_R, qd=query.qd, an=[alias, answer])
    frames = []
    for message, ends, ports in ((query, packed, (50_000, 53)), (reply, packed[::-1], (53, 50_000))):
        datagram = dpkt.udp.UDP(sport=ports[0], dport=ports[1], data=bytes(message))
        datagram.ulen = len(datagram)
        packet = dpkt.ip.IP(src=ends[0], dst=ends[1], p=dpkt.ip.IP_PROTO_UDP, ttl=64, data=datagram)
        packet.len = len(packet)
        mac = bytes.fromhex("0242ac110002")
        frames.append(bytes(dpkt.ethernet.Ethernet(src=mac, dst=mac, data=packet)))
    result = look(written_by_dpkt(frames, is_ng=is_ng), "evil.example", "bad.example", SERVER)
    assert shown(result) == [
        (SERVER, "answer", CLIENT, 1, "allowed"),
        ("bad.example", "answer", CLIENT, 1, "allowed"),
        ("evil.example", "query", CLIENT, 2, "allowed"),
    ]
    # The reply goes to the hardware address with which the client asked.
    answered, _, last = list(result.sightings)
    assert answered.who == "mac:02:42:ac:11:00:02"
    assert (last.who, last.first_seen) == ("mac:02:42:ac:11:00:02", WHEN)
    assert last.last_seen == "2026-09-21T14:13:20.125000Z"
    assert last.identity == {"mac": "02:42:ac:11:00:02"}
    assert last.evidence == f"{WHEN} pcap {CLIENT}:50000 > {RESOLVER}:53 DNS A www.evil.example"
    assert (result.coverage.lines, result.coverage.time, result.coverage.errors) == (2, "ok", [])


def reply(code: int = 0, *answers: tuple[int, bytes]) -> bytes:
    message = p.dns_reply("evil.example", answers, code=code)
    return framed(p.ip(RESOLVER, CLIENT, p.UDP, p.udp(53, 50_000, message)))


@pytest.mark.parametrize(
    ("data", "action"),
    [
        (reply(0, (1, bytes((192, 0, 2, 1)))), "allowed"),
        (reply(3), "attempt"),
        (reply(2), "attempt"),
        (reply(0), "attempt"),
        (reply(0, (1, bytes(4))), "blocked"),
        (reply(0, (28, bytes(16))), "blocked"),
    ],
)
def test_the_answer_says_whether_a_lookup_went_through(look, data, action):
    assert shown(look(data, "evil.example")) == [("evil.example", "query", CLIENT, 1, action)]


def test_a_name_in_txt_data_or_across_a_label_is_no_hit(look):
    text = b"\x0cevil.example"
    message = p.dns_reply("fine.test", [(16, text)])
    one_label = p.dns_query("x").replace(p.name("x"), b"\x0eb.evil.example\0")
    packets = (message, one_label, p.dns_query("notevil.example"))
    data = framed(*(p.ip(RESOLVER, CLIENT, p.UDP, p.udp(53, 50_000, m)) for m in packets))
    assert shown(look(data, "evil.example")) == []


def test_compression_that_never_ends_is_left(look):
    head = struct.pack(">HHHHHH", 1, 0x0100, 1, 0, 0, 0)
    loops = (b"\xc0\x0c", b"\x01a\xc0\x0c", b"\xc0\x0e\xc0\x0c", b"\xff\xff")
    data = framed(
        *(p.ip(CLIENT, RESOLVER, p.UDP, p.udp(50_000, 53, head + loop + b"\0\1\0\1")) for loop in loops)
    )
    result = look(data, "evil.example")
    assert (shown(result), result.coverage.errors) == ([], [])


def test_the_worked_example_of_rfc_1035_reads_its_compressed_names(look):
    # RFC 1035 4.1.4: FOO.F.ISI.ARPA points to the F.ISI.ARPA before it.
    first = b"\x01F\x03ISI\x04ARPA\0"
    message = struct.pack(">HHHHHH", 1, 0x0100, 2, 0, 0, 0) + first + b"\0\1\0\1" + b"\x03FOO\xc0\x0c\0\1\0\1"
    data = framed(p.ip(CLIENT, RESOLVER, p.UDP, p.udp(50_000, 53, message)))
    (seen,) = look(data, "foo.f.isi.arpa").sightings
    assert (seen.matched, seen.field) == ("foo.f.isi.arpa", "query")


def handshake(*, target: str = SERVER, port: int = 443, answer: int | None = p.SYN | p.ACK) -> list[bytes]:
    out = [p.ip(CLIENT, target, p.TCP, p.tcp(50_001, port, seq=99, flags=p.SYN))]
    if answer is not None:
        out.append(p.ip(target, CLIENT, p.TCP, p.tcp(port, 50_001, seq=7, ack=100, flags=answer), hops=50))
    return out


@pytest.mark.parametrize(
    ("answer", "action"), [(p.SYN | p.ACK, "allowed"), (p.RST | p.ACK, "attempt"), (None, "attempt")]
)
def test_a_flow_is_one_line_with_its_outcome(look, answer, action):
    packets = handshake(answer=answer)
    packets += [p.ip(CLIENT, SERVER, p.TCP, p.tcp(50_001, 443, seq=99, flags=p.SYN))]
    if answer == p.SYN | p.ACK:
        packets += [
            p.ip(SERVER, CLIENT, p.TCP, p.tcp(443, 50_001, b"x" * 900, seq=8 + 900 * i)) for i in range(50)
        ]
    assert shown(look(framed(*packets), SERVER)) == [(SERVER, "destination", CLIENT, 1, action)]
    assert shown(look(framed(*packets), f"{SERVER}:443")) == [
        (f"{SERVER}:443", "destination", CLIENT, 1, action)
    ]
    assert shown(look(framed(*packets), f"{SERVER}:80")) == []


def test_a_listed_address_that_opens_the_connection_is_inbound(look):
    result = look(framed(*handshake()), CLIENT)
    assert (shown(result), result.coverage.inbound) == ([], 1)


def test_ports_used_again_are_another_flow_and_another_day_another_row(look):
    again = [p.ip(CLIENT, SERVER, p.TCP, p.tcp(50_001, 443, seq=5000, flags=p.SYN))]
    assert shown(look(framed(*handshake(), *again), SERVER))[0][3] == 2
    later = p.ethernet(p.ip(CLIENT, SERVER, p.TCP, p.tcp(50_001, 443, b"x", seq=100)))
    first = [(START * 1_000_000, p.ethernet(one)) for one in handshake()]
    result = look(p.pcap([*first, ((START + 86_400) * 1_000_000, later)]), SERVER)
    assert [(s.day, s.count, s.action) for s in result.sightings] == [
        ("2026-09-21", 1, "allowed"),
        ("2026-09-22", 1, "allowed"),
    ]


def segments(data: bytes, cuts: Iterable[int], *, port: int = 443) -> list[bytes]:
    bounds = [0, *cuts, len(data)]
    return [
        p.ip(CLIENT, SERVER, p.TCP, p.tcp(50_001, port, data[a:b], seq=100 + a))
        for a, b in itertools.pairwise(bounds)
    ]


@pytest.mark.parametrize("record", [16_384, 64, 1])
@pytest.mark.parametrize("cuts", [(), (1,), (5, 6, 60), (40, 90)])
@pytest.mark.parametrize("order", ["kept", "reversed", "repeated"])
def test_the_server_name_is_found_however_the_hello_is_cut(look, record, cuts, order):
    parts = segments(p.client_hello("w.evil.example", record=record), cuts)
    parts = {"kept": parts, "reversed": parts[::-1], "repeated": [q for q in parts for _ in "ab"]}[order]
    assert shown(look(framed(*handshake(), *parts), "evil.example")) == [
        ("evil.example", "server_name", CLIENT, 1, "allowed")
    ]


def test_each_request_of_a_connection_counts_and_bodies_do_not(look):
    first = p.request("shared.test", "/a", method="POST", body=p.request("evil.example"))
    chunked = b"POST / HTTP/1.1\r\nHost: fine.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    data = first + p.request("shared.test", "/b") + chunked
    parts = segments(data + p.request("shared.test", "/a/x"), (30, len(first) + 9, len(data)), port=80)
    result = look(framed(*handshake(port=80), *parts), "shared.test/a", "evil.example", "shared.test/b")
    assert shown(result) == [
        ("shared.test/a", "url", CLIENT, 2, "allowed"),
        ("shared.test/b", "url", CLIENT, 1, "allowed"),
    ]


@pytest.mark.parametrize("is_cut", [False, True])
def test_empty_lines_before_a_request_are_passed_over(look, is_cut):
    """Some clients send one behind the body of a POST (RFC 9112 2.2)."""
    first = p.request("fine.test", method="POST", body=b"a=1")
    parts = segments(first + b"\r\n\r\n" + p.request("evil.example"), (len(first),) * is_cut, port=80)
    assert shown(look(framed(*handshake(port=80), *parts), "evil.example")) == [
        ("evil.example", "host", CLIENT, 1, "allowed")
    ]


def test_what_a_proxy_is_asked_for_counts(look):
    tunnel = b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n"
    hello = p.client_hello("inner.bad.example")
    parts = segments(tunnel + hello, (len(tunnel),), port=8080)
    plain = segments(b"GET http://shared.test/a HTTP/1.0\r\n\r\n", (), port=3128)
    result = look(framed(*parts, *plain), "evil.example", "bad.example", "shared.test/a")
    assert [(i, f) for i, f, *_ in shown(result)] == [
        ("bad.example", "server_name"),
        ("evil.example", "host"),
        ("shared.test/a", "url"),
    ]


def test_a_lost_segment_hides_only_the_request_that_it_cuts(look):
    requests = p.request("evil.example") + p.request("bad.example")
    parts = segments(requests, (20, 30), port=80)
    later = p.tcp(50_001, 80, p.request("bad.example"), seq=100 + 2_000_000)
    packets = [*handshake(port=80), parts[0], parts[2], p.ip(CLIENT, SERVER, p.TCP, later)]
    assert shown(look(framed(*packets), "evil.example", "bad.example")) == [
        ("bad.example", "host", CLIENT, 1, "allowed")
    ]


def test_dns_over_tcp_both_ways_and_in_pieces(look):
    question, answer = p.dns_query("evil.example"), p.dns_reply("evil.example", [(1, bytes((192, 0, 2, 1)))])
    asked = len(question).to_bytes(2) + question
    told = len(answer).to_bytes(2) + answer
    parts = segments(asked * 2, (1, 40), port=53)
    back = [
        p.ip(SERVER, CLIENT, p.TCP, p.tcp(53, 50_001, told[a:b], seq=8 + a))
        for a, b in ((0, 20), (20, len(told)))
    ]
    result = look(framed(*handshake(port=53), *parts, *back), "evil.example")
    assert shown(result) == [
        ("evil.example", "query", CLIENT, 1, "allowed"),
        ("evil.example", "query", CLIENT, 2, "unknown"),
    ]
    assert [(row.who, row.count) for row in result.sightings] == [("", 1), ("mac:02:00:00:00:00:05", 2)]


@pytest.mark.parametrize(("client", "resolver"), [(CLIENT, RESOLVER), ("2001:db8::5", "2001:db8::53")])
@pytest.mark.parametrize("order", [1, -1])
def test_a_datagram_in_fragments_is_put_together(look, client, resolver, order):
    message = p.dns_reply(
        "fine.test", [(5, p.name("x" * 40 + ".fine.test"))] * 4 + [(5, p.name("evil.example"))]
    )
    cut = p.pieces(resolver, client, p.UDP, p.udp(53, 50_000, message), size=64)
    assert len(cut) > 3
    (seen,) = look(framed(*cut[::order]), "evil.example").sightings
    assert (seen.device, seen.field) == (client, "answer")
    assert look(framed(*cut[:-1]), "fine.test").sightings


QUERY = p.ip(CLIENT, RESOLVER, p.UDP, p.udp(50_000, 53, p.dns_query("evil.example")))
QUERY6 = p.ip("2001:db8::5", "2001:db8::53", p.UDP, p.udp(50_000, 53, p.dns_query("evil.example")))


def nflog(order: str, family: int, packet: bytes) -> bytes:
    """The form of `tcpdump -i nflog`: attributes in the machine's byte order, in words of four bytes."""
    prefix = struct.pack(f"{order}HH", 6, 10) + b"x\0\0\0"
    return bytes((family, 0, 0, 42)) + prefix + struct.pack(f"{order}HH", len(packet) + 4, 9) + packet


SLL = bytes.fromhex("0000000100060200000000050000")
SLL2 = bytes.fromhex("000000000001000100060200000000050000")


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (1, p.ethernet(QUERY)),
        (1, p.ethernet(QUERY6, tags=[7])),
        (1, p.ethernet(QUERY, tags=[7, 8])),
        (1, p.ethernet(b"\x11\0\0\1" + struct.pack(">H", len(QUERY) + 2) + b"\0\x21" + QUERY, kind=0x8864)),
        (113, SLL + b"\x08\0" + QUERY),
        (276, b"\x86\xdd" + SLL2 + QUERY6),
        (101, QUERY),
        (12, QUERY6),
        (228, QUERY),
        (0, b"\x02\0\0\0" + QUERY),
        (108, b"\0\0\0\x1e" + QUERY6),
        (9, b"\xff\x03\0\x21" + QUERY),
        (51, b"\x11\0\0\1\0\0\0\x57" + QUERY6),
        (104, b"\x0f\0\x08\0" + QUERY),
        (1, p.ethernet(b"\xaa\xaa\x03\0\0\0\x08\0" + QUERY + bytes(9), kind=len(QUERY) + 8)),
        (1, p.ethernet(bytes.fromhex("0001004000002140") + QUERY, kind=0x8847)),
        (1, p.ethernet(bytes.fromhex("00002140") + QUERY6, kind=0x8848, tags=[7])),
        (239, nflog("<", 2, QUERY)),
        (239, nflog(">", 10, QUERY6)),
        (1, p.ethernet(p.ip(CLIENT, RESOLVER, p.UDP, QUERY[20:], options=b"\x94\x04\0\0"))),
        (1, p.ethernet(p.ip("2001:db8::5", "2001:db8::53", p.UDP, QUERY6[40:], options=bytes(6)))),
    ],
)
def test_every_link_leads_to_the_question(look, link, frame):
    result = look(capture(frame, link=link), "evil.example")
    assert [(i, f, n) for i, f, _, n, _ in shown(result)] == [("evil.example", "query", 1)]
    assert (result.coverage.not_understood, result.coverage.errors) == (0, [])


def test_a_link_that_is_not_known_is_said(look):
    result = look(capture(QUERY, QUERY, link=147), "evil.example")
    assert shown(result) == [] and result.coverage.not_understood == 0
    (problem,) = result.coverage.errors
    assert "link type 147 is not read" in problem


def test_packets_that_cannot_be_read_are_an_error_and_no_lines_without_a_machine(look):
    result = look(capture(QUERY, b"\x4f" + QUERY[1:30], b"\x00" * 40, link=228), "evil.example")
    assert [(i, n) for i, _, _, n, _ in shown(result)] == [("evil.example", 1)]
    (problem,) = result.coverage.errors
    assert "2 of its packets cannot be read" in problem
    assert (result.coverage.not_understood, list(result.coverage.unattributed)) == (0, [])


@pytest.mark.parametrize(
    ("hops", "identity"), [(64, {"mac": "02:00:00:00:00:05"}), (63, {}), (128, {"mac": "02:00:00:00:00:05"})]
)
def test_a_hardware_address_counts_only_before_the_first_router(look, hops, identity):
    packet = p.ip(CLIENT, RESOLVER, p.UDP, QUERY[20:], hops=hops)
    (seen,) = look(framed(packet), "evil.example").sightings
    assert seen.identity == identity


OWN, ROUTER, OTHER = "02:00:00:00:00:05", "02:00:00:00:00:01", "02:00:00:00:00:06"
ANSWER = p.dns_reply("evil.example", [(1, bytes((192, 0, 2, 1)))])
REPLY = p.ip(RESOLVER, CLIENT, p.UDP, p.udp(53, 50_000, ANSWER))


@pytest.mark.parametrize(
    ("frames", "rows"),
    [
        # The question, and its reply to the address that asked: one machine, one row.
        ([p.ethernet(QUERY), p.ethernet(REPLY, source=ROUTER, target=OWN)], [(f"mac:{OWN}", 2)]),
        # The reply goes to a router's address, with which the client never sent.
        ([p.ethernet(QUERY), p.ethernet(REPLY, source=OTHER, target=ROUTER)], [("", 1), (f"mac:{OWN}", 1)]),
        # Nothing that the client sent was seen.
        ([p.ethernet(REPLY, source=ROUTER, target=OWN), p.ethernet(QUERY)], [("", 1), (f"mac:{OWN}", 1)]),
        # The client's address went to another machine: the hardware address of its last packet counts.
        (
            [
                p.ethernet(QUERY),
                p.ethernet(QUERY, source=OTHER),
                p.ethernet(REPLY, source=ROUTER, target=OTHER),
                p.ethernet(REPLY, source=ROUTER, target=OWN),
            ],
            [("", 1), (f"mac:{OWN}", 1), (f"mac:{OTHER}", 2)],
        ),
    ],
)
def test_a_reply_of_dns_belongs_to_the_machine_that_asked(look, frames, rows):
    result = look(capture(*frames), "evil.example")
    assert [(row.who, row.count) for row in result.sightings] == rows
    assert {row.device for row in result.sightings} == {CLIENT}


def test_a_connection_that_goes_on_into_the_next_day_stays_with_its_machine(look):
    midnight = (START // 86_400 + 1) * 86_400 * 1_000_000
    answer = p.ethernet(
        p.ip(SERVER, CLIENT, p.TCP, p.tcp(443, 50_001, b"x", seq=100)), source=ROUTER, target=OWN
    )
    first = [(START * 1_000_000, p.ethernet(one)) for one in handshake()[:1]]
    result = look(p.pcap([*first, (midnight + 1, answer)], link=1), SERVER)
    assert [(row.day, row.who) for row in result.sightings] == [
        ("2026-09-21", f"mac:{OWN}"),
        ("2026-09-22", f"mac:{OWN}"),
    ]


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_has_interfaces_sections_and_resolutions(look, order):
    nanoseconds = p.option(9, b"\x09", order=order)
    binary = p.option(9, b"\x8a", order=order) + p.option(14, struct.pack(order + "q", 1_000), order=order)
    data = p.section(order=order)
    data += p.interface(101, order=order, options=nanoseconds)
    data += p.interface(1, order=order, options=binary)
    data += p.block(5, bytes(40), order=order)
    data += p.enhanced(START * 10**9 + 1_999, QUERY, order=order)
    data += p.enhanced((START - 1_000) * 1024 + 512, p.ethernet(QUERY), order=order, number=1)
    data += p.section(order="<") + p.interface(228) + p.enhanced((START + 2) * 10**6, QUERY)
    data += p.simple(QUERY)
    rows = list(look(data, "evil.example").sightings)
    assert [(s.day, s.first_seen, s.last_seen, s.count) for s in rows] == [
        (None, None, None, 1),
        ("2026-09-21", "2026-09-21T14:13:20.000001Z", "2026-09-21T14:13:22.000000Z", 2),
        ("2026-09-21", "2026-09-21T14:13:20.500000Z", "2026-09-21T14:13:20.500000Z", 1),
    ]
    assert [bool(s.who) for s in rows] == [False, False, True]


@pytest.mark.parametrize("is_ng", [False, True])
def test_a_capture_cut_off_is_read_to_its_last_packet_and_named(look, is_ng):
    frames = [p.ethernet(QUERY)] * 3
    data = capture(*frames)
    if is_ng:
        data = p.section() + p.interface() + b"".join(p.enhanced(START * 10**6, one) for one in frames)
    result = look(data[:-30], "evil.example")
    assert shown(result)[0][3] == 2
    (problem,) = result.coverage.errors
    assert "cut off in the packet at byte" in problem and result.coverage.bytes == len(data) - 30


def test_every_problem_is_told_in_the_language_in_use(look):
    unknown = p.section() + p.enhanced(0, QUERY)
    for data in (framed(QUERY)[:-9], capture(QUERY, link=147), unknown, p.section()[:8] + bytes(20)):
        for problem in look(data, "evil.example").coverage.errors:
            sentence = problem.partition(": ")[2]
            known = [form.fullmatch(sentence) for form, _text in problems._sentences()[1]]
            assert problems.is_known(sentence), problem
            why = next((m["why"] for m in known if m and "why" in m.groupdict()), None)
            assert why is None or problems.is_known(why), why


def test_damage_is_named_with_its_place(look):
    good = framed(QUERY)
    bad = struct.pack("<IIII", START, 0, 9_999_999, 9_999_999) + bytes(100_000)
    result = look(good + bad, "evil.example")
    assert shown(result)[0][3] == 1
    assert result.coverage.bytes == len(good)
    (problem,) = result.coverage.errors
    assert f"damaged at byte {len(good)} (a packet of impossible length)" in problem


def test_a_compressed_capture_is_the_same_source(look):
    data = framed(QUERY, *handshake())
    plain, packed = look(data, SERVER), look(gzip.compress(data), SERVER, name="x.pcap.gz")
    assert plain.coverage.source == packed.coverage.source
    assert list(plain.sightings) == list(packed.sightings)
    assert plain.coverage.lines == packed.coverage.lines == 3


def test_a_capture_in_an_archive_is_a_source_of_its_own(tmp_path, engine):
    archive = tmp_path / "month.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("monday/x.pcap", framed(QUERY))
    result = read(archive, engine)
    (seen,) = result.coverage
    assert (seen.path, seen.lines, seen.errors) == (f"{archive}!/monday/x.pcap", 1, [])
    assert [s.logformat for s in result.sightings] == ["pcap.dns"]


def test_text_in_utf16_inside_packets_makes_no_text_of_a_capture(look):
    payload = "".join(map(chr, range(0x41, 0x5B))).encode("utf-16-le") * 28
    flood = [p.ip(CLIENT, "192.0.2.9", p.UDP, p.udp(65_535, 65_535, payload))] * 3
    assert shown(look(capture(*flood, QUERY, link=101), "evil.example"))


def test_nothing_from_multicast_is_a_device_and_the_living_are_told(look):
    message = (
        struct.pack(">HHHHHH", 0, 0x8400, 0, 1, 0, 0)
        + p.name("evil.example")
        + b"\0\1\x80\1\0\0\0\5\0\4\1\2\3\4"
    )
    packet = p.ip(CLIENT, "224.0.0.251", p.UDP, p.udp(5353, 5353, message), hops=255)
    result = look(framed(packet, *handshake(target="192.0.2.7")), "evil.example", devices=True)
    assert [(s.device, s.field) for s in result.sightings] == [(None, "query")]
    assert result.coverage.devices == {"2026-09-21": [CLIENT]}


def test_a_netbios_question_is_a_name(look):
    name = (
        b"\x20" + bytes(b for c in b"EVIL.EXAMPLE   \0" for b in (0x41 + (c >> 4), 0x41 + (c & 15))) + b"\0"
    )
    message = struct.pack(">HHHHHH", 1, 0x0110, 1, 0, 0, 0) + name + b"\0\x20\0\1"
    packet = p.ip(CLIENT, "10.0.0.255", p.UDP, p.udp(137, 137, message))
    assert shown(look(framed(packet), "evil.example")) == [("evil.example", "query", CLIENT, 1, "unknown")]


def test_hostile_names_are_shown_safely(look):
    message = p.dns_query("x").replace(p.name("x"), b"\x03a\x1b\n\x04evil\x07example\0")
    packet = p.ip(CLIENT, RESOLVER, p.UDP, p.udp(50_000, 53, message))
    (seen,) = look(framed(packet), "evil.example").sightings
    assert seen.matched == "a\\027\\010.evil.example"
    assert seen.evidence.isprintable()
