"""Tables from offices: read completely, or refused with the reason and the place."""

import io
import zipfile

import pytest
import xlsxwriter

from quetsach.units.columns import COLUMNS
from quetsach.units.table import MOST_ROWS, TableError, read_table
from quetsach.units.written import as_csv, as_xlsx

HEAD = ["Tên đơn vị", "Loại", "Thuộc đơn vị"]


def workbook(rows, work=None):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Đơn vị")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        if work:
            work(sheet)
    return out.getvalue()


def refused(data, name="t.xlsx"):
    with pytest.raises(TableError) as caught:
        read_table(name, data)
    return caught.value.code, caught.value.value


def test_titles_above_the_heading_and_marks_do_not_matter():
    table = read_table("t.xlsx", workbook([["UBND HUYỆN"], [], ["TEN DON VI", "Cấp trên"], ["Xã  A ", "H"]]))
    assert [(row.number, row.cells) for row in table.rows] == [(4, {"name": "Xã A", "parent": "H"})]
    assert table.places == {"name": "A", "parent": "B"}


@pytest.mark.parametrize(
    "data",
    [
        "Tên đơn vị;Loại\nXã Ô;UBND cấp xã\n".encode("utf-8-sig"),
        "Tên đơn vị\tLoại\nXã Ô\tUBND cấp xã\n".encode("utf-16"),
        "Te\u0302n d\u0111o\u031bn vi\u0323,Loại\nXã O\u0302,UBND cấp xã\n".replace(
            "d\u0111", "\u0111"
        ).encode(),
    ],
    ids=["semicolons", "utf-16", "decomposed"],
)
def test_csv_as_programs_save_it(data):
    (row,) = read_table("t.csv", data).rows
    assert row.cells == {"name": "Xã Ô", "kind": "UBND cấp xã"}


def test_formulas_and_merged_cells_are_named_by_their_place():
    def work(sheet):
        sheet.write_formula("A3", '="Xã "&"B"', None, "Xã B")
        sheet.merge_range("C2:C3", "Huyện")

    table = read_table("t.xlsx", workbook([HEAD, ["Xã A"], ["x"]], work))
    assert {(p.row, p.column, p.code) for p in table.problems} >= {(3, "A", "formula"), (2, "C", "merged")}


def test_what_is_no_table_is_refused_with_its_reason():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("word/document.xml", "x")
    assert refused(packed.getvalue())[0] == "not_table"
    assert refused(b"") == ("empty", "")
    assert refused(b"\xd0\xcf\x11\xe0\xa1\xb1")[0] == "old_excel"
    assert refused(b"\x89PNG\0\0", "t.csv")[0] == "not_table"
    assert refused("Tên đơn vị\nXã\n".encode() + b"\xe9\n", "t.csv") == ("encoding", 3)
    assert refused(b"a,b\n1,2\n", "t.csv")[0] == "no_header"
    assert refused("Tên,Tên đơn vị\nA,B\n".encode(), "t.csv")[0] == "twice"
    # Three units would become one whose name has no end.
    swallowed = 'Tên đơn vị;Loại\nXã A;x\n"Xã B;x\nXã C;x\nXã D;x\n'
    assert refused(swallowed.encode(), "t.csv") == ("quotes", 3)
    good = workbook([HEAD, ["Xã A"]])
    assert refused(good[: len(good) // 2])[0] == "damaged"


def test_bombs_and_floods_end_early():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/workbook.xml", "x")
        with file.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for _ in range(150):
                sheet.write(b" " * 1024 * 1024)
    assert len(packed.getvalue()) < 1024 * 1024
    assert refused(packed.getvalue()) == ("too_large", 128)
    many = ("Tên đơn vị\n" + "Xã A\n" * 100_000).encode()
    assert refused(many, "t.csv") == ("too_many_rows", 100_001)
    far = workbook([HEAD, ["Xã A"]], lambda sheet: sheet.write("XFD1", "x"))
    assert refused(far) == ("too_wide", "XFD")
    deep = workbook([HEAD, ["Xã A"]], lambda sheet: sheet.write("A100000", "Xã B"))
    assert refused(deep) == ("too_many_rows", 100_000)
    assert MOST_ROWS < 100_000


@pytest.mark.parametrize("write", [as_csv, lambda rows: as_xlsx(rows, ["Khác"])], ids=["csv", "xlsx"])
def test_what_was_written_is_read_back(write):
    cells = {column.key: f"{column.key} 01" for column in COLUMNS}
    cells |= {"contact_phone": "+84 912 345 678", "name": "=1+1", "code": "00012", "short_name": "＝1+1"}
    (row,) = read_table("t", write([cells])).rows
    assert row.cells == cells


def test_a_spreadsheet_runs_nothing_of_ours():
    text = as_csv([{"name": '=HYPERLINK("http://example.org")', "code": "＝1"}]).decode("utf-8-sig")
    assert "'=HYPERLINK" in text and "'＝1" in text
    with zipfile.ZipFile(io.BytesIO(as_xlsx([{"name": "=1+1"}], ["Khác"]))) as packed:
        assert b"<f>" not in packed.read("xl/worksheets/sheet1.xml")
