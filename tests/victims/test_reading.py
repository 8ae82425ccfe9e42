"""Files of victims' reports: every line becomes a report or a leftover with its line and reason."""

import io
import json
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from quetsach.text.words import visible
from quetsach.victims import document, reading
from quetsach.victims.document import Document, DocumentError, Head
from quetsach.victims.reading import ReportFileError, Told
from quetsach.victims.report import Leftover, Meaning, Report

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
SINKHOLE = "2026-03-01-event4_sinkhole-office-asn.csv"
# Columns in an order of our own: the publisher's is not fixed.
HEAD = "src_naics,severity,timestamp,src_ip,src_port,protocol,infection,family,tag,machine_name\n"


def read(name, text, **told):
    data = text if isinstance(text, bytes) else text.encode()
    return list(reading.opened(name, io.BytesIO(data), Told(**{"zone": VIETNAM, **told})).rows())


def left(rows):
    return [(one.line, one.code) for one in rows if isinstance(one, Leftover)]


def addresses(rows):
    return [one.address for one in rows if isinstance(one, Report)]


def at(hour, minute=0, second=0, day=1):
    return datetime(2026, 3, day, hour, minute, second, tzinfo=UTC)


def test_a_report_of_a_sinkhole_by_any_order_of_columns():
    (one,) = read(
        SINKHOLE, HEAD + "0,critical,2026-03-01 04:05:06,203.0.113.9,50112,tcp,qakbot,qbot,x,PC-7\n"
    )
    assert one == Report(
        "203.0.113.9", at(4, 5, 6), at(4, 5, 6), Meaning.INFECTION, "shadowserver", "event4_sinkhole",
        "qakbot", 50112, "tcp", "critical", "PC-7",
    )  # fmt: skip


def test_the_types_own_column_holds_the_address():
    """The sender of the referer is the infected site; the machine that came from there is a visitor."""
    text = "timestamp,src_ip,dst_ip,http_referer_ip,http_referer_naics\n"
    text += "2026-03-01 00:00:00,198.51.100.1,192.0.2.1,203.0.113.4,0\n"
    assert addresses(read("2026-03-01-event4_sinkhole_http_referer-x.csv", text)) == ["203.0.113.4"]


def test_a_risk_keeps_its_port_and_severity_and_never_opens_a_case():
    (one,) = read(
        "2026-03-01-scan6_smb-x.csv",
        "timestamp,ip,port,naics,severity\n2026-03-01 00:00:00,2001:DB8::0:9,445,0,High\n",
    )
    assert (one.address, one.meaning, one.port, one.severity) == ("2001:db8::9", Meaning.EXPOSED, 445, "high")
    assert not one.meaning.is_case


def test_a_broken_line_costs_no_other_line():
    text = HEAD + "".join(
        f"0,low,2026-03-01 00:00:0{n},{ip},1,tcp,bot,,,{name}\n"
        for n, (ip, name) in enumerate(
            [("203.0.113.1", ""), ("203.0.113.2", '"never closed'), ("203.0.113.3", ""), ("1.2.3.444", ""),
             ("203.0.113.5", "a,b"), ("203.0.113.6", '"with, comma"')]
        )
    )  # fmt: skip
    text += "0,low,yesterday,203.0.113.7,1,tcp,bot,,,\n"
    rows = read(SINKHOLE, text)
    assert addresses(rows) == ["203.0.113.1", "203.0.113.3", "203.0.113.6"]
    assert left(rows) == [(3, "quotes"), (5, "address"), (6, "columns"), (8, "time")]


NOTED = "IP máy nhiễm,Thời gian,Ghi chú\n" + "".join(
    f"203.0.113.{n},01/03/2026 09:15,{note}\n"
    for n, note in enumerate(["", '"a, b"', '"a\nb, c\nd"', '"a" b', "", '""'], 1)
)
ALL = [f"203.0.113.{n}" for n in range(1, 7)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_and_quoted_notes_are_read(end):
    rows = read("x.csv", NOTED.replace("\n", end))
    assert (addresses(rows), left(rows)) == (ALL, [])


@pytest.mark.parametrize("end", ["\n", "\r"])
@pytest.mark.parametrize("at_row", [2, 3, 8, 9])
def test_a_stray_quote_in_a_sheet_costs_its_own_row(at_row, end):
    """Also where a later quote would close it, or the file ends before one does."""
    table = NOTED.split("\n")
    table[at_row - 1] = table[at_row - 1].replace("01/03", '"01/03')
    rows = read("x.csv", end.join(table))
    lost = {2: 0, 3: 1, 8: 4, 9: 5}[at_row]
    assert (addresses(rows), left(rows)) == (ALL[:lost] + ALL[lost + 1 :], [(at_row, "quotes")])


def test_lines_that_end_with_cr_alone_in_a_large_report():
    text = HEAD + "0,low,2026-03-01 00:00:00,203.0.113.5,1,tcp,bot,,,\n" * 30_000
    assert len(addresses(read(SINKHOLE, text.replace("\n", "\r")))) == 30_000


def test_a_line_without_an_end_is_told_and_the_next_is_read():
    text = HEAD + "0,low," + "9" * 2_500_000 + "\n0,low,2026-03-01 00:00:00,203.0.113.5,1,tcp,bot,,,\n"
    rows = read(SINKHOLE, text)
    assert (addresses(rows), left(rows)) == (["203.0.113.5"], [(2, "too_long")])


def test_an_unknown_type_is_listed_and_never_a_case():
    rows = read("2026-03-01-scan_tomorrow-x.csv", "timestamp,ip,naics\n2026-03-01 00:00:00,203.0.113.1,0\n")
    assert rows == [Leftover("2026-03-01-scan_tomorrow-x.csv", 2, "unknown_kind", "scan_tomorrow")]


def test_a_type_that_says_nothing_of_a_machine_is_left_over():
    rows = read(
        "2026-03-01-event4_sinkhole_dns-x.csv",
        "timestamp,src_ip,src_naics\n2026-03-01 00:00:00,203.0.113.1,0\n",
    )
    assert left(rows) == [(2, "kind")]


def test_a_renamed_report_needs_its_type_from_a_person():
    text = HEAD + "0,low,2026-03-01 00:00:00,203.0.113.5,1,tcp,bot,,,\n"
    with pytest.raises(ReportFileError) as caught:
        read("download.csv", text)
    assert caught.value.code == "no_kind"
    assert addresses(read("download.csv", text, kind="event4_sinkhole")) == ["203.0.113.5"]


def test_hostile_text_becomes_visible_and_short():
    nasty = "bot\u202e\x1b[31m" + "x" * 500
    (one,) = read(SINKHOLE, HEAD + f"0,low,2026-03-01 00:00:00,203.0.113.5,1,tcp,{nasty},,,\n")
    assert one.family.isprintable() and len(one.family) <= 100 and one.family.startswith("bot\\u{202e}\\x1b")


# --- n6 ---


def n6(**more):
    return {"id": "1", "category": "bots", "name": "mirai", "time": "2026-03-01T01:02:03Z",
            "address": [{"ip": "203.0.113.7", "cc": "VN"}], **more}  # fmt: skip


def test_events_of_n6_by_line_and_as_one_list():
    events = [n6(until="2026-03-01T05:00:00Z", count=7, dip="192.0.2.1", dport=443, sport=50000),
              n6(category="exposed", name="rdp", dport=3389), n6(category="dos-victim"),
              n6(category="tomorrow"), n6(status="delisted"), n6(time="never"), n6(address=[{"ip": "x"}]),
              n6(address=[{"ip": "127.0.0.1"}]), {"a": 1}]  # fmt: skip
    for text in ("\n".join(map(json.dumps, events)), json.dumps(events)):
        rows = read("n6.json", text)
        assert rows[0] == Report(
            "203.0.113.7", at(1, 2, 3), at(5), Meaning.INFECTION, "n6", "bots", "mirai", 50000, events=7
        )
        assert (rows[1].meaning, rows[1].port, rows[1].family) == (Meaning.EXPOSED, 3389, "")
        assert left(rows) == [
            (3, "kind"),
            (4, "unknown_kind"),
            (5, "status"),
            (6, "time"),
            (7, "address"),
            (8, "address"),
            (9, "no_event"),
        ]


def test_an_event_with_several_addresses_is_a_report_for_each():
    rows = read("n6.json", json.dumps(n6(address=[{"ip": "203.0.113.7"}, {"ip": "203.0.113.8"}])))
    assert addresses(rows) == ["203.0.113.7", "203.0.113.8"]


# --- an office's table ---

SHEET = [
    ["DANH SÁCH MÁY NHIỄM MÃ ĐỘC"],
    [],
    ["STT", "Đơn vị", "IP nạn nhân", "Thời gian ghi nhận", "Tên mã độc", "IP máy chủ điều khiển"],
    [1, "UBND xã A", "203.0.113.7", datetime(2026, 3, 1, 8, 30), "Mirai", "198.51.100.9"],
    [2, "UBND xã B", "203.0.113.8", "09:15 01/03/2026", "Mirai", "198.51.100.9"],
    [3, "UBND xã C", "203.0.113.9:50111", "01/03/2026", "Qakbot", "198.51.100.9"],
    [4, "UBND xã D", "203.0.113.10", "32/13/2026", "Qakbot", "198.51.100.9"],
    ["", "Tổng cộng", "4 địa chỉ"],
]


def workbook(rows):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet, when = book.add_worksheet("Máy nhiễm"), book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, datetime):
                    sheet.write_datetime(at, column, cell, when)
                else:
                    sheet.write(at, column, cell)
    return out.getvalue()


def test_a_workbook_of_a_ministry_names_victims_and_not_what_they_called():
    rows = read("may-nhiem.xlsx", workbook(SHEET))
    assert [
        (one.address, one.first, one.family, one.port, one.is_day) for one in rows if isinstance(one, Report)
    ] == [
        ("203.0.113.7", at(1, 30), "Mirai", None, False),
        ("203.0.113.8", at(2, 15), "Mirai", None, False),
        ("203.0.113.9", datetime(2026, 2, 28, 17, tzinfo=UTC), "Qakbot", 50111, True),
    ]
    assert left(rows) == [(7, "time"), (8, "address")]


def test_a_day_of_eight_digits_is_a_whole_day():
    (one,) = read("m.csv", "IP,Thời gian\n203.0.113.7,20260302\n")
    assert one.is_day and one.first == at(17)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_same_as_csv(encoding):
    text = "\n".join(";".join(map(str, row)) for row in SHEET[2:6])
    assert addresses(read("m.csv", text.encode(encoding))) == ["203.0.113.7", "203.0.113.8", "203.0.113.9"]


def test_a_table_without_times_needs_a_day():
    text = "IP,Malware\n203.0.113.7,Mirai\n"
    assert left(read("m.csv", text)) == [(2, "no_time")]
    (one,) = read("m.csv", text, day=date(2026, 3, 2))
    assert (one.first, one.last) == (at(17), at(16, 59, 59, day=2)) and one.is_day


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("x.csv", b"  \n", "empty"),
        ("x.csv", b"C2,port\n198.51.100.9,443\n", "no_header"),
        ("x.csv", b"\x1f\x8b\x08", "packed"),
        ("x.csv", b"a\0b", "not_text"),
        ("x.xlsx", b"PK\x03\x04 nothing", "damaged"),
        ("x.json", b'[{"category": ', "not_json"),
    ],
)
def test_what_is_no_report_is_refused_with_a_reason(name, data, code):
    with pytest.raises(ReportFileError) as caught:
        read(name, data)
    assert caught.value.code == code


@given(st.lists(st.binary(max_size=60), max_size=12), st.sampled_from([SINKHOLE, "n6.json", "bang.csv"]))
def test_every_line_of_any_bytes_is_accounted_for(chunks, name):
    """No bytes raise anything but our own refusal, and each report was in the file."""
    data = b"\n".join([HEAD.strip().encode() if name == SINKHOLE else b"IP,time", *chunks])
    try:
        rows = read(name, data)
    except ReportFileError:
        return
    for one in rows:
        assert isinstance(one, Report | Leftover)
        if isinstance(one, Leftover):
            assert one.line >= 1
            assert visible(one.value) == one.value


# --- documents ---


def test_a_document_comes_back_as_it_was_written():
    rows = read(
        SINKHOLE,
        HEAD + "0,low,2026-03-01 00:00:00,203.0.113.5,1,tcp,bot,,,\n0,low,x,203.0.113.5,1,tcp,bot,,,\n",
    )
    rows += read("n6.json", json.dumps(n6(until="2026-03-01T05:00:00Z", count=7)))
    head = Head("a.csv", "0" * 64, "shadowserver", "event4_sinkhole", "test")
    (data,) = document.chunks(head, rows)
    back = Document(io.BytesIO(data), lambda *_: pytest.fail("rejected"))
    assert [one._replace(file="") if isinstance(one, Leftover) else one for one in back.rows()] == [
        one._replace(file="") if isinstance(one, Leftover) else one for one in rows
    ]
    assert back.head == head and back.whole.lines == 3 and back.whole.left == {"time": 1}


def test_a_file_larger_than_a_request_is_cut_into_whole_documents(monkeypatch):
    monkeypatch.setattr(document, "CHUNK_BYTES", 2_000)
    rows = [
        Report(f"203.0.113.{n}", at(1), at(1), Meaning.INFECTION, "n6", "bots", "mirai") for n in range(40)
    ]
    parts = list(document.chunks(Head("a", "0" * 64, "n6", ""), rows))
    assert len(parts) > 2 and all(len(part) <= 2_000 for part in parts)
    read_back, wholes = [], []
    for part in parts:
        one = Document(io.BytesIO(part), lambda *_: pytest.fail("rejected"))
        read_back += one.rows()
        wholes.append(one.whole)
    assert read_back == rows
    assert wholes[:-1] == [None] * (len(parts) - 1) and wholes[-1].lines == 40


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda lines: lines[1:], "not_victims"),
        (lambda lines: lines[:-1], "incomplete"),
        (lambda lines: [lines[0], lines[-1]], "incomplete"),
        (lambda lines: [lines[0].replace(b'"schema":1', b'"schema":9'), *lines[1:]], "schema"),
        (lambda lines: [*lines, b"{}\n"], "garbage"),
        (lambda lines: [b"not json\n"], "not_victims"),
    ],
)
def test_a_document_that_is_not_whole_is_refused(change, code):
    rows = [Report("203.0.113.1", at(1), at(1), Meaning.INFECTION, "n6", "bots")]
    (data,) = document.chunks(Head("a", "0" * 64, "n6", ""), rows)
    with pytest.raises(DocumentError) as caught:
        list(Document(io.BytesIO(b"".join(change(data.splitlines(keepends=True)))), lambda *_: None).rows())
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("address", "010.0.0.1"), ("address", 7), ("first", "2026-03-01"), ("last", "2020-01-01T00:00:00Z"),
        ("meaning", "none"), ("publisher", "me"), ("port", 70_000), ("port", True), ("family", "x" * 101),
        ("family", "a\0b"), ("severity", "awful"), ("events", 0), ("host", ["x"]),
        ("host", "PC\u202egnp"), ("severity", []), ("severity", None), ("protocol", 0), ("meaning", []),
        ("publisher", {}),
    ],
)  # fmt: skip
def test_a_record_that_breaks_the_form_is_left_out_with_its_field(field, value):
    one = json.loads(document.row_line(Report("203.0.113.1", at(1), at(1), Meaning.INFECTION, "n6", "bots")))
    head = document.head_line(Head("a", "0" * 64, "n6", ""))
    body = head + json.dumps(one | {field: value}).encode() + b"\n" + document.end_line(1, 0, None)
    told = []
    assert list(Document(io.BytesIO(body), lambda line, name: told.append((line, name))).rows()) == []
    assert told == [(2, "first" if field == "last" else field)]


def test_a_port_of_zero_is_none_by_whatever_way_it_came():
    """The command and the page must make one report of a line, or it is stored twice."""
    (one,) = read(SINKHOLE, HEAD + "0,low,2026-03-01 00:00:00,203.0.113.5,0,icmp,bot,,,\n")
    (data,) = document.chunks(Head("a", "0" * 64, "shadowserver", "event4_sinkhole"), [one])
    assert list(Document(io.BytesIO(data), lambda *_: None).rows()) == [one] and one.port is None
    sent = data.replace(b'"family"', b'"port":0,"family"')
    assert list(Document(io.BytesIO(sent), lambda *_: None).rows()) == [one]


@pytest.mark.parametrize("line", [b'{"type":[]}', b'{"type":"report"} {}', b"[1]", b'"report"', b"\xff"])
def test_a_line_that_is_no_record_refuses_the_document(line):
    head = document.head_line(Head("a", "0" * 64, "n6", ""))
    with pytest.raises(DocumentError) as caught:
        list(Document(io.BytesIO(head + line + b"\n"), lambda *_: None).rows())
    assert (caught.value.code, caught.value.line) == ("garbage", 2)


def test_a_leftover_with_a_code_of_no_kind_is_left_out():
    head, told = document.head_line(Head("a", "0" * 64, "n6", "")), []
    line = b'{"type":"leftover","line":1,"code":[],"value":""}\n'
    body = head + line + document.end_line(0, 1, None)
    assert list(Document(io.BytesIO(body), lambda *given: told.append(given)).rows()) == []
    assert told == [(2, "code")]
