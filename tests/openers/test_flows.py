"""IPFIX files, read by our own code, and files of nfcapd, read by nfdump."""

from __future__ import annotations

import io
import ipaddress
import json
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.errors import SourceError
from quetsach.files import inputs
from quetsach.files.openers import ipfix, nfdump
from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind
from quetsach.scanning import work
from quetsach.scanning.engine import Engine, ScanOptions
from quetsach.scanning.result import ScanResult
from tests.openers.reading import HEADER

EXPORTED = 1_795_492_800
"""2026-11-24 04:00:00 UTC."""
SET = IndicatorSet([Indicator("198.51.100.7", Kind.IPV4), Indicator("2001:db8::7", Kind.IPV6)])
type Fields = list[tuple[int, int]]
V4: Fields = [(152, 8), (8, 4), (7, 2), (12, 4), (11, 2), (4, 1), (6, 1), (225, 4), (227, 2), (371, 65535)]
V6: Fields = [(150, 4), (27, 16), (7, 2), (28, 16), (11, 2), (4, 1), (89, 1)]


def a_set(number: int, body: bytes) -> bytes:
    return struct.pack(">HH", number, len(body) + 4) + body


def template(number: int, fields: Fields) -> bytes:
    body = struct.pack(">HH", number, len(fields))
    return a_set(2, body + b"".join(struct.pack(">HH", *field) for field in fields))


def message(*sets: bytes, domain: int = 1) -> bytes:
    body = b"".join(sets)
    return struct.pack(">HHIII", 10, len(body) + 16, EXPORTED, 0, domain) + body


def ip(text: str) -> bytes:
    return ipaddress.ip_address(text).packed


def v4(source: str, sport: int, target: str, dport: int, flags: int, user: bytes = b"") -> bytes:
    return (
        struct.pack(">Q", EXPORTED * 1000 + 250) + ip(source) + struct.pack(">H", sport) + ip(target)
        + struct.pack(">HBB", dport, 6, flags) + ip("203.0.113.9") + struct.pack(">H", 40112)
        + bytes([len(user)]) + user
    )  # fmt: skip


def v6(source: str, sport: int, target: str, dport: int, status: int) -> bytes:
    return (
        struct.pack(">I", EXPORTED) + ip(source) + struct.pack(">H", sport) + ip(target)
        + struct.pack(">HBB", dport, 17, status)
    )  # fmt: skip


GOOD = message(
    template(256, V4),
    template(257, V6),
    a_set(
        256,
        v4("10.1.2.3", 50003, "198.51.100.7", 443, 0x1B, b"lan")
        + v4("198.51.100.7", 443, "10.1.2.4", 50004, 2),
    ),
) + message(a_set(257, v6("fd00::3", 50003, "2001:db8::7", 5000, 0x80) + b"\0\0"))


def read(path: Path, engine: Engine) -> ScanResult:
    return work.run(inputs.discover([str(path)]), engine, engine.compile(SET), ScanOptions(), HEADER)


def test_flows_of_an_ipfix_file(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "flows.ipfix").write_bytes(GOOD)
    result = read(tmp_path, engine)
    assert result.errors == []
    assert [(s.indicator, s.device, s.first_seen, s.action, s.identity) for s in result.sightings] == [
        ("198.51.100.7", "10.1.2.3", "2026-11-24T04:00:00.250000Z", "allowed",
         {"user": "lan", "nat": "203.0.113.9:40112"}),
        ("198.51.100.7", "10.1.2.4", "2026-11-24T04:00:00.250000Z", "attempt", {}),
        ("2001:db8::7", "fd00::3", "2026-11-24T04:00:00.000000Z", "blocked", {}),
    ]  # fmt: skip


def test_templates_belong_to_their_domain_and_a_set_without_one_is_told() -> None:
    data = message(template(256, V6)) + message(a_set(256, bytes(42)), domain=2)
    with pytest.raises(SourceError, match="1 sets have no template"):
        list(ipfix.lines(io.BytesIO(data)))


@pytest.mark.parametrize(("since", "start"), [(250, "03:59:10.250"), ((1 << 32) - 5_000, "03:59:05")])
def test_the_boot_that_an_option_tells_gives_flows_their_time(since: int, start: str) -> None:
    """The export of softflowd: a record about the exporter holds the boot time (RFC 7011 3.4.2), and flows
    count milliseconds since then in 32 bits. Flows of a replayed capture start before the boot."""
    booted = (EXPORTED - 50) * 1000
    about = a_set(3, struct.pack(">HHHHHHH", 259, 2, 1, 143, 4, 160, 8) + b"\0\0")
    flows = template(260, [(22, 4), (8, 4), (12, 4)])
    data = message(about, flows, a_set(259, struct.pack(">IQ", 1, booted)))
    data += message(a_set(260, struct.pack(">I", since) + ip("10.1.2.3") + ip("198.51.100.7")))
    (line,) = ipfix.lines(io.BytesIO(data))
    assert json.loads(line)["flowStart"].startswith(f"2026-11-24T{start}")


def test_fields_of_an_enterprise_and_reverse_elements_are_kept_apart() -> None:
    body = struct.pack(">HH", 256, 4) + struct.pack(">HHHH", 8, 4, 12, 4)
    body += struct.pack(">HHI", 0x8000 | 12, 4, 6871) + struct.pack(">HHI", 0x8000 | 2, 8, 29305)
    record = ip("10.1.2.3") + ip("198.51.100.7") + ip("192.0.2.99") + struct.pack(">Q", 4)
    (line,) = ipfix.lines(io.BytesIO(message(a_set(2, body), a_set(256, record))))
    assert json.loads(line) == {
        "flowStart": "2026-11-24T04:00:00+00:00", "sourceIPv4Address": "10.1.2.3",
        "destinationIPv4Address": "198.51.100.7", "isAnswered": "true",
    }  # fmt: skip


@pytest.mark.parametrize("cut", [5, 30, len(GOOD) - 30])
def test_a_file_cut_off_is_told_after_what_came_before(cut: int) -> None:
    got: list[bytes] = []
    with pytest.raises(SourceError, match="cut off"):
        got.extend(ipfix.lines(io.BytesIO(GOOD[:cut])))
    assert len(got) == (2 if cut > 100 else 0)


@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.binary(max_size=4)), max_size=6), st.integers(1, 40))
def test_a_damaged_file_never_raises_anything_else(damage: list[tuple[int, bytes]], size: int) -> None:
    class Small(io.BytesIO):
        def read(self, wanted: int | None = -1, /) -> bytes:
            return super().read(min(size, wanted or size))

    data = bytearray(GOOD)
    for at, new in damage:
        data[at : at + len(new)] = new
    ipfix.begins(bytes(data))
    lines = 0
    try:
        for line in ipfix.lines(Small(bytes(data))):
            json.loads(line)
            lines += 1
    except SourceError:
        pass
    assert lines < len(data)


def _unread(port: int) -> int | None:
    """Bytes that wait at a UDP port; None where no program listens."""
    for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
        _number, place, _other, _state, queues, *_rest = line.split()
        if place.endswith(f":{port:04X}"):
            return int(queues.partition(":")[2], 16)
    return None


def _until(is_so: Callable[[], bool]) -> None:
    last = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < last
        time.sleep(0.01)


def test_nfdumps_own_files(engine: Engine, tmp_path: Path) -> None:
    """A collector on the loopback gets two NetFlow v5 records; its file is then scanned."""
    if not shutil.which("nfcapd") or not shutil.which("nfdump"):
        pytest.skip("nfdump is not installed")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["nfcapd", "-w", str(tmp_path), "-p", str(port), "-b", "127.0.0.1", "-t", "3600"]
    collector = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    head = struct.pack(">HHIIIIBBH", 5, 2, 5000, EXPORTED, 250_000_000, 1, 0, 0, 0)
    rows = b"".join(
        struct.pack(">4s4s4sHHIIIIHHBBBBHHBBH", ip("10.1.2.3"), ip(target), bytes(4), 1, 2, 3, 300, 5000,
        5000,
                    50003, 443, 0, flags, 6, 0, 0, 0, 24, 24, 0)
        for target, flags in (("198.51.100.7", 0x1B), ("203.0.113.9", 2))
    )  # fmt: skip
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:

        def has_ended() -> bool:
            # A signal that comes just before the wait for a datagram is only seen with the next datagram.
            out.sendto(b"\0", ("127.0.0.1", port))
            return collector.poll() is not None

        try:
            _until(lambda: _unread(port) is not None)
            out.sendto(head + rows, ("127.0.0.1", port))
            _until(lambda: _unread(port) == 0)
        finally:
            collector.terminate()
            _until(has_ended)
    result = read(tmp_path, engine)
    assert result.errors == []
    (sighting,) = result.sightings
    assert (sighting.device, sighting.action, sighting.logformat) == ("10.1.2.3", "allowed", "ipfix")
    assert sighting.first_seen == "2026-11-24T04:00:00.250000Z"


def test_without_nfdump_the_command_to_run_is_told(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nfcapd.202611240000").write_bytes(b"\x0c\xa5\x02\x00" + bytes(300))
    monkeypatch.setenv("PATH", str(tmp_path))
    ((_path, problem),) = read(tmp_path, engine).errors
    assert "nfdump -r FILE -o csv" in problem


@given(
    st.lists(
        st.sampled_from(
            ["{", "}", "},", '"proto" : 6,', '"first" : "2026-11-24T04:00:00.250"', "[", "]", "x"]
        )
    )
)
def test_any_output_of_nfdump_is_read(lines: list[str]) -> None:
    said: list[str] = []
    for record in nfdump.records(lines, said):
        assert set(record) <= {"proto", "first"}


TEXT = """\
Date first seen          Duration     Proto    Src IP Addr:Port       Dst IP Addr:Port   Packets  Bytes Flows
2026-11-24 11:00:00.295  00:00:00.050 TCP   10.1.2.3:51234 ->     198.51.100.7:443   3   220   1
2026-11-24 11:00:01.295  00:00:00.050 TCP   2001:db8..00::7.443   -> 2001:db..34:5678.51234   3   1080   1
2026-11-24 11:00:02.295  00:00:00.050 TCP   2001:db..34:5678.51234 -> 2001:db8::7.443   3   280   1
2026-11-24 11:00:03.295  00:00:00.050 TCP         fd00::3.51234 ->      2001:db8::7.443   3   280   1
Summary: total flows: 4, total bytes: 1860, total packets: 12, avg bps: 3145, avg pps: 2, avg bpp: 176
"""


def test_addresses_that_nfdump_shortened_are_counted_and_never_guessed(
    engine: Engine, tmp_path: Path
) -> None:
    """The output of nfdump 1.7 with `-o line`: an address of more than 16 characters loses its middle."""
    (tmp_path / "flows.txt").write_text(TEXT, encoding="utf-8")
    result = read(tmp_path, engine)
    assert [(s.indicator, s.device, s.logformat) for s in result.sightings] == [
        ("198.51.100.7", "10.1.2.3", "nfdump"),
        ("2001:db8::7", "fd00::3", "nfdump"),
    ]
    ((_path, problem),) = result.errors
    assert "2 flows show IPv6 addresses that nfdump shortened" in problem and "-o csv" in problem


@pytest.mark.parametrize("end", ["\n]\n", "]\n", "\n"])
def test_saved_json_of_nfdump_names_the_client(engine: Engine, tmp_path: Path, end: str) -> None:
    """Local times in the form of `nfdump -o json`; with -q the array has no end."""
    flows = [
        ("2026-11-24T11:00:00.250", "10.1.2.3", 50003, "198.51.100.7", 443, "...AP.SF"),
        ("2026-11-24T11:00:01.250", "198.51.100.7", 443, "10.1.2.4", 50004, "...A..S."),
    ]
    shown = ",\n".join(
        f'{{\n\t"type" : "FLOW",\n\t"sampled" : 0,\n\t"first" : "{first}",\n\t"proto" : 6,\n'
        f'\t"tcp_flags" : "{flags}",\n\t"src_port" : {source},\n\t"dst_port" : {target},\n'
        f'\t"src4_addr" : "{client}",\n\t"dst4_addr" : "{server}",\n\t"label" : "<none>"\n}}'
        for first, client, source, server, target, flags in flows
    )
    (tmp_path / "flows.json").write_text(f"[\n{shown}{end}", encoding="utf-8")
    result = read(tmp_path, engine)
    assert result.errors == []
    assert [(s.device, s.action, s.first_seen, s.logformat) for s in result.sightings] == [
        ("10.1.2.3", "allowed", "2026-11-24T04:00:00.250000Z", "ipfix"),
        ("10.1.2.4", "allowed", "2026-11-24T04:00:01.250000Z", "ipfix"),
    ]
