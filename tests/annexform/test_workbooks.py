"""The form and the filled-in annex as Excel workbooks, also from hostile and careless people."""

import io
import zipfile

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from quetsach.annexes.form.authoring import AuthoringError, changes, read_authored, write_form
from quetsach.annexes.form.definition import built_in, read_form
from quetsach.annexes.form.entry import read_entry
from quetsach.annexes.form.filling import SHEET, read_filled, write_template
from quetsach.annexes.form.workbook import WorkbookError, open_workbook

FORM = built_in("annex-2022")


def rewritten(data, part, change):
    """The workbook with one part changed, like a file saved by an editor."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info.filename)
            new.writestr(info.filename, change(content) if info.filename == part else content)
    return out.getvalue()


def book(write):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as workbook:
        write(workbook)
    return out.getvalue()


def filled(**typed):
    entry = read_entry({"r1": "0", "r2": "1.234", "narrative": "Đã xong.", **typed}, FORM.keys)
    return write_template(FORM, "Xã Dào San", entry, "token-1")


def refused(data, read=lambda data: read_filled(data, FORM)):
    with pytest.raises(WorkbookError) as error:
        read(data)
    return error.value.code, error.value.where


def test_what_was_filled_in_comes_back_field_by_field():
    back = read_filled(
        filled(n2="kể cả trạm y tế", a2="-3", adjust_reason="hai sổ", external="HTX A\nHTX B"), FORM
    )
    assert back.token == "token-1"
    assert (back.data["r1"], back.data["r2"], back.data["r3"]) == ("0", "1234", "")
    assert (back.data["n2"], back.data["a2"], back.data["external"]) == (
        "kể cả trạm y tế",
        "-3",
        "HTX A\nHTX B",
    )


def test_only_the_answers_can_be_typed_and_a_row_says_what_it_may_hold():
    with zipfile.ZipFile(io.BytesIO(filled())) as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml").decode()
        workbook = packed.read("xl/workbook.xml").decode()
    assert "<sheetProtection" in sheet
    assert "C9&lt;=C7" in sheet, "row 4 is not more than row 2"
    assert 'state="veryHidden"' in workbook


def test_a_formula_is_named_with_its_cell():
    formula = rewritten(
        filled(), "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b'<c r="C8"', b'<c r="C8"><f>C7*2</f><v>3</v></c><c r="Z8"', 1),
    )  # fmt: skip
    assert refused(formula) == ("formula", "C8")


def test_merged_cells_moved_lines_and_stray_text_are_named():
    cells = b'<mergeCells count="1"><mergeCell ref="C6:C7"/></mergeCells>'
    merged = rewritten(
        filled(), "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b"</sheetData>", b"</sheetData>" + cells),
    )  # fmt: skip
    assert refused(merged) == ("merged", "C6:C7")
    moved = rewritten(
        filled(), "xl/sharedStrings.xml",
        lambda xml: xml.replace(FORM.rows[2].text.encode(), "Tổng số đơn vị khác".encode()),
    )  # fmt: skip
    assert refused(moved) == ("moved", "B8")
    stray = rewritten(
        filled(), "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b"</sheetData>", b'<row r="40"><c r="B40"><v>7</v></c></row></sheetData>'),
    )  # fmt: skip
    assert refused(stray)[0] == "stray"


def test_macros_passwords_bombs_and_other_files_are_refused():
    macros = io.BytesIO(filled())
    with zipfile.ZipFile(macros, "a") as packed:
        packed.writestr("xl/vbaProject.bin", b"x")
    assert refused(macros.getvalue())[0] == "macros"
    bomb = io.BytesIO(filled())
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/media/image1.png", b"\0" * 30_000_000)
    assert len(bomb.getvalue()) < 100_000
    assert refused(bomb.getvalue())[0] == "bomb"
    assert refused(bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600)[0] == "locked_or_old"
    assert refused(b"%PDF-1.7")[0] == "no_workbook"
    assert refused(b"PK\x03\x04 broken")[0] == "damaged"
    assert refused(filled()[:-300])[0] == "damaged"
    assert refused(book(lambda b: b.add_worksheet("Sheet1").write(0, 0, "x")))[0] == "other_workbook"
    entity = rewritten(
        filled(), "xl/workbook.xml", lambda xml: xml.replace(b"?>", b'?><!DOCTYPE a [<!ENTITY x "y">]>', 1)
    )
    assert refused(entity) == ("damaged", "DOCTYPE")


def test_a_hundred_thousand_rows_are_refused_before_they_are_read():
    def tall(workbook):
        sheet = workbook.add_worksheet(SHEET)
        for line in range(0, 100_000, 7):
            sheet.write_number(line, 0, line)

    assert refused(book(tall))[0] == "too_many_rows"
    assert refused(book(lambda b: b.add_worksheet(SHEET).write(0, 5000, 1)))[0] == "too_many_columns"


def edited(change):
    """The form's workbook with changed cells: `change` gets the cells of each sheet."""
    known = CalamineWorkbook.from_filelike(io.BytesIO(write_form(FORM, "phu-luc-moi")))
    sheets = {
        name: [list(row) for row in known.get_sheet_by_name(name).to_python(skip_empty_area=False)]
        for name in ("Thông tin", "Dòng", "Quy tắc")
    }
    change(sheets)

    def write(workbook):
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            for line, row in enumerate(rows):
                for column, cell in enumerate(row):
                    sheet.write_string(line, column, str(cell))

    return book(write)


def test_a_workbook_that_nobody_changed_is_the_same_form():
    form = read_authored(write_form(FORM, "phu-luc"))
    assert (form.rows, form.rules, form.head, form.ratio) == (FORM.rows, FORM.rules, FORM.head, FORM.ratio)
    assert changes(FORM, form) == []
    assert form.version == read_authored(edited(lambda sheets: None)).version.replace(
        "phu-luc-moi", "phu-luc"
    )


def test_a_fifth_row_and_a_rule_are_a_new_version_and_are_told_of():
    def more(sheets):
        sheets["Dòng"].append(
            ["5", "Tổng số máy tính đã kiểm tra", "Máy đã kiểm tra", "Computers checked", "", ""]
        )
        sheets["Quy tắc"].append(
            ["W90", "cảnh báo", "báo cáo", "r5", "", "r5 > r2 * 3", "Nhiều máy: {r5}.", "Many.", "", ""]
        )  # fmt: skip

    form = read_authored(edited(more))
    assert form.keys == ("r1", "r2", "r3", "r4", "r5")
    assert form.rules[-1]["when"] == ["gt", "r5", ["mul", "r2", 3]]
    told = {(change.kind, change.where) for change in changes(FORM, form)}
    assert told == {("added", "r5"), ("added", "W90")}
    assert form.version.startswith("phu-luc-moi-") and form.version != FORM.version


def test_changed_words_are_named_as_the_workbook_names_them():
    def renamed(sheets):
        sheets["Thông tin"][1][1] = "Phụ lục mới"
        sheets["Thông tin"][4][1] = "MẪU BÁO CÁO"

    told = [change.where for change in changes(FORM, read_authored(edited(renamed)))]
    assert told == ["Tên mẫu", "Tiêu đề"]


def test_a_condition_that_cannot_be_read_is_told_of_once():
    def broken(sheets):
        sheets["Quy tắc"][1][5] = "r1 >"

    with pytest.raises(AuthoringError) as stopped:
        read_authored(edited(broken))
    assert [code for code, _where in stopped.value.problems] == ["when"]


@pytest.mark.parametrize(
    ("sheet", "cell", "text", "problem"),
    [
        ("Quy tắc", (1, 5), "r1 >", ("when", "Quy tắc!F2")),
        ("Quy tắc", (2, 5), "r9 > r1", ("fact", "H02: r9")),
        ("Quy tắc", (2, 5), "r1 + 2", ("condition", "H02: r1 + 2")),
        ("Quy tắc", (2, 5), "r1 > narrative", ("condition", "H02: r1 > narrative")),
        ("Quy tắc", (1, 1), "nặng", ("level", "Quy tắc!B2")),
        ("Quy tắc", (2, 3), "r12", ("rule_row", "H02")),
        ("Quy tắc", (2, 7), "", ("rule_text", "H02")),
        ("Dòng", (2, 0), "3", ("number", "3")),
        ("Dòng", (2, 0), "hai", ("number", "Dòng!A3")),
        ("Dòng", (1, 1), "", ("row_text", "r1")),
        ("Dòng", (1, 4), "trời biết", ("known", "Dòng!E2")),
        ("Thông tin", (0, 1), "Phụ lục", ("name", "Thông tin!B1")),
        ("Thông tin", (4, 1), "", ("head", "title") ),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(sheet, cell, text, problem):
    def spoil(sheets):
        sheets[sheet][cell[0]][cell[1]] = text

    with pytest.raises(AuthoringError) as error:
        read_authored(edited(spoil))
    assert problem in error.value.problems


def test_a_workbook_without_a_sheet_or_with_a_formula_is_refused():
    assert refused(book(lambda b: b.add_worksheet("Dòng")), read_authored) == ("no_sheet", "Thông tin")
    formula = rewritten(
        write_form(FORM), "xl/worksheets/sheet2.xml",
        lambda xml: xml.replace(b'<c r="A3"', b'<c r="A3"><f>1+1</f></c><c r="J3"', 1),
    )  # fmt: skip
    assert refused(formula, read_authored) == ("formula", "Dòng!A3")


def test_every_sheet_of_the_template_is_plain():
    assert all(not sheet.formulas and not sheet.merged for sheet in open_workbook(filled()).values())


def test_english_texts_survive_the_workbook_and_change_nothing_that_is_printed():
    form = built_in("annex-2022")
    read = read_authored(write_form(form, "phu-luc"))
    assert read.head_en == form.head_en and [row.text_en for row in read.rows] == [
        row.text_en for row in form.rows
    ]
    assert read.words("vi") == form.head
    assert read.words("en")["part2"] == "2. Figures" and read.words("en")["columns"] == form.head["columns"]


def test_a_form_without_english_texts_keeps_its_key_and_shows_its_short_names():
    form = built_in("annex-2022")
    stored = form.as_dict()
    del stored["head_en"]
    for row in stored["row"]:
        del row["text_en"]
    plain = read_form(stored)
    assert "head_en" not in plain.as_dict() and "text_en" not in plain.as_dict()["row"][0]
    assert plain.rows[0].said("en") == "Units informed" and plain.rows[0].said("vi") == form.rows[0].text
