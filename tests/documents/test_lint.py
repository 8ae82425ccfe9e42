"""Deviations from the Decree in offices' documents; a letter of our own has none."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import docx
import pytest
from docx.shared import Mm, Pt
from hypothesis import given
from hypothesis import strategies as st

from quetsach.documents import elements, fields, lint_fields, lint_printed, reading
from quetsach.documents.document import render_docx, render_pdf
from quetsach.documents.lint import RULES
from quetsach.documents.reading import Line, Reading
from quetsach.errors import DocumentError

AT = datetime(2026, 9, 5, 1, 0, tzinfo=UTC)
LETTER = json.loads(fields.example("letter"))


def cell_lines(cell: Any, lines: Sequence[tuple[str, float, bool, bool]]) -> None:
    for index, (text, size, is_bold, is_italic) in enumerate(lines):
        paragraph = cell.paragraphs[0] if index == 0 else cell.add_paragraph()
        run = paragraph.add_run(text)
        run.font.size, run.font.bold, run.font.italic = Pt(size), is_bold, is_italic


def office_letter(**changes: Any) -> bytes:
    """A Word file typed by an office, with the habits of the letter of 2022 except for `changes`."""
    parts: dict[str, Any] = {
        "country": "CỘNG HOÀ XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "number": "Số:      /UBND-VP",
        "date": "Phong Thổ, ngày     tháng    năm 2022",
        "to": ["- Các phòng, ban, ngành huyện;", "- UBND các xã, thị trấn."],
        "end": "Các cơ quan, đơn vị phối hợp triển khai thực hiện./.",
        "cc": ["- Như kính gửi;", "- Chủ tịch, PCT UBND huyện;", "- VP: V;", "- Lưu: VT, CV1;"],
        "authority": ["TL. CHỦ TỊCH", "CHÁNH VĂN PHÒNG"],
        "signer": "Nguyễn Văn Mẫu",
        "annex": ["PHỤ LỤC", "MẪU THỐNG KÊ, BÁO CÁO KẾT QUẢ TRIỂN KHAI"],
        "font": "Times New Roman",
        "left": 30,
        "size": 14,
    } | changes
    file = docx.Document()
    section = file.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(parts["left"]), Mm(20)
    file.styles["Normal"].font.name, file.styles["Normal"].font.size = parts["font"], Pt(parts["size"])
    head = file.add_table(1, 2)
    cell_lines(
        head.cell(0, 0),
        [
            ("ỦY BAN NHÂN DÂN\nHUYỆN PHONG THỔ", 13, True, False),
            (parts["number"], 13, False, False),
            ("V/v triển khai chiến dịch làm\nsạch mã độc", 12, False, False),
        ],
    )
    cell_lines(
        head.cell(0, 1),
        [
            (parts["country"] + "\nĐộc lập - Tự do - Hạnh phúc", 13, True, False),
            (parts["date"], 13, False, True),
        ],
    )
    file.add_paragraph("Kính gửi:")
    for item in parts["to"]:
        file.add_paragraph(item)
    file.add_paragraph("Sau khi xem xét, huyện yêu cầu:")
    file.add_paragraph("- Chủ động giám sát, kiểm tra và xử lý các máy tính.")
    file.add_paragraph(parts["end"])
    foot = file.add_table(1, 2)
    cc = [("Nơi nhận:", 12, True, True), *((line, 11, False, False) for line in parts["cc"])]
    cell_lines(foot.cell(0, 0), cc)
    signed = [(line, 14, True, False) for line in [*parts["authority"], "", parts["signer"]]]
    cell_lines(foot.cell(0, 1), signed)
    for line in parts["annex"]:
        file.add_paragraph(line)
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


CORRECT = {
    "country": "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
    "number": "Số: 05/UBND-VP",
    "date": "Phong Thổ, ngày 05 tháng 9 năm 2022",
    "cc": ["- Như trên;", "- Lưu: VT, CV1."],
    "annex": [
        "Phụ lục",
        "MẪU THỐNG KÊ",
        "(Kèm theo Công văn số 05/UBND-VP ngày 05 tháng 9 năm 2022 của UBND huyện)",
    ],
}


def rules(raw: bytes) -> list[str]:
    return [finding.rule for finding in lint_printed.lint(reading.read(raw))]


def test_the_letter_of_2022_deviates_in_what_it_is_known_for() -> None:
    found = lint_printed.lint(reading.read(office_letter()))
    assert [(f.rule, f.severity) for f in found] == [
        ("country", "error"),  # HOÀ
        ("number-blank", "note"),
        ("date-blank", "note"),
        ("same-as-above", "error"),  # Như kính gửi
        ("recipient-mark", "error"),  # Lưu: VT, CV1;
        ("annex-word", "error"),  # PHỤ LỤC
        ("annex-cited", "error"),  # no (Kèm theo ...)
    ]
    told = {f.rule: f.told() for f in found}
    assert '"Như kính gửi" is written "Như trên"' in told["same-as-above"]
    assert '"- Lưu: VT, CV1;" is written "- Lưu: VT, CV1."' in told["recipient-mark"]


def test_a_correct_letter_has_nothing() -> None:
    assert rules(office_letter(**CORRECT)) == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"number": "Số: 5/UBND-VP"}, "number-zero"),
        ({"number": "Số: 05 / ubnd-VP"}, "symbol"),
        ({"number": "Công văn"}, "no-number"),
        ({"date": "Phong Thổ, ngày 5 tháng 09 năm 2022"}, "date-zero"),
        ({"to": ["- Các phòng", "- UBND các xã;"]}, "addressee-mark"),
        ({"end": "Các đơn vị thực hiện."}, "end"),
        ({"cc": ["- Như trên;", "- Chánh Văn phòng."]}, "no-archive"),
        ({"authority": ["TL CHỦ TỊCH", "CHÁNH VĂN PHÒNG"]}, "authority"),
        ({"authority": ["TL. CHỦ TỊCH", "PHÓ CHÁNH VĂN PHÒNG"]}, "deputy"),
        ({"signer": "ThS. Nguyễn Văn Mẫu"}, "academic-title"),
        ({"font": "Arial"}, "typeface"),
        ({"left": 20}, "margin"),
        ({"size": 11}, "size"),
        ({"end": "Tha\u0302\u0301t nghie\u0323\u0302p./."}, "composed"),
        ({"end": "Thực hiện\u200b./."}, "invisible"),
        ({"country": "CỘNG HÒA XÃ HỘI"}, "no-country"),
    ],
)
def test_each_deviation_is_found_and_nothing_else(change: dict[str, Any], rule: str) -> None:
    assert set(rules(office_letter(**{**CORRECT, **change}))) == {rule}


@pytest.mark.parametrize("draw", [render_pdf, render_docx])
@pytest.mark.parametrize("kind", ["letter", "report"])
def test_what_we_draw_has_nothing_but_its_blanks(draw: Any, kind: fields.Kind) -> None:
    data = json.loads(fields.example(kind))
    found = lint_printed.lint(reading.read(draw(fields.to_document(kind, data), at=AT)))
    assert {f.severity for f in found} <= {"note"}
    assert ("number-blank" in {f.rule for f in found}) == (data["number"] is None)


def test_deviations_are_found_in_a_pdf_too() -> None:
    data = {**LETTER, "cc": ["Như kính gửi", "Chánh Văn phòng"], "signer": "TS. Nguyễn Văn Mẫu"}
    assert rules(render_pdf(fields.to_document("letter", data), at=AT)) == [
        "same-as-above",
        "no-archive",
        "academic-title",
    ]


def test_a_second_page_without_a_number_is_found() -> None:
    long = office_letter(**{**CORRECT, "to": ["Kính gửi"], "end": "Một câu dài. " * 300 + "Hết./."})
    assert "page-number" in rules(long)


@pytest.mark.parametrize(
    "raw",
    [b"", b"hello", b"PK\x03\x04garbage", b"%PDF-1.7\ngarbage", b"%PDF-1.7", b"{}", b"\xd0\xcf\x11\xe0" * 9],
)
def test_what_is_no_document_is_refused_with_a_reason(raw: bytes) -> None:
    with pytest.raises(DocumentError):
        reading.read(raw)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w") as part,
    ):
        for _ in range(21):
            part.write(b" " * 10_000_000)
    with pytest.raises(DocumentError, match="200 MB"):
        reading.read(out.getvalue())


BAD = {
    **LETTER,
    "symbol": "ubnd - VP",
    "to": ["- Các phòng;", "UBND các xã."],
    "body": ["Yêu  cầu thực hiện./."],
    "cc": ["Như kính gửi", "Chánh Văn phòng;"],
    "authority": ["TL Chủ tịch", "Phó Chánh Văn phòng"],
    "signer": "ThS. Nguyễn Văn Mẫu",
    "number": None,
}


def test_fields_are_repaired_and_say_what_was() -> None:
    before = copy.deepcopy(BAD)
    found, repaired = lint_fields.lint(BAD)
    assert before == BAD
    assert [(f.where, f.rule) for f in found] == [
        ("$.number", "number-blank"),
        ("$.symbol", "symbol"),
        ("$.to[0]", "typed-mark"),
        ("$.to[1]", "typed-mark"),
        ("$.body[0]", "spaces"),
        ("$.body[0]", "typed-mark"),
        ("$.cc[1]", "typed-mark"),
        ("$.cc[0]", "same-as-above"),
        ("$.cc", "no-archive"),
        ("$.authority[0]", "authority"),
        ("$.authority", "deputy"),
        ("$.signer", "academic-title"),
    ]
    assert repaired["cc"] == ["Như trên", "Chánh Văn phòng", "Lưu: VT"]
    assert repaired["body"] == ["Yêu cầu thực hiện"]
    assert (repaired["symbol"], repaired["signer"]) == ("UBND-VP", "Nguyễn Văn Mẫu")
    again, same = lint_fields.lint(repaired)
    assert same == repaired and [f.rule for f in again] == ["number-blank", "deputy"]


def test_a_space_behind_a_text_is_no_deviation_and_a_long_one_shows_its_end() -> None:
    assert lint_fields.lint({**LETTER, "subject": f"{LETTER['subject']} "})[0] == []
    (finding,) = lint_fields.lint({**LETTER, "subject": "dài " * 40 + "hết."})[0]
    assert finding.rule == "subject-end" and 'hết."' in finding.told()


def test_every_rule_has_its_place_in_the_decree() -> None:
    assert all(rule.article and rule.text for rule in RULES.values())


TRAPS = ["Số: ²/x", "a, ngày ² tháng ³ năm", "Kính gửi:", "- a", "Nơi nhận:", "V/v", "Phụ lục", "./."]


@given(st.lists(st.sampled_from(TRAPS) | st.text(max_size=30)), st.booleans())
def test_any_lines_are_looked_at_without_failing(texts: list[str], is_pdf: bool) -> None:
    placed = [(30.0, 90.0, 5.0 * at) if is_pdf else (0.0, 0.0, 0.0) for at in range(len(texts))]
    lines = tuple(
        reading.Line(text.strip(), 14, False, False, left=left, right=right, top=top)
        for text, (left, right, top) in zip(texts, placed, strict=True)
    )
    made = reading.Reading("pdf" if is_pdf else "docx", lines, (210, 297), None, Counter(), None)
    assert all(finding.told() and finding.rule in RULES for finding in lint_printed.lint(made))


def test_a_symbol_of_any_length_is_put_right_in_time_that_grows_with_it():
    assert lint_fields.symbol(" ubnd / -\tvp " + " " * 300_000 + "x") == "UBND/-VP " + " " * 300_000 + "X"


@pytest.mark.parametrize("text", [f"Số:{' ' * 8_000}x", f"{'ngày' * 4_000}{'tháng' * 4_000}"])
def test_a_hostile_line_is_neither_number_nor_date(text: str) -> None:
    """Expressions that tried every split of the line took minutes for it."""
    line = Line(text, 14, is_bold=False, is_italic=False)
    got = elements.find(Reading("docx", (line,), (210, 297), None, Counter(), None))
    assert (got.number, got.date) == (None, None)
