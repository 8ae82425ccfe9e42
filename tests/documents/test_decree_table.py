"""Places and sizes in the PDF, and values in the Word file, against the table of Decree 30/2020, annex I.

This table was written from the Decree itself: no part comes from the drawing program.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn
from pdfminer.high_level import extract_pages
from pdfminer.layout import LTChar, LTLine, LTTextLine

from quetsach.documents import fields
from quetsach.documents.document import Letter, Report, render_docx, render_pdf

AT = datetime(2026, 9, 5, 1, 0, tzinfo=UTC)
MM = 72 / 25.4
COUNTRY = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO = "Độc lập - Tự do - Hạnh phúc"


def document(kind: fields.Kind, **changes: Any) -> Letter | Report:
    return fields.to_document(kind, {**json.loads(fields.example(kind)), **changes})


LETTER = document("letter")
REPORT = document("report", number=12, date="2026-02-09", signer="Nguyễn Văn Mẫu")

# Start of the line, sizes from and to, bold, italic (annex I, V: "Mẫu chữ và chi tiết trình bày").
SHARED = [
    (COUNTRY, 12, 13, True, False),
    (MOTTO, 13, 14, True, False),
    ("Phong Thổ, ngày", 13, 14, False, True),
    ("Số:", 13, 13, False, False),
    ("Kính gửi:", 13, 14, False, False),
    ("Nơi nhận:", 12, 12, True, True),
    ("- Như trên;", 11, 11, False, False),
    ("- Lưu: VT", 11, 11, False, False),
    ("Nguyễn Văn Mẫu", 13, 14, True, False),
]
LINES = {
    "letter": [
        *SHARED,
        ("ỦY BAN NHÂN DÂN", 12, 13, True, False),
        ("V/v triển khai", 12, 13, False, False),
        ("Để các máy tính", 13, 14, False, False),
        ("TL. CHỦ TỊCH", 13, 14, True, False),
        ("CHÁNH VĂN PHÒNG", 13, 14, True, False),
        ("Phụ lục", 14, 14, True, False),
        ("MẪU BÁO CÁO", 13, 14, True, False),
        ("(Kèm theo Công văn", 13, 14, False, True),
    ],
    "report": [
        *SHARED,
        ("ỦY BAN NHÂN DÂN", 12, 13, False, False),  # the superior body
        ("VÀ THÔNG TIN", 12, 13, True, False),
        ("BÁO CÁO", 13, 14, True, False),
        ("Kết quả triển khai", 13, 14, True, False),
        ("Thực hiện Công văn", 13, 14, False, False),
        ("I. KẾT QUẢ", 13, 14, True, False),
        ("TRƯỞNG PHÒNG", 13, 14, True, False),
    ],
}
DOCUMENTS = {"letter": LETTER, "report": REPORT}


@dataclass(frozen=True)
class Seen:
    """A line of the page; millimetres from its top left."""

    text: str
    page: int
    left: float
    right: float
    top: float
    size: float
    font: str


def walk(part: Any) -> Iterator[Any]:
    yield part
    if not isinstance(part, LTTextLine) and hasattr(part, "__iter__"):
        for inner in part:
            yield from walk(inner)


def seen(made: Letter | Report) -> list[Seen]:
    found = []
    for number, page in enumerate(extract_pages(io.BytesIO(render_pdf(made, at=AT))), start=1):
        for line in walk(page):
            if not isinstance(line, LTTextLine):
                continue
            chars = [char for char in line if isinstance(char, LTChar) and char.get_text().strip()]
            if chars:
                text = " ".join(line.get_text().split())
                left, right = chars[0].x0 / MM, chars[-1].x1 / MM
                top = (page.height - line.y1) / MM
                found.append(Seen(text, number, left, right, top, chars[0].size, chars[0].fontname))
    return found


def one(lines: list[Seen], start: str) -> Seen:
    return next(line for line in lines if line.text.startswith(start))


@pytest.fixture(scope="module", params=["letter", "report"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def lines(kind: str) -> list[Seen]:
    return seen(DOCUMENTS[kind])


def test_every_element_has_the_size_and_style_of_the_table(kind: str, lines: list[Seen]) -> None:
    for start, least, most, is_bold, is_italic in LINES[kind]:
        line = one(lines, start)
        assert least - 0.1 <= line.size <= most + 0.1, line
        assert ("Bold" in line.font, "Italic" in line.font) == (is_bold, is_italic), line


def test_text_stays_within_the_margins(lines: list[Seen]) -> None:
    numbers = [line for line in lines if line.text.isdigit() and line.top < 20]
    for line in lines:
        if line not in numbers:
            assert line.left >= 30 - 0.1 and line.right <= 195 + 0.4 and 20 <= line.top <= 277, line


def test_a_word_without_end_stays_on_the_paper_and_can_be_copied() -> None:
    address = "https://example.org/" + "chien-dich/" * 40
    long = seen(document("letter", body=[f"Xem {address}", "a" * 10_000], subject="x" * 200, annex=None))
    assert all(line.right <= 195.5 for line in long)
    assert "".join(line.text for line in long).count("chien-dich/") == 40


def test_the_two_columns_of_the_head_have_their_middles(lines: list[Seen]) -> None:
    left, right = 30 + 66 / 2, 30 + 66 + 99 / 2
    for start, middle in ((COUNTRY, right), (MOTTO, right), ("Phong Thổ, ngày", right), ("Số:", left)):
        line = one(lines, start)
        assert (line.left + line.right) / 2 == pytest.approx(middle, abs=0.7), line
    assert one(lines, "Số:").top == pytest.approx(one(lines, "Phong Thổ, ngày").top, abs=0.5)
    assert one(lines, MOTTO).top > one(lines, COUNTRY).top


def test_recipients_stand_left_and_the_signature_right_at_one_level(lines: list[Seen]) -> None:
    recipients, signer = one(lines, "Nơi nhận:"), one(lines, "Nguyễn Văn Mẫu")
    authority = next(line for line in lines if line.text in {"TL. CHỦ TỊCH", "TRƯỞNG PHÒNG"})
    assert recipients.left == pytest.approx(30, abs=0.2)
    assert recipients.top == pytest.approx(authority.top, abs=1.5)
    middle = (authority.left + authority.right) / 2
    assert middle > 120 and (signer.left + signer.right) / 2 == pytest.approx(middle, abs=0.3)
    assert 20 < signer.top - authority.top < 45  # room for the signature


def test_rules_are_as_long_as_the_decree_says(kind: str, lines: list[Seen]) -> None:
    page = next(iter(extract_pages(io.BytesIO(render_pdf(DOCUMENTS[kind], at=AT)))))
    rules = sorted(
        ((page.height - part.y0) / MM, part.x0 / MM, part.x1 / MM)
        for part in walk(page)
        if isinstance(part, LTLine) and part.height < 1 and (page.height - part.y0) / MM < 75
    )

    def under(line: Seen) -> float:
        return next(
            right - left
            for top, left, right in rules
            if 0 < top - line.top < 8 and left >= line.left - 0.5 and right <= line.right + 0.5
        )

    def width(start: str) -> float:
        return one(lines, start).right - one(lines, start).left

    assert under(one(lines, MOTTO)) == pytest.approx(width(MOTTO), abs=0.1)
    longest, last = {
        "letter": ("HUYỆN PHONG THỔ", "HUYỆN PHONG THỔ"),
        "report": ("PHÒNG VĂN HÓA", "VÀ THÔNG TIN"),
    }[kind]
    assert width(longest) / 3 <= under(one(lines, last)) <= width(longest) / 2
    if kind == "report":
        assert width("Kết quả") / 3 <= under(one(lines, "Kết quả")) <= width("Kết quả") / 2


def test_pages_are_numbered_in_the_middle_of_the_top_margin_from_the_second_on() -> None:
    long = document("letter", body=["Một đoạn của nội dung."] * 60)
    numbers = [line for line in seen(long) if line.top < 20]
    assert [(line.page, line.text) for line in numbers] == [(2, "2"), (3, "3")]  # the annex is page 4
    assert (numbers[0].left + numbers[0].right) / 2 == pytest.approx(30 + 165 / 2, abs=0.5)
    assert 13 <= numbers[0].size <= 14 and "Bold" not in numbers[0].font and "Italic" not in numbers[0].font


@pytest.fixture(scope="module")
def word(kind: str) -> Any:
    return docx.Document(io.BytesIO(render_docx(DOCUMENTS[kind], at=AT)))


def test_the_word_file_has_the_page_and_margins(word: Any) -> None:
    for section in word.sections:
        sizes = [section.page_width, section.page_height, section.top_margin, section.bottom_margin]
        assert [round(size.mm) for size in sizes] == [210, 297, 20, 20]
        assert [round(size.mm) for size in (section.left_margin, section.right_margin)] == [30, 15]
        assert section.different_first_page_header_footer
        assert section._sectPr.find(qn("w:pgNumType")).get(qn("w:start")) == "1"
        assert section.header_distance.mm < 20
        assert section.header.paragraphs[0].alignment == docx.enum.text.WD_ALIGN_PARAGRAPH.CENTER
        assert "PAGE" in section.header._element.xml
        assert not section.first_page_header.paragraphs[0].text


def test_the_annex_is_a_section_of_its_own() -> None:
    word = docx.Document(io.BytesIO(render_docx(LETTER, at=AT)))
    assert len(word.sections) == 2
    assert word.sections[1].start_type == docx.enum.section.WD_SECTION.NEW_PAGE


def every_paragraph(word: Any) -> Iterator[Any]:
    yield from word.paragraphs
    for table in word.tables:
        for row in table.rows:
            for cell in row.cells:
                yield from cell.paragraphs


def test_the_word_file_has_the_letters_of_the_table(kind: str, word: Any) -> None:
    there = [paragraph for paragraph in every_paragraph(word) if paragraph.text.strip()]
    for start, least, most, is_bold, is_italic in LINES[kind]:
        run = next(paragraph for paragraph in there if paragraph.text.startswith(start)).runs[0]
        assert least <= run.font.size.pt <= most, start
        assert (bool(run.font.bold), bool(run.font.italic)) == (is_bold, is_italic), start
    for paragraph in there:
        for run in paragraph.runs:
            assert run.font.name == "Times New Roman"


def test_the_head_of_the_word_file_is_fixed_and_has_no_padding(word: Any) -> None:
    table = word.tables[0]
    assert [round(column.width.mm) for column in table.columns] == [66, 99]
    for row in table.rows:
        assert [round(cell.width.mm) for cell in row.cells] == [66, 99]
    properties = table._tbl.tblPr
    assert properties.find(qn("w:tblLayout")).get(qn("w:type")) == "fixed"
    assert {side.get(qn("w:w")) for side in properties.find(qn("w:tblCellMar"))} == {"0"}


def test_the_rule_under_the_motto_is_as_long_in_word(word: Any) -> None:
    cell = word.tables[0].cell(0, 1)
    rule = cell.paragraphs[-1]
    assert rule._p.pPr.find(qn("w:pBdr")) is not None
    length = 99 - rule.paragraph_format.left_indent.mm - rule.paragraph_format.right_indent.mm
    motto = one(seen(LETTER), MOTTO)
    assert length == pytest.approx(motto.right - motto.left, abs=1)


# The order of children by ISO/IEC 29500-1; elements that are not used here are left out.
ORDER = {
    "pPr": "keepNext pBdr tabs spacing ind jc rPr sectPr",
    "tblPr": "tblW jc tblInd tblBorders tblLayout tblCellMar tblLook",
    "tcPr": "tcW vAlign",
    "sectPr": "headerReference type pgSz pgMar pgNumType cols titlePg docGrid",
    "rPr": "rFonts b i color sz szCs",
    "tbl": "tblPr tblGrid tr",
    "tblBorders": "top left bottom right insideH insideV",
    "tblCellMar": "top left bottom right",
}


def test_elements_stand_in_the_order_of_the_schema_and_cells_end_with_a_paragraph(word: Any) -> None:
    for element in word.element.iter():
        name = element.tag.split("}")[-1]
        children = [child.tag.split("}")[-1] for child in element]
        if name in ORDER:
            order = ORDER[name].split()
            assert set(children) <= set(order), (name, children)
            assert [order.index(child) for child in children] == sorted(map(order.index, children)), name
        if name == "tc":
            assert children[-1] == "p"
    body = [child.tag.split("}")[-1] for child in word.element.body]
    assert body[-1] == "sectPr" and "tbl tbl" not in " ".join(body)


def test_the_same_fields_and_moment_give_the_same_word_file() -> None:
    assert render_docx(LETTER, at=AT) == render_docx(LETTER, at=AT)


def test_word_and_pdf_say_the_same() -> None:
    word = docx.Document(io.BytesIO(render_docx(LETTER, at=AT)))
    in_word = "".join("".join(p.text.split()) for p in every_paragraph(word))
    in_pdf = "".join("".join(line.text.split()) for line in seen(LETTER))
    dots = {".": None, "\t": None}
    assert sorted(in_word.translate(str.maketrans(dots))) == sorted(in_pdf.translate(str.maketrans(dots)))
