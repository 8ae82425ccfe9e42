"""The collected workbook for its reader: a doubtful total bears a sign, and a broken rule stands under it."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

from python_calamine import CalamineWorkbook

from quetsach.annexes.collecting.annex import Annex
from quetsach.annexes.collecting.answers import workbook
from quetsach.annexes.collecting.answers.annex import consolidated
from quetsach.annexes.collecting.figures import Figure
from quetsach.annexes.collecting.form import ROWS
from quetsach.annexes.collecting.merge import Collection, Doubt, Reading, merge
from quetsach.annexes.collecting.names import Unit

SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
SIGN = '#,##0" ?"'


def sent(unit: str, *counts: int | None, doubtful: str = "") -> Reading:
    figures = {row: Figure(count, str(count)) for row, count in zip(ROWS, counts, strict=True)}
    doubts = (Doubt("words", doubtful, {"typed": "ba mươi", "value": 30}),) if doubtful else ()
    annex = Annex(figures, assessment="Đã rà soát xong tất cả các máy.")
    return Reading(f"{unit}.docx", unit, annex, unit=Unit(unit, unit), doubts=doubts)


def written(found: Collection) -> bytes:
    out = io.BytesIO()
    workbook.write(out, found, folder=Path())
    return out.getvalue()


def signed(book: bytes, number: int) -> set[str]:
    """The cells of a sheet, counted from 1, whose format adds the question mark."""
    with zipfile.ZipFile(io.BytesIO(book)) as packed:
        styles = ElementTree.fromstring(packed.read("xl/styles.xml"))
        sheet = ElementTree.fromstring(packed.read(f"xl/worksheets/sheet{number}.xml"))
    ids = {one.get("numFmtId") for one in styles.iter(f"{SPACE}numFmt") if one.get("formatCode") == SIGN}
    formats = styles.find(f"{SPACE}cellXfs")
    assert formats is not None
    wanted = {str(n) for n, one in enumerate(formats) if one.get("numFmtId") in ids}
    return {str(cell.get("r")) for cell in sheet.iter(f"{SPACE}c") if cell.get("s") in wanted}


def rows(book: bytes, number: int) -> list[list[object]]:
    found = CalamineWorkbook.from_filelike(io.BytesIO(book))
    return found.get_sheet_by_index(number - 1).to_python(skip_empty_area=False)


def texts(book: bytes, number: int) -> list[str]:
    return [str(cell) for row in rows(book, number) for cell in row]


def test_a_total_that_rests_on_a_doubtful_figure_is_a_number_with_a_question_mark() -> None:
    book = written(merge([sent("Xã A", 2, 30, 1, 20, doubtful="r2"), sent("Xã B", 1, 93, 1, 50)], [], None))
    assert [row[2] for row in rows(book, 1)[3:7]] == [3, 123, 2, 70] and signed(book, 1) == {"C5"}
    assert rows(book, 2)[3][2:6] == [3, 123, 2, 70] and signed(book, 2) == {"D4"}


def test_a_rule_that_units_break_stands_under_the_total_with_their_names() -> None:
    found = merge([sent("Xã A", 2, 30, 1, 40), sent("Xã B", 1, 93, 1, 50)], [], None)
    for number in (1, 2):
        (said,) = [text for text in texts(written(found), number) if "H03" in text]
        assert "Xã A" in said and "Xã B" not in said
    assert found.broken == []  # 90 of 123 people: the total itself breaks nothing


def test_a_rule_that_the_total_itself_breaks_stands_under_it() -> None:
    found = merge([sent("Xã A", 2, 30, 9, 40), sent("Xã B", 1, 5, 1, 5)], [], None)
    assert [problem.rule for problem in found.broken] == ["H02", "H03"]
    said = [text for text in texts(written(found), 1) if "H0" in text]
    assert any("10" in text and "3" in text for text in said) and any("45" in text for text in said)


def test_units_that_count_themselves_do_not_break_the_total() -> None:
    assert merge([sent(f"Xã {n}", 0, 9, 1, 9) for n in range(4)], [], None).broken == []


def test_a_row_that_nobody_filled_in_breaks_no_rule() -> None:
    assert merge([sent("Xã A", 2, None, 1, 40)], [], None).broken == []


def test_without_a_doubt_there_is_no_sign_and_no_rule() -> None:
    found = merge([sent("Xã A", 2, 30, 1, 20)], [], None)
    book = written(found)
    assert signed(book, 1) == signed(book, 2) == set()
    assert not [text for text in texts(book, 1) if "H0" in text or "W0" in text]


def test_the_annex_of_the_collecting_office_counts_doubtful_figures_beside_its_sum() -> None:
    found = merge([sent("Xã A", 2, 30, 1, 20, doubtful="r2"), sent("Xã B", 1, 93, 1, 50)], [], None)
    made = consolidated(found, issuer="UBND huyện", at=datetime(2022, 9, 21, tzinfo=UTC))
    assert [row.note for row in made.rows] == [
        "Số liệu của 2/2 đơn vị", "Số liệu của 2/2 đơn vị; 1 số liệu cần xem lại",
        "Số liệu của 2/2 đơn vị", "Số liệu của 2/2 đơn vị",
    ]  # fmt: skip
