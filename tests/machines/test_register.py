"""Registers of machines: five makers' exports and a unit's own list, in right and in wrong encodings."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quetsach.machines.evidence import Binding
from quetsach.machines.sources import mapping, moments, register, table
from quetsach.machines.sources.outcome import FOREVER, MachinesError, Outcome
from tests.machines import exports
from tests.machines.asking import ASKED, NOW, PC1, PC2, ZONE, at

MINUTE = 60_000_000
SEEN = {"PC-01": at("2026-11-23T15:15:00"), "PC-02": at("2026-11-22T08:00:00")}
KEYS = {
    "active_directory": ("adsid", "domainhost", "host"),
    "kaspersky": ("domainhost", "mac", "host"),
    "gravityzone": ("adsid", "domainhost", "agent", "mac", "host"),
    "eset": ("domainhost", "serial", "mac", "host", "user"),
    "trellix": ("domainhost", "agent", "mac", "host", "user"),
}


def read(data: bytes | str, columns: dict[str, str] | None = None) -> tuple[Outcome, register.Columns | None]:
    outcome = Outcome()
    raw = data.encode() if isinstance(data, str) else data
    return outcome, register.read(table.sheets(raw), ASKED, outcome, columns)


def said(outcome: Outcome) -> object:
    """All that a register tells, apart from how it was read."""
    return outcome.claims, outcome.bindings, outcome.left


@pytest.mark.parametrize("maker", exports.SEEN)
def test_an_export_names_two_machines_and_where_they_were_seen(maker: str) -> None:
    outcome, _columns = read(exports.text(exports.SEEN[maker]))
    assert (outcome.left, outcome.notes) == (0, [])
    first, second = (claim for claim in outcome.claims if not claim.about)
    assert tuple(key.kind for key in first.keys) == KEYS[maker]
    assert (first.begin, second.begin) == (SEEN["PC-01"], SEEN["PC-02"])
    assert ("host", "pc-01") in first.keys and ("host", "pc-02") in second.keys
    if maker != "active_directory":
        assert ("mac", PC1) in first.keys and ("mac", PC2) in second.keys
    assert {(one.address, one.kind, one.key, one.begin, one.end) for one in outcome.bindings} == {
        ("192.168.1.10", "neighbour", first.keys[0], SEEN["PC-01"] - MINUTE, SEEN["PC-01"] + MINUTE),
        ("192.168.1.11", "neighbour", second.keys[0], SEEN["PC-02"] - MINUTE, SEEN["PC-02"] + MINUTE),
    }


@pytest.mark.parametrize("maker", exports.SEEN)
def test_an_export_is_the_same_in_every_encoding_and_kind_of_file(maker: str) -> None:
    made = exports.SEEN[maker]
    right, _columns = read(exports.text(made))
    text = exports.text(made, ";")
    for data, note in (
        (text.encode("utf-8-sig"), None),
        (text.encode("utf-16"), None),
        (text.encode("utf-16-le"), None),
        (exports.text(made, "\t").encode(), None),
        (exports.xlsx(made), None),
        (exports.excel_xml(made), None),
        (exports.cp1258(text), "guessed"),
        (exports.misread(text), "mended"),
    ):
        outcome, _columns = read(data)
        assert said(outcome) == said(right), note
        is_ascii = text.isascii()
        assert [code for code, _detail in outcome.notes] == ([note] if note and not is_ascii else [])


def test_letters_that_are_lost_are_told_and_not_put_right() -> None:
    text = exports.text(exports.ESET)
    lost = exports.misread(text)[:-30] + "áº¿ Ã".encode() + b"\xc3\x90 \xe2\x80\xa6\r\n"
    outcome, _columns = read(lost)
    assert [code for code, _detail in outcome.notes] == ["misread"]


def test_a_units_own_list_gives_fixed_addresses_that_hold_until_it_says_otherwise() -> None:
    for data in (exports.text(exports.UNIT).encode(), exports.xlsx(exports.UNIT)):
        outcome, columns = read(data)
        assert outcome.left == 0
        assert columns is not None and columns.row == 4
        assert [(one.address, one.kind, one.begin, one.end, one.key.kind) for one in outcome.bindings] == [
            ("192.168.1.10", "fixed", 0, FOREVER, "serial"),
            ("192.168.1.11", "fixed", 0, FOREVER, "serial"),
        ]
        assert outcome.claims[0].begin == NOW
        assert dict(outcome.claims[0].about) == {
            "asset": "TS-001", "room": "Phòng Văn thư", "register": "office",
        }  # fmt: skip
        assert all(claim.about for claim in outcome.claims)


def test_an_address_is_fixed_only_where_something_shows_it() -> None:
    """A list without times may come from a console, whose addresses change."""
    table_of = "Computer,IP address,MAC\nPC-01,192.168.1.10,00-00-5E-00-53-01\n"
    outcome, _columns = read(table_of)
    assert [code for code, _detail in outcome.notes] == ["addresses_once"]
    assert [(one.kind, one.end) for one in outcome.bindings] == [("neighbour", NOW + MINUTE)]
    outcome, _columns = read(table_of, {"Computer": "host", "IP address": "fixed", "MAC": "mac"})
    assert [(one.kind, one.end) for one in outcome.bindings] == [("fixed", FOREVER)]
    assert outcome.notes == []


def test_only_a_console_that_saw_a_machine_shows_it_alive() -> None:
    """A claim with words about a machine was written by a person, or rests on what a console keeps."""
    outcome, _columns = read(
        "Computer name,MAC,OS,Machine type,Last seen\n"
        "PC-01,00-00-5E-00-53-01,Windows 11 Pro,,2026-11-23 15:15:00\n"
        "SRV-01,00-00-5E-00-53-02,Ubuntu 24.04,Máy chủ,never\n"
        "MI-01,00-00-5E-00-53-03,,Máy in,\n"
        "X-01,00-00-5E-00-53-04,,Kiosk,\n"
    )
    alive = [claim for claim in outcome.claims if not claim.about]
    assert [(claim.keys[-1].value, claim.begin) for claim in alive] == [("pc-01", SEEN["PC-01"])]
    words = [dict(claim.about) for claim in outcome.claims if claim.about]
    assert [(said.get("kind"), said.get("type")) for said in words] == [
        ("pc", None), ("server", None), ("printer", None), (None, "Kiosk"),
    ]  # fmt: skip


def test_dates_in_a_list_bound_its_fixed_addresses() -> None:
    outcome, _columns = read(
        "Tên máy;IP tĩnh;Từ ngày;Đến"
        " ngày\nPC-01;192.168.1.10;01/02/2026;15/11/2026\nPC-02;192.168.1.11;20/03/2026;\n"
    )
    assert [(one.begin, one.end) for one in outcome.bindings] == [
        (at("2026-02-01"), at("2026-11-16")),
        (at("2026-03-20"), FOREVER),
    ]


def test_what_names_no_machine_is_told_with_its_row() -> None:
    outcome, _columns = read(
        "Tên máy,Địa chỉ IP,Địa chỉ MAC,Số seri\n"
        "Máy in tầng 2,192.168.1.20,,\n"
        "PC-01,192.168.1.10,00-00-5E-00-53,0001\n"
        "PC-02,192.168.1.300,ff:ff:ff:ff:ff:ff,N/A\n"
        "PC-03,192.168.1.30,,\n"
        "PC-04,192.168.1.30,,\n"
    )
    assert [(one.line, one.code) for one in outcome.leftovers] == [
        (2, "no_key"), (3, "bad_mac"), (4, "bad_mac"), (4, "bad_address"), (5, "shared_address"),
        (6, "shared_address"),
    ]  # fmt: skip
    assert [one.address for one in outcome.bindings] == ["192.168.1.10"]


@pytest.mark.parametrize("end", ["\n", "\r"])
def test_a_stray_quote_costs_its_own_row(end: str) -> None:
    table = ["Tên máy,Địa chỉ MAC,Phòng"] + [f"PC-{n},02-00-00-00-00-0{n},P1" for n in range(1, 6)]
    right, _columns = read(end.join(table))
    table[2] = f'"{table[2]}'
    found, _columns = read(end.join(table))
    assert len(right.claims) == 5
    assert found.claims == [right.claims[0], *right.claims[2:]]
    assert [(one.line, one.code) for one in found.leftovers] == [(3, "quotes")]


def test_the_public_address_that_a_console_sees_is_no_machines() -> None:
    outcome, _columns = read("Name,Last IP,Last seen\nPC-01,1.1.1.1,2026-11-23 15:15:00\n")
    assert (outcome.bindings, [one.code for one in outcome.leftovers]) == ([], ["public_address"])


def test_leases_that_windows_exports_hold_from_the_export_to_their_end() -> None:
    outcome, _columns = read(
        '"IPAddress","ScopeId","ClientId","HostName","AddressState","LeaseExpiryTime"\n'
        '"192.168.1.10","192.168.1.0","00-00-5e-00-53-01","PC-01.so.example.vn","Active",'
        '"11/30/2026 9:00:00 AM"\n'
        '"192.168.1.11","192.168.1.0","00-00-5e-00-53-02","PC-02","Active","11/20/2026 9:00:00 AM"\n'
    )
    assert outcome.bindings == [
        Binding("192.168.1.10", outcome.claims[0].keys[0], NOW, at("2026-11-30T09:00:00"), "office", "lease")
    ]


def test_a_log_with_such_columns_is_no_register() -> None:
    for head in (
        "Time,Host name,IP,MAC",
        "Ngày giờ;Tên máy;Địa chỉ IP",
        "Source,Destination",
        "a,b",
        "Tên máy",
        "Tên máy,IP",
    ):
        rows = table.sheets(f"{head}\n1,pc,10.0.0.1,00:00:5e:00:53:01\n".encode())[0].rows
        assert (register.columns_of(rows) is None) == (head != "Tên máy,IP"), head


def test_a_mapping_is_remembered_and_read_again() -> None:
    made = "Thiết bị mạng;Số hiệu thẻ;Chỗ ngồi;Ghi chú\nPC-01;00-00-5E-00-53-01;P.101;x\n"
    assert read(made)[1] is None
    remembered = mapping.parse(
        '[columns]\n"Thiết bị mạng" = "host"\n"Số hiệu thẻ" = "mac"\n"Chỗ ngồi" = "room"\n"Đã bỏ" = "user"\n'
        '"Ghi chú" = ""\n'.encode()
    )
    outcome, columns = read(made, remembered)
    assert outcome.claims[0].keys == (("mac", PC1), ("host", "pc-01"))
    assert outcome.notes == [("map_missing", "Đã bỏ")]
    assert columns is not None
    assert mapping.parse(mapping.written(columns.mapping).encode()) == columns.mapping
    with pytest.raises(MachinesError, match="map_other"):
        read("Một;Hai\n1;2\n", remembered)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"[columns]\nx = 'color'\n", "map_key"),
        (b"[columns]\nx = 1\n", "map"),
        (b"x", "map"),
        (b"\xff", "map"),
        (b"", "map"),
        (b"# " + b"x" * 70_000, "map"),
    ],
)
def test_a_mapping_with_a_mistake_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(MachinesError) as refused:
        mapping.parse(content)
    assert refused.value.code == code


@given(st.dictionaries(st.text(min_size=1, max_size=20), st.sampled_from(["host", "mac", ""]), max_size=5))
def test_any_heading_survives_the_file(columns: dict[str, str]) -> None:
    assert mapping.parse(mapping.written(columns).encode("utf-8", "surrogatepass")) == columns


@pytest.mark.parametrize(
    ("cell", "iso"),
    [
        ("2026-11-24 15:04:05", "2026-11-24T15:04:05"),
        ("2026-11-24T15:04:05Z", "2026-11-24T15:04:05+00:00"),
        ("2026-11-24", "2026-11-24"),
        ("24/11/2026 15:04", "2026-11-24T15:04"),
        ("24/11/2026 3:04:05 CH", "2026-11-24T15:04:05"),
        ("24.11.2026", "2026-11-24"),
        ("15:04:05 24/11/2026", "2026-11-24T15:04:05"),
        ("24/11/26 12:30 SA", "2026-11-24T00:30"),
        ("Nov 24, 2026 3:04:05 PM", "2026-11-24T15:04:05"),
        ("24 Nov 2026, 15:04:05", "2026-11-24T15:04:05"),
        ("2026 Nov 24 15:04:05", "2026-11-24T15:04:05"),
        ("24 November 2026", "2026-11-24"),
        ("Nov 24, 2026 15:04:05 UTC", "2026-11-24T15:04:05+00:00"),
    ],
)
def test_times_in_the_spellings_of_consoles(cell: str, iso: str) -> None:
    assert moments.moment(cell, ZONE) == at(iso)


def test_a_column_shows_where_the_day_stands() -> None:
    assert moments.day_first(["3/4/2026", "13/4/2026"]) is True
    assert moments.day_first(["3/4/2026", "3/14/2026"]) is False
    assert moments.day_first(["3/4/2026 1:00:00 PM"]) is False
    assert moments.day_first(["3/4/2026 1:00:00 CH"]) is True
    assert moments.day_first(["3/4/2026"]) is None
    assert moments.day_first(["4/4/2026", "2026-04-03"]) is True
    outcome, _columns = read("Name,IP,Last seen\nPC-01,10.0.0.1,03/04/2026 10:00\n")
    assert outcome.notes == [("day_first", "Last seen")]
    outcome, _columns = read("Name,IP,Last seen\nPC-01,10.0.0.1,03/12/2026 10:00\n")
    assert [one.code for one in outcome.leftovers] == ["future"]


@given(st.text(max_size=30), st.booleans())
def test_no_cell_breaks_the_reading_of_times(cell: str, is_day_first: bool) -> None:
    moments.day_first([cell])
    moments.moment(cell, ZONE, is_day_first=is_day_first)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([exports.KASPERSKY, exports.UNIT]), st.sampled_from(["text", "xml"]), st.randoms())
def test_a_damaged_table_never_raises_another_error(
    made: list[list[str]], kind: str, chance: random.Random
) -> None:
    raw = bytearray(exports.text(made).encode() if kind == "text" else exports.excel_xml(made))
    for _ in range(chance.randint(1, 8)):
        start = chance.randint(0, len(raw))
        raw[start : start + chance.randint(0, 4)] = chance.randbytes(chance.randint(0, 6))
    try:
        outcome, _columns = read(bytes(raw))
    except MachinesError:
        return
    for claim in outcome.claims:
        assert claim.keys and claim.begin < claim.end


def test_hostile_workbooks_are_refused_with_a_reason() -> None:
    for data, code in (
        (b"PK\x03\x04" + b"\0" * 100, "damaged"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "damaged"),
        (b"<html><table><tr><td>MAC</td></tr></table>", "web_page"),
        (exports.excel_xml([["MAC"]])[:-20], "damaged"),
        (
            exports.excel_xml([["MAC"]]).replace(b"<Workbook", b"<!DOCTYPE x [<!ENTITY a 'b'>]><Workbook"),
            "damaged",
        ),
        (exports.excel_xml([["MAC"]]).replace(b'Index="1"', b'Index="9999999"'), "too_many_rows"),
        (b"x" * (65 << 20), "too_large"),
    ):
        with pytest.raises(MachinesError) as refused:
            table.sheets(data)
        assert refused.value.code == code
