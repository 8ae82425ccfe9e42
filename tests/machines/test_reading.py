"""Files of all kinds read together: each by its content, no file stops the others, nothing is said twice."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quetsach.machines.evidence import Binding, Claim, Key
from quetsach.machines.sources import document, reading
from quetsach.machines.sources.outcome import FOREVER, Asked, MachinesError
from quetsach.text.typed import as_typed
from tests import test_leases as leases
from tests.machines import exports, test_neighbours, test_translations
from tests.machines.asking import ASKED, NOW, PC1, ZONE, at

SECOND = 1_000_000
CHECK = {
    "type": "check", "schema": 1, "tool": "quetsach", "machine": "PC-01", "started": "2026-11-24T01:00:00Z",
    "finished": "2026-11-24T01:10:00Z",
    "network": {
        "hardware": "4C4C4544-0042-3510-8051-B7C04F4A5331",
        "macs": ["00:00:5e:00:53:01", "02:00:5e:00:53:01"],
        "addresses": ["192.168.1.10", "fe80::1"],
    },
}  # fmt: skip
FILES = {
    "dhcpd.log": (leases.DHCPD_LOG, "DHCP log"),
    "kea.csv": (leases.KEA_LEASES, "Kea leases"),
    "dnsmasq": (leases.DNSMASQ_LEASES, "dnsmasq leases"),
    "dhcpd": (leases.DHCPD_LEASES, "ISC dhcpd leases"),
    "windows": (leases.WINDOWS_LOG, "Windows DHCP log"),
    "routeros": (leases.MIKROTIK_LOG, "MikroTik"),
    "routeros-print": (leases.MIKROTIK_LEASES, "MikroTik leases"),
    "fortigate": (leases.FORTIGATE_LOG, "FortiGate"),
    "zeek": (leases.ZEEK, "Zeek dhcp.log"),
    "zeek-json": (leases.ZEEK_JSON, "Zeek dhcp.log"),
    "eve": (leases.EVE, "Suricata EVE"),
    "neigh": (test_neighbours.LINUX, "Linux neighbours"),
    "arp": (test_neighbours.WINDOWS_VI, "Windows neighbours"),
    "pan": (test_translations.PANOS, "PAN-OS translations"),
    "ad.csv": (exports.text(exports.ACTIVE_DIRECTORY), "register of machines"),
    "check.json": (json.dumps(CHECK), "check of a machine"),
}


def read(*paths: Path, at_time: int = NOW) -> reading.Evidence:
    return reading.read(list(paths), lambda _path: ASKED._replace(at=at_time))


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_known_by_its_content_also_packed_and_under_any_name(tmp_path: Path, name: str) -> None:
    content, kind = FILES[name]
    plain, packed = tmp_path / "x", tmp_path / "y.csv"
    plain.write_text(content, encoding="utf-8")
    packed.write_bytes(gzip.compress(content.encode()))
    found = read(plain)
    (one,) = found.files
    assert (one.error, list(one.outcome.kinds)) == (None, [kind])
    assert found.claims or found.bindings
    again = read(packed)
    assert (again.claims, again.bindings) == (found.claims, found.bindings)


@pytest.mark.parametrize("name", ["kea.csv", "dnsmasq", "dhcpd", "windows", "ad.csv", "arp"])
def test_lines_that_end_with_cr_alone_are_lines(tmp_path: Path, name: str) -> None:
    data = FILES[name][0].replace("\r\n", "\n").encode()
    right = read(_write(tmp_path / "lf", data))
    found = read(_write(tmp_path / "cr", data.replace(b"\n", b"\r")))
    assert right.claims or right.bindings
    assert (found.claims, found.bindings) == (right.claims, right.bindings)


def test_a_lease_file_that_is_cut_tells_the_lease_that_it_lacks(tmp_path: Path) -> None:
    block = "lease 10.0.0.%d {\n  starts epoch 1795489200;\n  hardware ethernet 00:00:5e:00:53:0%d;\n}\n"
    text = "".join(block % (n, n) for n in range(1, 4))
    for data, count in ((text[:-40], 2), (text.replace("}\n", "", 1), 2)):
        (one,) = read(_write(tmp_path / "x", data.encode())).files
        assert len(one.outcome.leases) == count
        assert [left.code for left in one.outcome.leftovers] == ["damaged"]


def test_windows_writes_its_tables_in_utf_16_and_vietnamese(tmp_path: Path) -> None:
    """PowerShell's `>` writes UTF-16; a command window writes the system's own encoding."""
    right = read(_write(tmp_path / "utf8", test_neighbours.WINDOWS_VI.encode()))
    for data in (
        test_neighbours.WINDOWS_VI.encode("utf-16"),
        exports.cp1258(test_neighbours.WINDOWS_VI),
        test_neighbours.WINDOWS_VI.encode("utf-8-sig"),
    ):
        assert read(_write(tmp_path / "x", data)).bindings == right.bindings


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_leases_of_all_files_are_one_table(tmp_path: Path) -> None:
    """The log gives the address to A until its lease ends; another file says that B had it before that."""
    one = _write(
        tmp_path / "a.log",
        b"2026-11-24T08:00:00Z gw dhcpd[1]: DHCPACK on 10.0.0.5 to 00:00:5e:00:53:01 via e\n",
    )
    other = _write(
        tmp_path / "b.log",
        b"2026-11-24T09:00:00Z gw dhcpd[1]: DHCPACK on 10.0.0.5 to 00:00:5e:00:53:02 via e\n",
    )
    found = read(one, other)
    assert found.bindings[0][:4] == (
        "10.0.0.5",
        ("mac", PC1),
        at("2026-11-24T08:00:00Z"),
        at("2026-11-24T09:00:00Z"),
    )
    assert read(other, one, one) == read(other, one, one)
    assert read(other, one, one).bindings == found.bindings


def test_a_renewal_is_told_from_its_second(tmp_path: Path) -> None:
    log = "".join(
        f"2026-11-24T{hour:02}:00:00Z gw dhcpd[1]: DHCPACK on 10.0.0.5 to 00:00:5e:00:53:01 (PC-01) via e\n"
        for hour in (8, 12)
    )
    found = read(_write(tmp_path / "x", log.encode()))
    assert [one.begin for one in found.bindings] == [at("2026-11-24T08:00:00Z"), at("2026-11-24T12:00:00Z")]
    assert [(one.keys, one.begin) for one in found.claims] == [
        ((("mac", PC1), ("host", "pc-01")), at("2026-11-24T08:00:00Z"))
    ]


@pytest.mark.parametrize(
    ("content", "left"),
    [
        (leases.KEA_LEASES.replace(",7200,1795500000,", ",7200,soon,"), [(2, "not_understood")]),
        (leases.DNSMASQ_LEASES.replace("10.0.0.6", "10.0.0.666"), [(2, "not_understood")]),
        (leases.DNSMASQ_LEASES + "1795569000 00:00:5e:00:5\n\n", [(4, "not_understood")]),
        (leases.DNSMASQ_LEASES.replace("02:00:00:00:00:0b", "an-vt"), [(2, "not_understood")]),
        (leases.KEA_LEASES.replace("02:00:00:00:00:0b", "02:00:00:00:0b"), [(3, "bad_mac")]),
        (leases.DHCPD_LOG.replace("Nov 24 15:00:00 gw", "Nov 44 15:00:00 gw"), [(5, "no_time")]),
        (leases.WINDOWS_LOG.replace("10,11/24/26,15", "10,24/44/26,15"), [(10, "no_time")]),
        (leases.FORTIGATE_LOG.replace("date=2026-11-24 time=11:00:00", "date=x"), [(1, "no_time")]),
        (leases.EVE.replace("2026-11-24T15:00:00.000000+0700", "noon"), [(5, "no_time")]),
        (leases.ZEEK.replace("1795507300.5", "-"), [(8, "no_time")]),
        (leases.DHCPD_LEASES.replace("starts 2 2026/11/24 04:00:00", "starts x"), [(8, "not_understood")]),
        (leases.MIKROTIK_LOG.replace("Nov 24 15:00:00", "noon"), [(4, "no_time")]),
    ],
)
def test_a_lease_that_is_not_understood_is_told_with_its_line(
    tmp_path: Path, content: str, left: list[tuple[int, str]]
) -> None:
    (one,) = read(_write(tmp_path / "x", content.encode())).files
    assert one.error is None
    assert [(left_over.line, left_over.code) for left_over in one.outcome.leftovers] == left


def test_a_lease_that_ended_before_its_file_was_taken_says_what_is_missing(tmp_path: Path) -> None:
    """dnsmasq names only ends: of a file from last week neither a beginning nor a moment is known."""
    old = _write(tmp_path / "dhcp.leases", b"1795400000 00:00:5e:00:53:01 10.0.0.5 pc-a *\n")
    (one,) = read(old).files
    assert (one.error, dict(one.outcome.kinds), one.outcome.left) == (None, {"dnsmasq leases": 0}, 1)
    assert one.outcome.leftovers[0][:2] == (1, "ended")
    found = read(old, at_time=1_795_390_000 * SECOND)
    assert [(row.address, row.begin) for row in found.bindings] == [("10.0.0.5", 1_795_390_000 * SECOND)]
    hour = 3_600 * SECOND
    found = reading.read([old], lambda _path: ASKED._replace(at=NOW, length=hour))
    assert [row.begin for row in found.bindings] == [1_795_400_000 * SECOND - hour]


def test_a_lease_that_no_document_may_hold_is_left_out_with_its_line(tmp_path: Path) -> None:
    """A group's address, a lease of the year 2150, one without beginning and end; the last is sound."""
    rows = [
        "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state",
        "224.0.0.5,00:00:5e:00:53:01,,3600,1795400000,1,0,0,a,0",
        "10.0.0.5,00:00:5e:00:53:01,,3600,5680281600,1,0,0,a,0",
        "10.0.0.6,00:00:5e:00:53:01,,4294967295,4294967295,1,0,0,a,0",
        "10.0.0.7,00:00:5e:00:53:01,,3600,1795400000,1,0,0,a,0",
    ]
    found = read(_write(tmp_path / "kea-leases4.csv", "\n".join(rows).encode()))
    assert [row.address for row in found.bindings] == ["10.0.0.7"]
    left = [(one.line, one.code) for one in found.files[0].outcome.leftovers]
    assert left == [(2, "bad_address"), (3, "bad_time"), (4, "no_time")]
    out = io.BytesIO()
    document.write(out, "s", found.claims, found.bindings)
    assert list(document.read(out.getvalue().splitlines())) == [*found.claims, *found.bindings]


def test_a_file_of_leases_that_gives_out_none_is_recognised(tmp_path: Path) -> None:
    content = "lease 10.0.0.9 {\n\tstarts 2 2026/11/24 03:00:00;\n\tends never;\n\tabandoned;\n}\n"
    (one,) = read(_write(tmp_path / "dhcpd.leases", content.encode())).files
    assert (one.error, dict(one.outcome.kinds), one.outcome.left) == (None, {"ISC dhcpd leases": 0}, 0)


def test_a_check_meets_the_logs(tmp_path: Path) -> None:
    found = read(_write(tmp_path / "check.json", json.dumps(CHECK, indent=1).encode()))
    (claim,), (binding,) = found.claims, found.bindings
    assert [key.kind for key in claim.keys] == ["hardware", "mac", "randommac", "host"]
    assert (binding.address, binding.key.kind) == ("192.168.1.10", "hardware")
    assert (binding.begin, binding.end) == (at("2026-11-24T07:59:00"), at("2026-11-24T08:11:00"))
    old = {key: value for key, value in CHECK.items() if key != "network"}
    found = read(_write(tmp_path / "check.json", json.dumps(old).encode()))
    assert [code for code, _detail in found.files[0].outcome.notes] == ["old_check"]
    assert [claim.keys for claim in found.claims] == [(("host", "pc-01"),)]


def test_a_mapping_concerns_registers_only(tmp_path: Path) -> None:
    """Leases, tables and logs beside the register are read as ever; another table is refused."""
    told = ("dhcpd.log", "neigh", "pan", "check.json", "kea.csv")
    paths = [_write(tmp_path / name, FILES[name][0].encode()) for name in told]
    paths.append(_write(tmp_path / "x.csv", "Thẻ;Chỗ\n00-00-5E-00-53-01;P.1\n".encode()))
    paths.append(_write(tmp_path / "y.csv", b"a;b\n1;2\n"))
    found = reading.read(paths, lambda _path: ASKED, {"Thẻ": "mac", "Chỗ": "room"})
    assert [one.error is None for one in found.files] == [True] * 6 + [False]
    assert str(found.files[-1].error).startswith("map_other")


def test_no_file_stops_the_others(tmp_path: Path) -> None:
    good = _write(tmp_path / "good", test_neighbours.LINUX.encode())
    bad = [
        tmp_path / "missing",
        _write(tmp_path / "empty", b""),
        _write(tmp_path / "photo", bytes(range(256)) * 20),
        _write(tmp_path / "packed", gzip.compress(test_neighbours.LINUX.encode() * 99)[:60]),
        _write(tmp_path / "log", b"Nov 24 11:00:00 gw kernel: nothing of the kind\n"),
        _write(tmp_path / "undated", b"DHCPACK on 10.0.0.5 to 00:00:5e:00:53:01 (pc-a) via eth1\n"),
        _write(tmp_path / "check", b'{"type": "check", "schema": 1'),
        tmp_path,
    ]
    found = read(*bad, good)
    assert [one.error is not None for one in found.files] == [True] * len(bad) + [False]
    assert len(found.bindings) == 2


@pytest.mark.parametrize("seed", range(30))
def test_random_bytes_are_read_or_refused(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    content = bytearray(chance.choice([*FILES.values()])[0].encode())
    for _ in range(chance.randint(1, 20)):
        start = chance.randint(0, len(content))
        content[start : start + chance.randint(0, 40)] = chance.randbytes(chance.randint(0, 40))
    if seed % 5 == 0:
        content = bytearray(chance.randbytes(5_000))
    found = read(_write(tmp_path / "x", bytes(content)))
    (one,) = found.files
    assert one.error is None or str(one.error)
    for binding in found.bindings:
        assert 0 <= binding.begin < binding.end <= FOREVER
    out = io.BytesIO()
    document.write(out, "x", found.claims, found.bindings)
    again = list(document.read(out.getvalue().splitlines()))
    assert again == [*found.claims, *found.bindings]


words = st.text(st.characters(categories=["L", "N", "P"], include_characters=" "), min_size=1, max_size=20)
words = words.map(as_typed).filter(bool)  # a document's words are read as if they were typed
spans = st.tuples(st.integers(0, 10**15), st.integers(1, 10**15)).map(
    lambda span: (span[0], span[0] + span[1])
)


def _pairs(number: int) -> str:
    """Four octets of a hardware address."""
    return "-".join(f"{number:08x}"[at : at + 2] for at in range(0, 8, 2))


claims = st.builds(
    lambda key, span, about: Claim((key,), *span, "s", "", tuple(sorted(about.items()))),
    st.sampled_from(("pc-01", "ketoan", "x9")).map(lambda name: Key("host", name))
    | st.integers(1, 0xFFFF_FFFE).map(lambda n: Key("mac", f"00-00-{_pairs(n)}")),
    spans,
    st.dictionaries(words, words, max_size=3),
)
bindings = st.builds(
    lambda host, key, span, port: Binding(f"10.0.0.{host}", key, *span, "s", "nat", "", "tcp", port),
    st.integers(0, 255),
    st.integers(0, 255).map(lambda n: Key("address", f"192.168.1.{n}")),
    spans,
    st.integers(0, 65_535),
)


@settings(max_examples=40)
@given(st.lists(claims, max_size=5), st.lists(bindings, max_size=5))
def test_what_is_written_is_read_again(told: list[Claim], bound: list[Binding]) -> None:
    out = io.BytesIO()
    document.write(out, "s", told, bound)
    found = list(document.read(out.getvalue().splitlines()))
    assert found == [*sorted(set(told)), *sorted(set(bound))]
    again = io.BytesIO()
    document.write(again, "s", reversed(told), [*bound, *bound])
    assert again.getvalue() == out.getvalue()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"type":"scan"}', "not_evidence"),
        (b"x", "not_evidence"),
        (b'{"type":"evidence","schema":2}', "schema"),
        (b'{"type":"evidence","schema":1}', "incomplete"),
    ],
)
def test_another_document_is_refused(line: bytes, code: str) -> None:
    with pytest.raises(MachinesError) as refused:
        list(document.read([line]))
    assert refused.value.code == code


HEAD = b'{"type":"evidence","schema":1,"source":"s"}'
SPAN = '"begin":"2026-11-24T01:00:00.000000Z","end":"2026-11-24T02:00:00.000000Z","source":"s"'


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        '{"type":"sighting"}',
        '{"type":"claim","keys":[],%s}',
        '{"type":"claim","keys":[["colour","red"]],%s}',
        '{"type":"claim","keys":[["mac",""]],%s}',
        '{"type":"claim","keys":[["host","a\\u0000"]],%s}',
        '{"type":"claim","keys":[["host","a\\u202e"]],%s}',
        '{"type":"claim","keys":[["host","\\ud800"]],%s}',
        '{"type":"claim","keys":[["host","a"]],"about":[],%s}',
        '{"type":"binding","kind":"guess","address":"10.0.0.1","key":["mac","a"],%s}',
        '{"type":"binding","kind":"lease","address":"10.0.0.01","key":["mac","a"],%s}',
        '{"type":"binding","kind":"nat","address":"10.0.0.1","key":["mac","a"],"port":70000,%s}',
        '{"type":"binding","kind":"nat","address":"10.0.0.1","key":["mac","a"],"port":true,%s}',
        '{"type":"binding","kind":"lease","address":"10.0.0.1","key":["mac","a"],"begin":"yesterday","end":null}',
        '{"type":"binding","kind":"lease","address":"127.0.0.1","key":["host","a"],%s}',
        '{"type":"binding","kind":"lease","address":"224.0.0.1","key":["host","a"],%s}',
        '{"type":"binding","kind":"fixed","address":"0.0.0.0","key":["host","a"],%s}',
        '{"type":"binding","kind":"neighbour","address":"ff02::1","key":["host","a"],%s}',
        '{"type":"binding","kind":"nat","address":"198.51.100.1","key":["address","127.0.0.1"],%s}',
        '{"type":"binding","kind":"lease","address":"10.0.0.1","key":["host","a"],"begin":null,"end":null,'
        '"source":"s"}',
        '{"type":"claim","keys":[["host","a"]],"begin":"0001-01-01T00:00:00.000000Z",'
        '"end":"2026-11-24T02:00:00.000000Z","source":"s"}',
        '{"type":"claim","keys":[["host","a"]],"begin":"2026-11-24T02:00:00.000000Z",'
        '"end":"9999-12-31T00:00:00.000000Z","source":"s"}',
        '{"type":"claim","keys":[["host","a"]],"begin":null,"end":null,"source":"register page"}',
        '{"type":"claim","keys":[["mac","a"]],"begin":"2026-11-24T02:00:00.000000Z",'
        '"end":"2026-11-24T02:00:00.000000Z","source":"s"}',
        '{"type":"claim","keys":' + "[" * 5000,
    ],
)
def test_a_line_of_another_form_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(MachinesError) as refused:
        list(document.read([HEAD, line.replace("%s", SPAN).encode()]))
    assert refused.value.code == "malformed" and refused.value.value.startswith("2: ")


def test_the_reader_decides_which_unit_evidence_counts_for() -> None:
    """A document cannot choose the scope of its addresses."""
    line = '{"type":"claim","keys":[["host","a"]],"scope":"another office",' + SPAN + "}"
    end = b'{"type":"end","claims":1,"bindings":0}'
    (claim,) = document.read([HEAD, line.encode(), end], "own office")
    assert claim.scope == "own office"
    with pytest.raises(MachinesError):
        list(document.read([HEAD, line.encode(), line.encode(), end]))


def test_the_time_of_a_file_is_that_of_its_snapshot(tmp_path: Path) -> None:
    path = _write(tmp_path / "x", test_neighbours.LINUX.encode())
    os.utime(path, (1795500000, 1795500000))
    found = reading.read([path], lambda one: Asked("s", int(one.stat().st_mtime) * SECOND, ZONE))
    assert found.bindings[0].end == (1795500000 + 60) * SECOND


HOSTILE = [
    b"%ASA-6-305011: Built dynamic TCP translation from " + b"(" * 60_000,
    b"%ASA-6-305011: Built dynamic TCP translation from a" + b" (x)" * 15_000 + b":",
    b"-305011: Built " * 4_000,
    b"proto TCP, NAT (" * 4_000,
    b"proto TCP " + b"a" * 60_000 + b" NAT ",
    b"1,2,3,TRAFFIC," + b'"' * 60_000,
    b"192.168.1.10 dev eth0 lladdr 00:00:5e:00:53:01 " + b"00:" * 20_000,
    b" 0 D mac-address=00:00:5E:00:53:01 " + b"x= " * 20_000,
    b"DHCPACK on 10.0.0.5 to 00:00:5e:00:53:01 (" * 1_500,
    b"dhcp_msg=Ack " + b"ip=" * 20_000,
    b'{"event_type":"dhcp","dhcp":' + b"[" * 60_000,
    b"1 assigned " * 5_000,
    "Tên máy,MAC,Last seen\n".encode() + b"a,b," + b"1 " * 30_000,
    "Tên máy,MAC,Last seen\n".encode() + b"a,b," + b"Jan " * 15_000,
    ("Tên máy,MAC\n" + "Ã¡" * 30_000).encode(),
    b"(" * 60_000,
    b"\xcc\x81" * 30_000,
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_no_line_holds_the_reader_up(tmp_path: Path, number: int) -> None:
    """An expression that goes back and forth over such a line would hang the test."""
    (one,) = read(_write(tmp_path / "x", HOSTILE[number] + b"\n")).files
    assert one.error is not None or one.outcome.kinds or one.outcome.left


@pytest.mark.parametrize(
    "key",
    [
        ("mac", "00-00-5E-00-53-01"),
        ("mac", "00-00-00-00-00-00"),
        ("mac", "01-00-5e-00-53-01"),
        ("mac", "02-00-5e-00-53-01"),
        ("host", "PC-01"),
        ("serial", "0001"),
    ],
)
def test_a_document_spells_keys_as_the_readers_do(key: tuple[str, str]) -> None:
    """A second spelling of one key would be a second machine."""
    out = io.BytesIO()
    document.write(out, "s", [Claim((Key(*key),), 1, 2, "s")], [])
    with pytest.raises(MachinesError, match="malformed"):
        list(document.read(out.getvalue().splitlines()))


def test_a_lease_longer_than_time_itself_costs_no_other_row(tmp_path: Path) -> None:
    """A beginning before 1970 is none that anybody states."""
    out = io.BytesIO()
    binding = Binding("10.0.0.7", Key("mac", "00-11-22-33-44-88"), -98_204_999_099_000_000, 2, "s", "lease")
    document.write(out, "s", [], [binding])
    (read,) = document.read(out.getvalue().splitlines())
    assert read.begin == 0


PILE = "a" + "\u0301" * 40


def evidence(about: dict[str, str], source: str = "kho") -> list[bytes]:
    """A document of one claim, written by hand."""
    claim = {"type": "claim", "keys": [["host", "pc-01"]], "begin": None, "end": None, "source": source}
    rows: list[dict[str, object]] = [
        {"type": "evidence", "schema": 1, "tool": "t", "source": "kho"},
        claim | {"about": about},
        {"type": "end", "claims": 1, "bindings": 0},
    ]
    return [json.dumps(row).encode() for row in rows]


def test_words_of_a_register_lose_what_nobody_sees() -> None:
    (claim,) = document.read(evidence({"room": f"Phòng\u200b 3{PILE}", "name": "\xadmáy\ufeff"}))
    assert isinstance(claim, Claim)
    told = dict(claim.about)
    assert told["name"] == "máy" and told["room"].startswith("Phòng 3")
    assert sum(unicodedata.combining(char) > 0 for char in unicodedata.normalize("NFD", told["room"])) <= 31


def test_a_source_with_a_pile_of_marks_is_refused() -> None:
    with pytest.raises(MachinesError, match="source"):
        list(document.read(evidence({}, source=PILE)))
