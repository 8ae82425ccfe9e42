"""Rearranged tables, each with the figures that a person reads in it. None: no number may be taken.

A figure that is taken although a person reads another figure must be doubted: a silent mistake
reaches the total.
"""

import io
import re
from collections.abc import Callable

import pytest
import xlsxwriter
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from quetsach.annexes.collecting import messages
from quetsach.annexes.collecting.annex import Annex
from quetsach.annexes.collecting.reading import read
from tests.collect.papers_by_hand import (
    FOOT,
    HEAD,
    ROWS,
    cell,
    docx,
    grid,
    lines,
    paragraph,
    run,
    table,
    xlsx,
)
from tests.collect.truth import Four

UNIT = "UBND xã Mường So"
FIGURES: Four = (12, 150, 10, 140)
TYPED = ("12", "150", "10", "140")
PLANNED = ("15", "153", "13", "143")
NONE: Four = (None, None, None, None)
TALL = [cell(text, merge="restart") for text in ("TT", "Nội dung", "Ghi chú")]
GOES_ON = cell("", merge="continue")


def word(rows: list[tuple[str, ...]]) -> bytes:
    return docx(lines(UNIT) + table(rows) + paragraph(FOOT))


def standard(*typed: str, head: tuple[str, ...] = HEAD) -> list[tuple[str, ...]]:
    return [head, *((str(at), ROWS[at - 1], one, "") for at, one in enumerate(typed or TYPED, 1))]


def two_columns(first: str, second: str, *, is_second_blank: bool = False) -> bytes:
    """Two columns of figures in one line, each below its own heading."""
    head = ("TT", "Nội dung", first, second, "Ghi chú")
    done = ("",) * 4 if is_second_blank else TYPED
    return word([head, *((str(at + 1), ROWS[at], PLANNED[at], done[at], "") for at in range(4))])


def two_lines(first: str, second: str, *, is_second_blank: bool = False) -> bytes:
    """Two columns of figures below one merged heading, “Số lượng”."""
    tt, words, note = TALL
    head = [(tt, words, cell("Số lượng", span=2), note), (GOES_ON, GOES_ON, first, second, GOES_ON)]
    done = ("",) * 4 if is_second_blank else TYPED
    return word([*head, *((str(at + 1), ROWS[at], PLANNED[at], done[at], "") for at in range(4))])


def first_cell(*runs: str) -> bytes:
    """The form with a first figure of these runs."""
    return word([HEAD, ("1", ROWS[0], cell(paragraph(*runs)), ""), *standard()[2:]])


def looking(text: str, look: str) -> str:
    return f"<w:r><w:rPr>{look}</w:rPr><w:t>{text}</w:t></w:r>"


WITHOUT_ROW_3 = [HEAD, ("1", ROWS[0], "12", ""), ("2", ROWS[1], "150", ""), ("3", ROWS[2], "", "")]
MACHINES = ("5", "Tổng số máy tính của đơn vị đã triển khai quét mã độc", "88", "")
IDLE = ("6", "Tổng số đơn vị chưa triển khai chiến dịch", "2", "")
EARLIER_FONT = (
    '<w:rFonts w:ascii="Arial"/><w:rPrChange><w:rPr><w:rFonts w:ascii=".VnTime"/></w:rPr></w:rPrChange>'
)
EARLIER_CELL = '<w:tcPr><w:tcPrChange><w:tcPr><w:gridSpan w:val="2"/></w:tcPr></w:tcPrChange></w:tcPr>'

WORD: dict[str, tuple[bytes, Four]] = {
    "figures left of the words": (
        word(
            [
                ("TT", "Số lượng", "Nội dung", "Ghi chú"),
                *((str(at + 1), TYPED[at], ROWS[at], "3 người nghỉ" if at == 1 else "") for at in range(4)),
            ]
        ),
        FIGURES,
    ),
    "two lines: planned and done": (two_lines("Giao", "Thực hiện"), FIGURES),
    "two lines: last time's, this time's blank": (
        two_lines("Kỳ trước", "Kỳ này", is_second_blank=True),
        NONE,
    ),
    "planned and reached": (two_columns("Số lượng giao", "Kết quả"), FIGURES),
    "computers and result": (two_columns("Số lượng máy tính", "Kết quả"), FIGURES),
    "planned, and blank": (two_columns("Kế hoạch", "Thực hiện", is_second_blank=True), NONE),
    "planned, and blank below an unknown word": (
        two_columns("Kế hoạch", "Làm được", is_second_blank=True),
        NONE,
    ),
    "two rounds": (two_columns("Số lượng đợt 1", "Số lượng đợt 2"), NONE),
    "two figures in one cell": (word(standard("12\n150", *TYPED[1:])), (None, *FIGURES[1:])),
    "two figures with a tab": (
        first_cell("<w:r><w:t>12</w:t><w:tab/><w:t>150</w:t></w:r>"),
        (None, *FIGURES[1:]),
    ),
    "one merged cell for two rows": (
        word(
            [
                HEAD,
                ("1", ROWS[0], cell("12", merge="restart"), ""),
                ("2", ROWS[1], cell("", merge="continue"), ""),
                *standard()[3:],
            ]
        ),
        (None, None, 10, 140),
    ),
    "struck through": (first_cell(looking("10", "<w:strike/>"), run("12")), FIGURES),
    "not struck through": (first_cell(looking("1", '<w:strike w:val="0"/>'), run("2")), FIGURES),
    "hidden": (first_cell(looking("9", "<w:vanish/>"), run("12")), FIGURES),
    "a footnote's number": (first_cell("12", looking("1", '<w:vertAlign w:val="superscript"/>')), FIGURES),
    "a raised sign": (word(standard("12¹", *TYPED[1:])), FIGURES),
    "an earlier font": (first_cell(looking("12 đơn vị", EARLIER_FONT)), FIGURES),
    "an earlier span": (
        word(
            [
                HEAD,
                ("1", ROWS[0], f"<w:tc>{EARLIER_CELL}{paragraph('12')}</w:tc>", "8 người nghỉ"),
                *standard()[2:],
            ]
        ),
        FIGURES,
    ),
    "a row about computers, and a blank one": (
        word([*WITHOUT_ROW_3, standard()[4], MACHINES]),
        (12, 150, None, 140),
    ),
    "a row of those who did nothing": (word([*WITHOUT_ROW_3, standard()[4], IDLE]), (12, 150, None, 140)),
    "rows added below": (word([*standard(), MACHINES, IDLE, ("", "Tổng cộng", "312", "")]), FIGURES),
    "on its side": (word([("TT", "Đơn vị", *ROWS, "Ghi chú"), ("1", UNIT, *TYPED, "")]), FIGURES),
    "on its side, its parts and their sum": (
        word(
            [
                ("Đơn vị", *ROWS),
                ("Trường TH", "7", "80", "6", "70"),
                ("Trạm y tế", "5", "70", "4", "70"),
                ("Tổng cộng", *TYPED),
            ]
        ),
        FIGURES,
    ),
    "in a frame": (
        docx(table([[cell(lines(UNIT) + table(standard("1", "2", "1", "2")) + paragraph(FOOT))]])),
        (1, 2, 1, 2),
    ),
    "hundreds and thousands": (word(standard("12", "2 trăm", "10", "1 nghìn")), (12, None, 10, None)),
    "teachers": (
        word(
            [
                *standard()[:2],
                ("2", "Tổng số giáo viên của đơn vị nhận được thông tin", "150", ""),
                standard()[3],
                ("4", "Tổng số giáo viên của đơn vị đã triển khai thực hiện", "140", ""),
            ]
        ),
        FIGURES,
    ),
    "told to carry it out": (
        word(
            [
                HEAD,
                ("1", "Tổng số đơn vị tiếp nhận thông tin để triển khai", "12", ""),
                ("2", "Tổng số người tiếp nhận thông tin để triển khai", "150", ""),
                ("3", "Tổng số đơn vị đã triển khai thông tin chiến dịch", "10", ""),
                ("4", "Tổng số người đã triển khai thông tin chiến dịch", "140", ""),
            ]
        ),
        FIGURES,
    ),
    "no table": (
        docx(
            lines(UNIT)
            + paragraph(f"1. {ROWS[0]}: 12 đơn vị.")
            + paragraph(f"2. {ROWS[1]}: 150 người.")
            + paragraph(f"3. {ROWS[2]}: 10 đơn vị.")
            + paragraph(f"4. {ROWS[3]}: 140 người./.")
        ),
        FIGURES,
    ),
}


def the_one(data: bytes) -> Annex:
    (found,) = read(data)[1]
    return found


def mistakes(found: Annex, truth: Four) -> list[tuple[str, int | None, int | None]]:
    """Taken figures, counted or not, that differ from a person's reading."""
    wrong = []
    for (row, figure), true in zip(found.figures.items(), truth, strict=True):
        has_doubt = any(messages.level(code) != "info" for code in figure.doubts)
        if figure.value != true or (true is None and not has_doubt):
            wrong.append((row, figure.value, true))
    return wrong


@pytest.mark.parametrize("name", WORD)
def test_a_rearranged_word_file_reads_as_a_person_reads_it(name: str) -> None:
    data, truth = WORD[name]
    found = the_one(data)
    assert mistakes(found, truth) == []
    assert found.unit == UNIT


def excel(fill: Callable[[Workbook, Worksheet], None]) -> bytes:
    """The form with its figures in C9 to C12, unless `fill` overwrites them."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("PL")
    for at, row in enumerate(grid(UNIT, FIGURES)):
        for column, value in enumerate(row):
            if value != "":
                sheet.write(at, column, value)
    fill(book, sheet)
    book.close()
    return out.getvalue()


def merged(_book: Workbook, sheet: Worksheet) -> None:
    sheet.merge_range("C9:C10", 12)


def as_percent(book: Workbook, sheet: Worksheet) -> None:
    sheet.write("C9", 1, book.add_format({"num_format": "0%"}))


def in_thousands(book: Workbook, sheet: Worksheet) -> None:
    sheet.write("C9", 12_000, book.add_format({"num_format": "#,##0,"}))


def with_words(book: Workbook, sheet: Worksheet) -> None:
    sheet.write("C9", 12, book.add_format({"num_format": '#,##0" đơn vị, 100%"'}))


def under_wide_head(_book: Workbook, sheet: Worksheet) -> None:
    sheet.merge_range("C8:D8", "Số lượng")
    sheet.write("E8", "Ghi chú")
    for at, figure in enumerate(FIGURES):
        sheet.write_blank(8 + at, 2, None)
        sheet.write(8 + at, 3, figure)


EXCEL: dict[str, tuple[bytes, Four]] = {
    "one merged cell for two rows": (excel(merged), (None, None, 10, 140)),
    "a share": (excel(as_percent), (None, *FIGURES[1:])),
    "in thousands": (excel(in_thousands), (None, *FIGURES[1:])),
    "a format with words": (excel(with_words), FIGURES),
    "below a merged head": (excel(under_wide_head), FIGURES),
    "an average": (xlsx({"PL": grid(UNIT, (12, ("=C9/8", 1.125), 10, 140))}), (12, None, 10, 140)),
    "two figures in one cell": (xlsx({"PL": grid(UNIT, ("12\n150", 150, 10, 140))}), (None, *FIGURES[1:])),
    "no-break spaces": (
        xlsx({"PL": grid(UNIT, ("12\xa0", "1\xa0234", "10 ", "140\u202fngười"))}),
        (12, 1234, 10, 140),
    ),
}


@pytest.mark.parametrize("name", EXCEL)
def test_a_rearranged_workbook_reads_as_a_person_reads_it(name: str) -> None:
    data, truth = EXCEL[name]
    assert mistakes(the_one(data), truth) == []


def test_a_point_typed_into_excel_is_doubted() -> None:
    """1.125 may be one thousand and more, as shown, or a fraction."""
    figure = the_one(xlsx({"PL": grid(UNIT, (12, 1.125, 10, 140))})).figures["r2"]
    assert (figure.value, figure.doubts) == (1125, ("fraction",))


def test_a_list_of_units_is_an_annex_for_each() -> None:
    rows: list[list[object]] = [
        ["TT", "Tên đơn vị", *ROWS, "Đánh giá kết quả"],
        [1, "Xã Mường So", 12, 150, 10, 140, "Đã quét mọi máy."],
        [2, "Xã Bản Lang", 5, 50, 5, 45, ""],
        ["", "Tổng cộng", 17, 200, 15, 185],
    ]
    found = read(xlsx({"PL": rows}))[1]
    assert [one.unit for one in found] == ["Xã Mường So", "Xã Bản Lang"]
    assert [one.assessment for one in found] == ["Đã quét mọi máy.", ""]
    assert [mistakes(one, truth) for one, truth in zip(found, (FIGURES, (5, 50, 5, 45)), strict=True)] == [
        [],
        [],
    ]


def pdf(rows: list[str]) -> bytes:
    """Lines of text, like those of scanners with text recognition and of some printers."""
    import typst

    texts = "\n\n".join(f'#"{row}"' for row in ("PHỤ LỤC", f"- Tên đơn vị: {UNIT}", *rows))
    made = typst.compile(f"#set text(size: 8pt)\n{texts}".encode(), format="pdf")
    assert isinstance(made, bytes)
    return made


def as_lines(*behind: str, head: str = "TT Nội dung Số lượng Ghi chú") -> list[str]:
    return [head, *(f"{at + 1} {ROWS[at]} {behind[at]}" for at in range(4))]


PLAN_AND_DONE = [f"{a} {b}" for a, b in zip(PLANNED, TYPED, strict=True)]
PDF: dict[str, tuple[bytes, Four]] = {
    "the form": (pdf(as_lines(*TYPED)), FIGURES),
    "planned and done": (pdf(as_lines(*PLAN_AND_DONE)), NONE),
    "with a kind": (pdf(as_lines("đơn vị 12", "người 150", "đơn vị 10", "người 140")), FIGURES),
    "figures before the words": (pdf([f"{TYPED[at]} {ROWS[at]}" for at in range(4)]), NONE),
    "a row added below a blank one": (
        pdf([*as_lines(*TYPED[:3], ""), "5 Tổng số máy tính đã quét 88"]),
        (12, 150, 10, None),
    ),
    "numbers within the words": (
        pdf(
            [
                "Tổng đơn vị thuộc/trực thuộc nhận được thông tin",
                "1 về chiến 12",
                "dịch",
                f"2 {ROWS[1]} 150",
                f"3 {ROWS[2]} 10",
                "Tổng số cá nhân của cơ quan, đơn vị đã triển khai",
                "4 thực hiện các nội dung của 140",
                "chiến dịch",
            ]
        ),
        (None, 150, 10, None),
    ),
}


@pytest.mark.parametrize("name", PDF)
def test_a_pdf_reads_as_a_person_reads_it(name: str) -> None:
    data, truth = PDF[name]
    assert mistakes(the_one(data), truth) == []


def test_a_pdf_whose_head_is_not_the_form_s_is_doubted() -> None:
    head = "TT Nội dung Kế hoạch Thực hiện"
    figures = the_one(pdf(as_lines(*PLANNED, head=head))).figures.values()
    assert all("columns_unseen" in figure.doubts for figure in figures)


def test_a_pdf_made_in_utc_is_not_damaged() -> None:
    """LibreOffice writes `D:20220922020000Z`, which pypdf cannot read."""
    made = re.sub(rb"D:[0-9]{14}[^)]*\)", b"D:20220922020000Z)", pdf(as_lines(*TYPED)))
    paper, found = read(made)
    assert mistakes(found[0], FIGURES) == []
    assert paper.saved is not None and paper.saved.isoformat() == "2022-09-22T02:00:00+00:00"
