"""FIELDS.json: parts that the program sets itself, and an error for every field that cannot be printed."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime
from typing import Any

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quetsach.documents import fields, wording
from quetsach.documents.document import render_docx, render_pdf
from quetsach.documents.fields import FieldsError

AT = datetime(2026, 9, 5, 1, 0, tzinfo=UTC)
LETTER = json.loads(fields.example("letter"))
REPORT = json.loads(fields.example("report"))


def faults(kind: fields.Kind, data: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(FieldsError) as caught:
        fields.to_document(kind, data)
    return [(problem.path, problem.code) for problem in caught.value.problems]


def word_text(data: dict[str, Any], kind: fields.Kind = "letter") -> str:
    file = docx.Document(io.BytesIO(render_docx(fields.to_document(kind, data), at=AT)))
    cells = [cell for table in file.tables for row in table.rows for cell in row.cells]
    return "\n".join(part.text for part in [*(p for c in cells for p in c.paragraphs), *file.paragraphs])


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        ({"number": 0}, "$.number", "number"),
        ({"number": True}, "$.number", "number"),
        ({"number": "5"}, "$.number", "number"),
        ({"number": 5.0}, "$.number", "number"),
        ({"date": "05/09/2026"}, "$.date", "date"),
        ({"date": "2026-02-30"}, "$.date", "date"),
        ({"date": "20260905"}, "$.date", "date"),
        ({"superior": "UBND"}, "$.superior", "list"),
        ({"to": []}, "$.to", "empty"),
        ({"to": ["Xã A", 7]}, "$.to[1]", "text"),
        ({"to": ["Xã A", " \u200b "]}, "$.to[1]", "empty"),
        ({"body": []}, "$.body", "empty"),
        ({"body": ["a" * 10_001]}, "$.body[0]", "long"),
        ({"body": ["tốt", "a\x1bb"]}, "$.body[1]", "control"),
        ({"body": ["a\ud800"]}, "$.body[0]", "control"),
        ({"body": ["a\uffff"]}, "$.body[0]", "control"),
        ({"place": ""}, "$.place", "empty"),
        ({"signer": None}, "$.signer", "text"),
        ({"cc": {"a": 1}}, "$.cc", "list"),
        ({"sender": "x"}, "$.sender", "unknown"),
        ({"figures": []}, "$.figures", "unknown"),
        ({"annex": []}, "$.annex", "object"),
        ({"annex": {"title": "x"}}, "$.annex.rows", "missing"),
        ({"annex": {"rows": [{"content": "x", "count": -1}]}}, "$.annex.rows[0].count", "count"),
        ({"annex": {"rows": [{"content": "x"}]}}, "$.annex.rows[0].count", "missing"),
        ({"annex": {"rows": ["x"]}}, "$.annex.rows[0]", "row"),
    ],
)
def test_a_wrong_field_is_named_by_its_path(change: dict[str, Any], path: str, code: str) -> None:
    assert faults("letter", {**LETTER, **change}) == [(path, code)]


@pytest.mark.parametrize("name", [n for n in LETTER if n != "annex"])
def test_a_missing_field_is_named(name: str) -> None:
    assert faults("letter", {n: v for n, v in LETTER.items() if n != name}) == [(f"$.{name}", "missing")]


def test_every_fault_is_told_at_once() -> None:
    found = faults("report", {**REPORT, "number": "x", "date": 5, "to": [1, 2], "more": 1})
    assert found == [
        ("$.more", "unknown"),
        ("$.number", "number"),
        ("$.date", "date"),
        ("$.to[0]", "text"),
        ("$.to[1]", "text"),
    ]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'{"to": [}', "json"),
        (b"[]", "object"),
        (b"", "json"),
        ("{}".encode("utf-16"), "encoding"),
        (b"[" * 100_000, "object"),
        (b'{"number": 1' + b"0" * 5_000 + b"}", "object"),
        (b'{"to": 1, "to": 2}', "twice"),
        (b" " * 2_000_001, "large"),
    ],
)
def test_what_is_no_object_is_refused(raw: bytes, code: str) -> None:
    with pytest.raises(FieldsError) as caught:
        fields.load(raw)
    assert caught.value.problems[0].code == code


def test_a_mark_of_windows_notepad_is_read_over() -> None:
    assert fields.load(b"\xef\xbb\xbf" + json.dumps(LETTER).encode()) == LETTER


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=40)
@given(st.sampled_from(list(LETTER)), json_values)
def test_any_value_in_any_field_is_read_or_refused(name: str, value: object) -> None:
    try:
        made = fields.to_document("letter", {**LETTER, name: value})
    except FieldsError as error:
        assert all(problem.path.startswith("$") and problem.told() for problem in error.problems)
    else:
        assert render_docx(made, at=AT)


@pytest.mark.parametrize(
    ("number", "day", "line", "dateline"),
    [
        (5, "2026-09-05", "Số: 05/UBND-VP", "Phong Thổ, ngày 05 tháng 9 năm 2026"),
        (12, "2026-02-10", "Số: 12/UBND-VP", "Phong Thổ, ngày 10 tháng 02 năm 2026"),
        (1550, "2026-12-31", "Số: 1550/UBND-VP", "Phong Thổ, ngày 31 tháng 12 năm 2026"),
    ],
)
def test_numbers_and_dates_get_their_zeros(number: int, day: str, line: str, dateline: str) -> None:
    text = word_text({**LETTER, "number": number, "date": day})
    assert line in text.splitlines() and dateline in text.splitlines()


def test_blanks_are_left_to_be_written_in() -> None:
    text = word_text({**LETTER, "number": None, "date": None})
    assert re.search(r"^Số: {4,}/UBND-VP$", text, re.M)
    assert re.search(r"^Phong Thổ, ngày {4,}tháng {4,}năm {4,}$", text, re.M)


def test_marks_and_ends_are_set_by_the_program() -> None:
    text = word_text(
        {
            **LETTER,
            "to": ["- Phòng A;", "Phòng B.", "Phòng C"],
            "body": ["Yêu cầu:", "- một", "- hai;", "Trân trọng./."],
            "cc": ["Như trên", "Lưu: VT"],
            "subject": "V/v  rà soát.",
            "annex": None,
        }
    ).splitlines()
    for line in (
        "- Phòng A;", "- Phòng B;", "- Phòng C.", "Yêu cầu:", "- một;", "- hai;", "Trân trọng./.",
        "- Như trên;", "- Lưu: VT.", "V/v rà soát",
    ):  # fmt: skip
        assert line in text
    single = word_text({**LETTER, "to": ["Phòng A;"]}).splitlines()
    assert "Kính gửi: Phòng A" in single


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("tl chủ tịch", "TL. CHỦ TỊCH"),
        ("KT.Chủ tịch", "KT. CHỦ TỊCH"),
        ("TM. Ủy ban nhân dân", "TM. ỦY BAN NHÂN DÂN"),
        ("tuq. Giám đốc", "TUQ. GIÁM ĐỐC"),
        ("Quyền Giám đốc", "QUYỀN GIÁM ĐỐC"),
        ("Thanh tra HOÀ BÌNH", "THANH TRA HÒA BÌNH"),
    ],
)
def test_the_authority_takes_its_form(typed: str, printed: str) -> None:
    assert wording.authority(typed) == printed


def test_the_annex_cites_the_document_it_belongs_to() -> None:
    assert (
        "(Kèm theo Công văn số 05/UBND-VP ngày 05 tháng 9 năm 2026 của Ủy ban nhân dân huyện Phong Thổ)"
        in word_text(LETTER)
    )


def test_hostile_text_is_printed_as_text_in_both_forms() -> None:
    hostile = "Đầu \u202e]]><w:br/>& \U0001f600 {{x}} #panic() \u200bcuối"
    made = fields.to_document("letter", {**LETTER, "body": [hostile, "a" * 10_000]})
    assert "Đầu ]]><w:br/>& \U0001f600 {{x}} #panic() cuối." in word_text({**LETTER, "body": [hostile, "x"]})
    assert render_pdf(made, at=AT).startswith(b"%PDF-")


def test_a_report_prints_its_figures_and_leaves_unknown_ones_blank() -> None:
    data = {**REPORT, "figures": [{"content": "A", "count": 1234567}, {"content": "B", "count": None}]}
    file = docx.Document(io.BytesIO(render_docx(fields.to_document("report", data), at=AT)))
    rows = [[cell.text for cell in row.cells] for row in file.tables[1].rows]
    assert rows[1:] == [["1", "A", "1.234.567", ""], ["2", "B", "", ""]]
