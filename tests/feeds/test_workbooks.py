"""Workbooks and other tables of offices: the choice of the list's column, and links behind its cells."""

from __future__ import annotations

import base64
import io
import json
import unicodedata
import zipfile
import zlib
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from quetsach.errors import IndicatorError
from quetsach.indicators import reading
from quetsach.indicators.forms_in import spreadsheet
from tests.packing import zipped


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """An office's workbook: title, merged family, numbers, dates, two names in a cell, a sheet of words."""
    path = tmp_path / "phu-luc.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Phụ lục 1")
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.merge_range("A1:D1", "DANH SÁCH TÊN MIỀN ĐỘC HẠI")
        sheet.write_row("A3", ["STT", "Ngày", "Tên miền", "Mã  độc"])
        for at, text in enumerate(["evil[.]example", "bad.example\nworse.example", "203.0.113.9"]):
            sheet.write_number(3 + at, 0, at + 1)
            sheet.write_datetime(3 + at, 1, date(2026, 10, 26), day)
            sheet.write_string(3 + at, 2, text)
        sheet.merge_range("D4:D5", "Mozi")
        sheet.write_string("A7", "Người lập")
        other = book.add_worksheet("Phụ lục 2")
        other.write_column("B2", ["203.0.113.10:80", "203.0.113.11:80"])
        book.add_worksheet("Hướng dẫn").write_string("A1", "Đọc kỹ")
        book.add_worksheet("Trống")
    return path


def test_a_workbook_of_an_office(workbook: Path) -> None:
    result = reading.read(workbook)
    assert [(i.value, i.family) for i in result.indicators] == [
        ("203.0.113.10:80", ""),
        ("203.0.113.11:80", ""),
        ("203.0.113.9", ""),
        ("bad.example", "Mozi"),
        ("evil.example", "Mozi"),
        ("worse.example", "Mozi"),
    ]
    assert [(r.line, r.code, r.text) for r in result.rejects] == [(7, "no-value", "Người lập")]
    assert [(w.line, w.code, w.text) for w in result.warnings] == [
        (0, "columns-guessed", "Phụ lục 2: column 2"),
        (0, "no-column", "Hướng dẫn"),
    ]


def test_a_title_over_two_columns_of_a_workbook(tmp_path: Path) -> None:
    """The names of the columns are in the row below; a family's name beside the title keeps its row."""
    path = tmp_path / "hai-dong.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.merge_range("A1:D1", "DANH SÁCH")
        sheet.merge_range("A2:A3", "STT")
        sheet.merge_range("B2:C2", "Chỉ dấu")
        sheet.write_string("D2", "Mã độc")
        sheet.write_row("B3", ["Loại", "Giá trị"])
        sheet.write_row("A4", ["1", "Tên miền", "evil[.]example", "Mozi"])
        sheet.write_row("A5", ["2", "IP:Port", "203.0.113.9:443", ""])
    result = reading.read(path)
    assert [(i.value, i.family) for i in result.indicators] == [
        ("203.0.113.9:443", ""),
        ("evil.example", "Mozi"),
    ]
    assert not result.rejects
    assert not result.warnings


def test_a_further_column_of_addresses_is_told(tmp_path: Path) -> None:
    """Its values beside those of the first column are not searched for, and people must know that."""
    rows = [["Tên miền", "IP", "SHA256"], ["evil.example", "203.0.113.9", "0" * 64]]
    path = tmp_path / "hai-cot.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Trang 1")
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    for result in (reading.read(path), reading.read_text("\n".join(map(",".join, rows)))):
        assert [i.value for i in result.indicators] == ["evil.example"]
        assert [(w.code, w.text.removeprefix("Trang 1: ")) for w in result.warnings] == [
            ("other-columns", "IP")
        ]
    chosen = reading.read(path, columns={"indicator": "IP"})
    assert ([i.value for i in chosen.indicators], chosen.warnings) == (["203.0.113.9"], ())


@pytest.mark.parametrize("form", ["xlsx", "csv", "json"])
def test_a_row_with_nothing_but_an_address_in_the_further_column_lists_it(tmp_path: Path, form: str) -> None:
    """Offices list names and addresses below each other in two columns, with one cell empty in each row."""
    head, rows = ["STT", "Địa chỉ IP", "Tên miền"], [["1", "", "evil.example"], ["2", "203.0.113.9", ""]]
    path = tmp_path / f"list.{form}"
    if form == "xlsx":
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            for at, row in enumerate([head, *rows, ["3", "203.0.113.10", "other.example"]]):
                sheet.write_row(at, 0, row)
    elif form == "csv":
        path.write_text("\n".join(map(",".join, [head, *rows, ["3", "203.0.113.10", "other.example"]])))
    else:
        path.write_text(json.dumps([dict(zip(head, row, strict=True)) for row in rows]))
    result = reading.read(path)
    found = {i.value for i in result.indicators}
    assert found == {"203.0.113.9", "evil.example"} | ({"other.example"} if form != "json" else set())
    assert not result.rejects


@pytest.mark.parametrize(
    ("ports", "listed"),
    [
        ("443", ["203.0.113.9:443"]),
        ("443, 80", ["203.0.113.9:443", "203.0.113.9:80"]),
        ("53/udp và 8080/TCP", ["203.0.113.9:53", "203.0.113.9:8080"]),
        ("any", ["203.0.113.9"]),
        ("", ["203.0.113.9"]),
    ],
)
def test_each_port_of_an_address_counts_and_no_other(ports: str, listed: list[str]) -> None:
    result = reading.read_text(f"Địa chỉ IP độc hại;Cổng\n203.0.113.9;{ports}\n")
    assert [i.value for i in result.indicators] == listed


def test_values_side_by_side_are_not_dropped_in_silence() -> None:
    result = reading.read_text("evil.example,other.example,third.example")
    assert [(w.code, w.text) for w in result.warnings] == [
        ("columns-guessed", "column 1"),
        ("other-columns", "column 2, column 3"),
    ]


def test_a_list_below_the_head_of_a_letter(tmp_path: Path) -> None:
    """A title that reads like a column's name is no heading, and a guess does not count it."""
    head = ["ỦY BAN NHÂN DÂN TỈNH PHÚ THỌ", "TÊN MIỀN, ĐỊA CHỈ IP ĐỘC HẠI", "(Kèm theo Công văn số 12)", ""]
    rows = [["1", "hxxp[:]//evil[.]example/gate.php "], ["2", "203[.]0[.]113[.]9"], ["", "Tổng cộng: 2"]]
    for name in ("Tên miền/ IP độc hại", "Máy chủ điều khiển của tin tặc"):
        path = tmp_path / f"{len(name)}.xlsx"
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            for at, title in enumerate(head):
                sheet.merge_range(at, 0, at, 1, title)
            for at, row in enumerate([["STT", name], *rows], len(head)):
                sheet.write_row(at, 0, row)
        result = reading.read(path)
        assert [i.value for i in result.indicators] == ["203.0.113.9", "evil.example/gate.php"], name
        assert result.rejects[-1].text == "Tổng cộng: 2"


EXCEL_97 = (
    b"c-rk)O=uHA6#izLG(V(iQd6N7LMT|Z7D2ptX}1d6lckEFh@fe^htM=Fp@@31T5}WxPl}g9FJ7u%{6P=)CL&byAP7RDH$4do9@?yLzU)e>"
    b"Jv5-j%6!Ybd3p2R%*(zvZ+G_9QnEaEzq5j0(2pim-3XfNWJ+4Z|B--<yRK&aJ}k{O*i?vwC6LWQJZX6u(lONWuE4^*z@kv#gS69_!q8;F$!s"
    b"7F(ub_lKJ*DyxGj=6I_Om!=_u(I(!11rN;*KvHPSxOEvr*lvWI&1ds%$a>f%@&dftb$c}K}!wBxzX;!D?6O*e=G#auT3Zw{mbG0a2aHs}<bV"
    b"m4n!N&+~KZ*B(o>hIKN86)3Vxq`^Qua<|_kl(NZzzp28Oz@Hv*B4E-0B4uc!;G|8SJiQRLP4x2ki%lSfEeJM%jNet=d%-2c_*qXGk0=g)lP"
    b"0<hR1}Cp_P1+GbUut<vU+q9~l|8&rmYM>Rqex+qGM8aami4ahxO8&+(dPyGgHb)@|fFNmG)Y(svKHd(7ck>Rjb$x2&^|cw_IV<97;Q`h4_Jy"
    b"7bZBCH%r*<zi~#tv!b>xh-R2udiA3s$O;Lrp9C2@0C{%-jjCxRvW@r!t>qr9%QXpL6mHgRBNa;G!!*7?YG+SfVW_v?ui(Mfq{X6fq{X6fx%"
    b"{i^4{$AxkJD82fdR+$osCdBCTpZll-?hhDo`m<!E_G4w%y@;zC3DvlT(*&!yIB<9{#II3cSSF^&=XG2U?g%E?dF|DSamCjQ(OYIOZ-BYytn"
    b"^?v{Y1Hjq"
)
"""Two cells, "Tên miền" above evil.example, as xlwt writes them: Base85 of zlib."""


def test_a_workbook_of_excel_97_is_read(tmp_path: Path) -> None:
    path = tmp_path / "phu-luc.xls"
    path.write_bytes(zlib.decompress(base64.b85decode(EXCEL_97)))
    result = reading.read(path)
    assert [i.value for i in result.indicators] == ["evil.example"]
    assert not result.warnings


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"%PDF-1.4\n1 0 obj\nevil.example\n", "is a PDF document"),
        (b"{\\rtf1\\ansi evil.example}", "is an office document"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"evil.example", "is an office document"),
        (
            bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le"),
            "is locked with a password; open it, save it without one",
        ),
        (b"Rar!\x1a\x07\x01\x00", "is a RAR archive"),
    ],
)
def test_a_letter_is_no_list(tmp_path: Path, data: bytes, says: str) -> None:
    """Only a name in its text would be found, not the table in it."""
    path = tmp_path / "cong-van"
    path.write_bytes(data)
    with pytest.raises(IndicatorError, match=says):
        reading.read(path)


def test_addresses_behind_links_of_a_workbook(tmp_path: Path) -> None:
    """Formulas that were never computed (most libraries write such) and cells with the text "xem"."""
    path = tmp_path / "links.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Danh sách & liên kết")
        sheet.write_row("A1", ["STT", "Đường dẫn", "Mã độc"])
        sheet.write_formula("B2", '=HYPERLINK("http://evil.example/a?x=1&y=2","xem")', value="")
        sheet.write_formula("B3", '=HYPERLINK("http://bad.example/b.exe")')
        sheet.write_formula("B4", '=HYPERLINK("https://report.example/7","worse[.]example")', value="")
        sheet.write_url("B5", "http://203.0.113.9:8080/c", string="liên kết")
        sheet.write_url("B6", "https://report.example/8", string="third[.]example")
        sheet.write_url("C2", "https://report.example/9", string="Mozi")
        sheet.write_formula("C3", '=HYPERLINK("https://report.example/10","Mirai")', value="")
        sheet.write_column("A2", [1, 2, 3, 4, 5])
    result = reading.read(path)
    assert {i.value: i.family for i in result.indicators} == {
        "evil.example/a?x=1&y=2": "Mozi",
        "bad.example/b.exe": "Mirai",
        "worse.example": "",
        "203.0.113.9:8080/c": "",
        "third.example": "",
    }
    assert [(w.line, w.code) for w in result.warnings] == [(2, "behind-link"), (5, "behind-link")]


def test_links_in_the_last_column_of_a_workbook(tmp_path: Path) -> None:
    """For a reader, a sheet ends at its last value; here only formulas lie behind it."""
    path = tmp_path / "links.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.merge_range("A1:A2", "STT")
        sheet.write_string("B1", "Tên miền")
        sheet.merge_range("A4:A5", "")
        for row in range(1, 4):
            sheet.write_formula(row, 1, f'=HYPERLINK("http://evil{row}.example/","xem")', value="")
        sheet.write_formula(2, 5, '=HYPERLINK("http://report.example/","xem")', value="")
        sheet.merge_range("E2:E9", "")
    result = reading.read(path)
    assert [i.value for i in result.indicators] == ["evil1.example", "evil2.example", "evil3.example"]


@pytest.mark.parametrize("empty", ["H1:K2", "H2:H9", "A50:B60", "B2:B60"])
def test_merged_cells_without_any_value_do_no_harm(tmp_path: Path, empty: str) -> None:
    path = tmp_path / "list.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_column(0, 0, ["Tên miền", "evil.example"])
        sheet.merge_range(empty, "")
        book.add_worksheet().merge_range(empty, "")
    assert [i.value for i in reading.read(path).indicators] == ["evil.example"]


def test_a_sheet_of_beginnings_is_read_in_time(tmp_path: Path) -> None:
    """A pattern that tries each opening up to the end needs hours."""
    path = tmp_path / "links.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().write_column(0, 0, ["Tên miền", "evil.example"])
    with zipfile.ZipFile(path) as packed:
        members = {n: packed.read(n) for n in packed.namelist()}
    sheet = members["xl/worksheets/sheet1.xml"]
    for hostile in (b'<c r="B2"><f>HYPERLINK(', b"<hyperlink ", b"<c ", b'<c r="B2"><f ' + b" " * 50):
        end = sheet.replace(b"</worksheet>", b"<!-- " + hostile * 200_000 + b" --></worksheet>")
        path.write_bytes(zipped({**members, "xl/worksheets/sheet1.xml": end}))
        assert [i.value for i in reading.read(path).indicators] == ["evil.example"]


def test_a_workbook_by_named_columns(workbook: Path) -> None:
    found = reading.read(workbook, columns={"indicator": "3", "family": "1"})
    assert ("evil.example", "1") in [(i.value, i.family) for i in found.indicators]
    with pytest.raises(IndicatorError, match="no column 'Khác'"):
        reading.read(workbook, columns={"indicator": "Khác"})


def test_a_workbook_with_far_corners_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "far.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().write_string(1_048_575, 16_383, "x")
    with pytest.raises(IndicatorError, match=f"more than {spreadsheet.MOST_CELLS} cells"):
        reading.read(path)


def test_a_damaged_workbook_is_told(workbook: Path) -> None:
    data = workbook.read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        members = {n: packed.read(n) for n in packed.namelist()}
    members["xl/workbook.xml"] = b"<not"
    workbook.write_bytes(zipped(members))
    with pytest.raises(IndicatorError, match=r"phu-luc\.xlsx: damaged workbook"):
        reading.read(workbook)
    workbook.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(IndicatorError, match=r"phu-luc\.xlsx: damaged workbook .*; open it in Excel"):
        reading.read(workbook)
    workbook.write_bytes(zipped({"[Content_Types].xml": b"<x/>", "xl/workbook.bin": bytes(9)}))
    with pytest.raises(IndicatorError, match=r"phu-luc\.xlsx: is a binary workbook .*\.xlsx or CSV"):
        reading.read(workbook)


def test_a_workbook_of_damaged_bytes_is_told(tmp_path: Path) -> None:
    """With any byte lost, the answer is a list or an error with advice, never a traceback."""
    path = tmp_path / "list.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_column(0, 0, ["Tên miền", *(f"evil{n}.example" for n in range(50))])
        sheet.write_url(1, 1, "http://report.example/", string="xem")
    whole = path.read_bytes()
    told = 0
    for at in range(0, len(whole), 61):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            reading.read(path)
        except IndicatorError:
            told += 1
    assert told > 20


def test_a_document_of_words_is_no_list(tmp_path: Path) -> None:
    path = tmp_path / "cong-van.docx"
    path.write_bytes(zipped({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}))
    with pytest.raises(IndicatorError, match="office document"):
        reading.read(path)


def test_a_workbook_and_an_archive_come_through_a_pipe_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book, archive = tmp_path / "list.xlsx", tmp_path / "lists.zip"
    with xlsxwriter.Workbook(book) as made:
        made.add_worksheet().write_column(0, 0, ["Tên miền", "evil.example"])
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("list.txt", "evil.example\n")
    for file in (book, archive):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))
        assert [i.value for i in reading.read("-").indicators] == ["evil.example"]


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_infected_machines_are_never_taken_for_what_they_called(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"report.{form}"
    head = ["STT", "Địa chỉ IP nhiễm mã độc", "Kết nối tới", "Tên mã độc"]
    rows = [[str(n), f"14.160.1.{n}", f"evil{n}.example", "Mozi"] for n in (1, 2, 3)]
    rows.append(["4", "14.160.1.4", "", "Mozi"])
    for width, found in ((4, ["evil1.example", "evil2.example", "evil3.example"]), (2, [])):
        table = [row[:width] for row in (head, *rows)]
        if form == "xlsx":
            with xlsxwriter.Workbook(path) as book:
                sheet = book.add_worksheet()
                for at, row in enumerate(table):
                    sheet.write_row(at, 0, row)
        else:
            path.write_text("\n".join(map(";".join, table)))
        assert [i.value for i in reading.read(path).indicators] == found


@pytest.mark.parametrize("form", ["xlsx", "csv"])
@pytest.mark.parametrize("beside", ["Số máy nhiễm", "Tên máy tính", "Infected hosts", "Người sử dụng"])
def test_addresses_beside_infected_machines_are_asked_about(tmp_path: Path, form: str, beside: str) -> None:
    """An office's own address in a list would turn each line of its logs into a sighting."""
    rows = [["1", "Sở Y tế", "14.160.1.1", "3"], ["2", "Sở Tư pháp", "14.160.1.2", "PC-07"]]

    def listed(head: list[str], columns: dict[str, str] | None = None, above: str = "") -> set[str]:
        table = [[above, "", "", ""]] * bool(above) + [head, *rows]
        path = tmp_path / f"report.{form}"
        if form == "xlsx":
            with xlsxwriter.Workbook(path) as book:
                sheet = book.add_worksheet()
                for at, row in enumerate(table):
                    sheet.write_row(at, 0, row)
        else:
            path.write_text("\n".join(map(",".join, table)))
        return {i.value for i in reading.read(path, columns=columns).indicators}

    both = {"14.160.1.1", "14.160.1.2"}
    asked = ["STT", "Nơi", "Địa chỉ IP", beside]
    with pytest.raises(
        IndicatorError, match=f"'Địa chỉ IP' beside '{beside}' .*--column \"indicator=Địa chỉ IP\""
    ):
        listed(asked)
    assert listed(asked, {"indicator": "Địa chỉ IP"}) == both
    for title in ("DANH SÁCH MÁY NHIỄM MÃ ĐỘC", "Địa chỉ IP bị nhiễm"):
        with pytest.raises(IndicatorError, match=f"'Địa chỉ IP' beside '{title}'"):
            listed(["STT", "Nguồn", "Địa chỉ IP", "Mã độc"], above=title)
    for title in ("DANH SÁCH MÁY CHỦ", "Địa chỉ IP điều khiển các máy bị nhiễm"):
        assert listed(["STT", "Nguồn", "Địa chỉ IP", "Mã độc"], above=title) == both
    for head in ("Địa chỉ IP độc hại", "IP máy chủ điều khiển", "Chỉ dấu"):
        assert listed(["STT", "Nguồn", head, beside]) == both
    for other in ("Tên máy chủ", "Số lượng", "Mã độc"):
        assert listed(["STT", "Nguồn", "Địa chỉ IP", other]) == both


def test_records_of_infected_machines_are_asked_about() -> None:
    record = '[{"Địa chỉ IP": "14.160.1.1", "%s": 3}]'
    with pytest.raises(IndicatorError, match="'Địa chỉ IP' beside 'Số máy nhiễm'"):
        reading.read_text(record % "Số máy nhiễm")
    assert len(reading.read_text(record % "Số lượt").indicators) == 1
    assert (
        len(reading.read_text(record % "Số máy nhiễm", columns={"indicator": "Địa chỉ IP"}).indicators) == 1
    )


def test_a_sheet_of_infected_machines_is_passed_over_beside_the_list(tmp_path: Path) -> None:
    path = tmp_path / "phu-luc.xlsx"
    with xlsxwriter.Workbook(path) as book:
        first = book.add_worksheet("Máy nhiễm")
        first.write_row(0, 0, ["Đơn vị", "IP", "Tên máy"])
        first.write_row(1, 0, ["Sở Y tế", "14.160.1.1", "PC-07"])
        second = book.add_worksheet("Máy chủ độc hại")
        second.write_column(0, 0, ["IP", "203.0.113.9"])
    result = reading.read(path)
    assert [i.value for i in result.indicators] == ["203.0.113.9"]
    assert [(r.line, r.code) for r in result.rejects] == [(0, "may-be-victims")]
    assert result.rejects[0].text.startswith("Máy nhiễm: 'IP' beside 'Tên máy'")


def test_a_column_is_found_however_its_name_is_typed(tmp_path: Path) -> None:
    """Some systems store Vietnamese letters in parts."""
    listed = tmp_path / "list.csv"
    listed.write_text("Máy chủ,Địa chỉ  lạ\nx,203.0.113.9\n")
    for typed in ("Địa chỉ lạ", unicodedata.normalize("NFD", " địa chỉ lạ ")):
        found = reading.read(listed, columns={"indicator": typed})
        assert [i.value for i in found.indicators] == ["203.0.113.9"]


def test_a_table_with_tabs_and_a_head_that_nobody_knows_is_read(tmp_path: Path) -> None:
    listed = tmp_path / "list.tsv"
    listed.write_text("STT\tMáy chủ của tin tặc\tGhi chú\n1\t203.0.113.9\tC2\n2\tevil.example\tC2\n")
    result = reading.read(listed)
    assert [i.value for i in result.indicators] == ["203.0.113.9", "evil.example"]
    listed.write_text("203.0.113.9\tevil.example is here\nevil.example\tC2\n")
    assert reading.read(listed).recognised[0].format == "plain"
