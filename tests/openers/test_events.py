"""Windows events: from an event log file, and from XML in any form of export."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.errors import SourceError
from quetsach.files import inputs
from quetsach.files.openers import eventxml, evtx
from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind
from quetsach.scanning import work
from quetsach.scanning.engine import Engine, ScanOptions
from tests.openers.reading import HEADER, read

DATA = Path(os.environ.get("QUETSACH_TEST_DATA", "../shared/data")) / "evtx/sysmon.evtx"
needs_data = pytest.mark.skipif(not DATA.is_file(), reason="QUETSACH_TEST_DATA is not there")
EVENT = (
    '<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System>'
    '<Provider Name="Microsoft-Windows-Sysmon"/><EventID>22</EventID>'
    '<TimeCreated SystemTime="2026-11-24T04:00:00.1234567Z"/><Computer>PC-07</Computer></System>'
    '<EventData><Data Name="QueryName">a&#46;evil.example</Data><Data Name="QueryStatus">0</Data>'
    '<Data Name="QueryResults">type:  5 cdn.example.net;::ffff:198.51.100.9;</Data>'
    '<Data Name="Image">C:\\a &amp; b\\x.exe</Data></EventData></Event>'
)


@pytest.mark.realdata
@needs_data
def test_a_real_event_log_is_read_by_both_engines(engine: Engine, tmp_path: Path) -> None:
    """One of its two connections goes to that address; the file holds 358 events, and a line names it."""
    pytest.importorskip("evtx")
    found = inputs.discover([str(DATA)])
    matcher = engine.compile(IndicatorSet([Indicator("185.26.182.117", Kind.IPV4)]))
    result = work.run(found, engine, matcher, ScanOptions(devices=True), HEADER)
    assert result.errors == []
    sightings = list(result.sightings)
    assert {(s.device, s.logformat, s.action, s.day, s.identity["host"]) for s in sightings} == {
        ("192.168.2.128", "windows.sysmon", "allowed", "2018-03-06", "DESKTOP-2KGM189")
    }
    (coverage,) = result.coverage
    assert (coverage.lines, coverage.not_understood, coverage.inbound) == (359, 0, 0)
    assert "installer.exe" in sightings[0].evidence
    assert all("desktop-2kgm189" in devices for devices in coverage.devices.values())


@pytest.mark.realdata
@needs_data
def test_a_log_that_dropped_its_oldest_events_is_the_same_source(engine: Engine, tmp_path: Path) -> None:
    """Without its first three chunks the log is as Windows leaves a full log: each event counts once."""
    pytest.importorskip("evtx")
    whole = DATA.read_bytes()
    later = tmp_path / "later.evtx"
    later.write_bytes(whole[:120] + struct.pack("<I", 1) + whole[124:4096] + whole[4096 + 3 * 65536 :])
    matcher = engine.compile(IndicatorSet([Indicator("185.26.182.117", Kind.IPV4)]))
    first, second = (
        work.run(inputs.discover([str(path)]), engine, matcher, ScanOptions(), HEADER)
        for path in (DATA, later)
    )
    assert first.coverage[0].source == second.coverage[0].source
    assert second.coverage[0].lines < first.coverage[0].lines
    keys = [{(s.source, s.indicator, s.device, s.day) for s in r.sightings} for r in (first, second)]
    assert keys[1] <= keys[0]


def _event(number: int, computer: str = "PC-07", channel: str = "Security", **more: object) -> bytes:
    system = {"EventID": 5156, "EventRecordID": number, "Computer": computer, "Channel": channel}
    return json.dumps({"Event": {"System": system, **more}}).encode() + b"\n"


def test_the_line_before_the_events_names_computer_and_channel() -> None:
    def name(*events: bytes) -> bytes | None:
        first, *rest = evtx.named(iter(events))
        assert [first, *rest][-len(events) :] == list(events)
        return first if rest[len(events) - 1 :] else None

    log = name(_event(1), _event(2))
    assert log is not None
    assert len(log) == 4097
    # The ring dropped its oldest event; the log was cleared, and events are counted on; another spelling.
    assert name(_event(2), _event(3)) == name(_event(1102)) == name(_event(9, "pc-07")) == log
    assert len({log, name(_event(1, "PC-08")), name(_event(1, channel="System"))}) == 3
    # Events of several computers, and forwarded ones, are no log of one computer.
    assert name(_event(1), _event(1, "PC-08")) is None
    assert name(_event(1, RenderingInfo={"Message": "x"})) is None
    assert name(b'{"Event":1}\n') is None


@pytest.mark.realdata
@needs_data
@pytest.mark.parametrize("damage", ["cut", "wiped", "no header"])
def test_of_a_damaged_event_log_the_rest_is_read_and_the_damage_told(damage: str) -> None:
    pytest.importorskip("evtx")
    whole = DATA.read_bytes()
    chunk = 4096 + 3 * 65536
    data = {
        "cut": whole[: chunk + 30_000],
        "wiped": whole[: chunk + 20_000] + bytes(9000) + whole[chunk + 29_000 :],
        "no header": whole[:chunk] + bytes(65536) + whole[chunk + 65536 :],
    }[damage]
    got: list[bytes] = []
    with pytest.raises(SourceError, match="chunk 3"):
        got.extend(evtx.lines(io.BytesIO(data)))
    before = list(evtx.lines(io.BytesIO(whole)))
    assert 120 <= len(got) < len(before)
    assert set(got) <= set(before)
    assert got[:120] == before[:120]


@pytest.mark.realdata
@needs_data
@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_event_log_ends(seed: int) -> None:
    pytest.importorskip("evtx")
    chance = random.Random(seed)
    data = bytearray(DATA.read_bytes()[: 4096 + 65536])
    for _ in range(chance.choice((1, 20, 500))):
        data[chance.randrange(4608, len(data))] = chance.randrange(256)
    with contextlib.suppress(SourceError):
        for line in evtx.lines(io.BytesIO(data)):
            json.loads(line)


@given(st.binary(max_size=3000), st.integers(0, 3))
def test_what_is_no_event_log_never_raises_anything_else(noise: bytes, chunks: int) -> None:
    pytest.importorskip("evtx")
    frame = b"**\0\0" + struct.pack("<I", 64) + bytes(52) + struct.pack("<I", 64)
    head = (b"ElfChnk\0" + bytes(40) + struct.pack("<I", 700)).ljust(512, b"\0")
    with contextlib.suppress(SourceError):
        list(evtx.lines(io.BytesIO(b"ElfFile\0" + bytes(4088) + (head + frame) * chunks + noise)))


@pytest.mark.realdata
@needs_data
@pytest.mark.parametrize("flags", [0, 1], ids=["closed", "in use"])
@pytest.mark.parametrize(
    ("cut", "zeros", "told"),
    [
        (5, 0, "4 chunks are missing at the end"),
        (5, 4, "chunk 5 has no header"),
        (9, 0, ""),
        (9, 2, ""),
    ],
)
def test_chunks_that_the_header_counts_and_the_file_lacks_are_told(
    flags: int, cut: int, zeros: int, told: str
) -> None:
    """Chunks behind those that the header counts may be empty."""
    pytest.importorskip("evtx")
    data = bytearray(DATA.read_bytes()[: 4096 + cut * 65536] + bytes(zeros * 65536))
    struct.pack_into("<I", data, 120, flags)
    struct.pack_into("<H", data, 42, 9)
    with pytest.raises(SourceError, match=told) if told else contextlib.nullcontext():
        assert len(list(evtx.lines(io.BytesIO(data)))) > 100


@pytest.mark.realdata
@needs_data
def test_a_chunk_of_which_only_its_first_bytes_were_copied_is_told() -> None:
    pytest.importorskip("evtx")
    data = bytearray(DATA.read_bytes()[: 4096 + 5 * 65536 + 4])
    struct.pack_into("<I", data, 120, 1)
    struct.pack_into("<H", data, 42, 5)
    with pytest.raises(SourceError, match="chunk 5 has no header"):
        list(evtx.lines(io.BytesIO(data)))


@pytest.mark.realdata
@needs_data
@pytest.mark.parametrize(
    ("hurt", "size", "fill", "behind"),
    [
        ((8,), 8, b"\xaa", ""),
        ((7, 8), 8, b"\0", "disk"),
        ((8,), 512, b"\0", "zeros"),
        ((8,), 30_000, b"\xaa", "disk"),
        ((8,), 65_536, b"\xaa", ""),
        ((7, 8), 65_536, b"\xaa", "disk"),
        ((8,), 65_536, b"\0", ""),
    ],
)
def test_a_last_chunk_without_its_mark_is_told_though_the_header_counts_fewer(
    hurt: tuple[int, ...], size: int, fill: bytes, behind: str
) -> None:
    """The header of this log, copied while it was in use, counts one of its nine chunks, and behind them the
    sample holds what its disk held before."""
    pytest.importorskip("evtx")
    whole = DATA.read_bytes()
    end = 4096 + 9 * 65_536
    rest = {"": b"", "disk": whole[end:], "zeros": bytes(3 * 65_536)}[behind]
    assert len(list(evtx.lines(io.BytesIO(whole[:end] + rest)))) == 358
    data = bytearray(whole[:end] + rest)
    for chunk in hurt:
        begin = 4096 + chunk * 65_536
        data[begin : begin + size] = fill * size
    told = f"chunk {hurt[0]} has no header"
    # A chunk of zeros was never written.
    is_told = size < 65_536 or fill != b"\0"
    with pytest.raises(SourceError, match=told) if is_told else contextlib.nullcontext():
        assert len(list(evtx.lines(io.BytesIO(data)))) > 250


@pytest.mark.parametrize("flags", [0, 1], ids=["closed", "in use"])
def test_a_head_without_a_chunk_is_no_empty_log(flags: int) -> None:
    pytest.importorskip("evtx")
    head = bytearray(4096)
    head[:8] = b"ElfFile\0"
    struct.pack_into("<I", head, 120, flags)
    with pytest.raises(SourceError, match="is no Windows event log"):
        list(evtx.lines(io.BytesIO(bytes(head) + b"\x5a" * 65_536)))


@pytest.mark.parametrize(
    ("prolog", "between", "encoding"),
    [
        ("", "\n", "utf-8"),
        ("", "", "utf-8"),
        ("<?xml version='1.0' encoding='utf-8' standalone='yes'?>\r\n<Events>", "\r\n", "utf-8-sig"),
        ("", "\r\n", "utf-16"),
    ],
)
def test_xml_however_it_was_exported(
    engine: Engine, tmp_path: Path, prolog: str, between: str, encoding: str
) -> None:
    pretty = EVENT.replace("><", ">\r\n  <")
    other = EVENT.replace("a&#46;evil", "notevil")
    (tmp_path / "events.xml").write_bytes((prolog + between.join((EVENT, other, pretty))).encode(encoding))
    result = read(tmp_path, engine)
    assert result.errors == []
    (sighting,) = result.sightings
    assert (sighting.matched, sighting.device, sighting.count) == ("a.evil.example", "pc-07", 2)
    assert (sighting.first_seen, sighting.action) == ("2026-11-24T04:00:00.123456Z", "allowed")
    assert "C:\\\\a & b\\\\x.exe" in sighting.evidence
    assert result.coverage[0].lines == 3


def test_entities_are_never_read_and_a_damaged_event_costs_only_itself(
    engine: Engine, tmp_path: Path
) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "evil.example">]>'
    bad = EVENT.replace("a&#46;evil.example", "&a;")
    (tmp_path / "events.xml").write_text("\n".join((bomb, EVENT, bad, EVENT[:300], EVENT)).replace(bomb, ""))
    result = read(tmp_path, engine)
    (sighting,) = result.sightings
    assert sighting.count == 2
    ((_path, problem),) = result.errors
    assert "2 events of the XML are damaged" in problem


def test_an_event_without_an_end_is_bounded() -> None:
    class Endless:
        left = 64

        def read(self, size: int, /) -> bytes:
            self.left -= 1
            return b"<Event >" + b"x" * (size - 8) if self.left else b""

    with pytest.raises(SourceError, match="damaged"):
        list(eventxml.lines(Endless()))


@given(
    st.lists(st.sampled_from([EVENT, EVENT[:200], "<Event>", "</Event>", "<a>", "\ufeff", "&x;", "]]>"])),
    st.integers(1, 99),
)
def test_any_xml_is_read_the_same_in_any_blocks(parts: list[str], size: int) -> None:
    def told(stream: object) -> tuple[list[bytes], str]:
        got: list[bytes] = []
        try:
            got.extend(eventxml.lines(stream))  # type: ignore[arg-type]
        except SourceError as error:
            return got, str(error)
        return got, ""

    class Small(io.BytesIO):
        def read(self, wanted: int | None = -1, /) -> bytes:
            return super().read(min(size, wanted or size))

    data = "".join(parts).encode()
    assert told(Small(data)) == told(io.BytesIO(data))
