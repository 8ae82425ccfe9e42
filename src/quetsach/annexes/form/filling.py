"""The annex as an Excel file to fill in offline: made for one unit, read back, nothing guessed.

Only the answers can be typed. A second, hidden sheet holds the purpose of the file together with a signature
of the portal; the caller makes and verifies the signature.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quetsach.annexes.form.definition import Form, Row
from quetsach.annexes.form.entry import Entry, adjust_key, note_key
from quetsach.annexes.form.figures import MOST
from quetsach.annexes.form.workbook import Sheet, WorkbookError, open_workbook
from quetsach.text.cells import on_paper, row_height

SHEET = "Phụ lục"
HIDDEN = "quetsach"
TOKEN = "token"  # noqa: S105
_FIRST = 5
"""The line (from 0) of the first row of the form."""
_WIDTHS = (6, 60, 14, 40, 16)
_FRAMED = {"border": 1, "text_wrap": True, "valign": "top"}
_OPEN = {"locked": False, "bg_color": "#E3F1E7"}
_LOOKS = {
    "title": {"bold": True, "font_size": 14, "align": "center"},
    "head": {"bold": True, "border": 1, "text_wrap": True, "valign": "vcenter"},
    "text": _FRAMED,
    "place": {"border": 1, "align": "center", "valign": "top"},
    "plain": {"text_wrap": True, "valign": "top", "font_color": "#4A5763"},
    "label": {"bold": True, "text_wrap": True, "valign": "top"},
    "count": {"border": 1, "num_format": "#,##0", **_OPEN},
    "open": {"num_format": "@", **_FRAMED, **_OPEN},
}


@dataclass(frozen=True)
class Filled:
    """A filled-in file: its token as written, and the fields as typed."""

    token: str
    data: dict[str, str]
    cells: dict[str, str]
    """Field: its cell, for messages."""


def cells_of(form: Form) -> dict[str, str]:
    """Field: its cell in the sheet."""
    cells: dict[str, str] = {}
    line = _FIRST
    for row in form.rows:
        line += 1
        cells |= {row.key: f"C{line}", note_key(row.key): f"D{line}", adjust_key(row.key): f"E{line}"}
    answers = ("adjust_reason", "narrative", "proposals", "external")
    return cells | {field: f"B{line + 2 + 2 * n}" for n, field in enumerate(answers)}


def write_template(form: Form, unit: str, entry: Entry, token: str) -> bytes:
    """A workbook for one unit with the known or typed fields; in Vietnamese, as the annex is."""
    import xlsxwriter  # type: ignore[import-untyped]

    buffer = io.BytesIO()
    cells = cells_of(form)
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet(SHEET)
        looks = {name: book.add_format(look) for name, look in _LOOKS.items()}
        for column, width in enumerate(_WIDTHS):
            sheet.set_column(column, column, width)
        sheet.write_string("B1", form.head["title"], looks["title"])
        sheet.write_string("B2", f"{form.head['unit']}: {unit}", looks["label"])
        sheet.write_string(
            "B3", "Chỉ nhập vào các ô màu xanh. Để trống không phải là 0; không có thì ghi 0.", looks["plain"]
        )
        heads = (*form.head["columns"], "Điều chỉnh (+/-)")
        sheet.set_row(_FIRST - 1, row_height(zip(heads, _WIDTHS, strict=False)))
        for column, text in enumerate(heads):
            sheet.write_string(_FIRST - 1, column, text, looks["head"])
        for row in form.rows:
            _row(sheet, form, row, entry, cells, looks)
        labels = {
            "adjust_reason": "Lý do điều chỉnh (nếu có điều chỉnh)",
            "narrative": form.head["narrative"],
            "proposals": form.head["proposals"],
            "external": "Đơn vị không có tài khoản, mỗi dòng một tên (Alt+Enter để xuống dòng)",
        }
        for field, text in labels.items():
            line = int(cells[field][1:]) - 1
            sheet.set_row(line - 1, row_height([(text, _WIDTHS[1])]))
            sheet.write_string(line - 1, 1, text, looks["label"])
            sheet.write_string(line, 1, entry.typed[field], looks["open"])
            sheet.set_row(line, 75)
        sheet.protect("", {"select_locked_cells": True, "select_unlocked_cells": True, "format_rows": True})
        on_paper(sheet)
        hidden = book.add_worksheet(HIDDEN)
        hidden.write_string("A1", TOKEN)
        # A cell holds 32,767 characters at most; the token is far shorter.
        hidden.write_string("B1", token)
        hidden.protect("")
        hidden.very_hidden()
    return buffer.getvalue()


def _row(
    sheet: Any, form: Form, row: Row, entry: Entry, cells: Mapping[str, str], looks: Mapping[str, Any]
) -> None:
    line = int(cells[row.key][1:]) - 1
    shown = ((row.text, _WIDTHS[1]), (entry.typed[note_key(row.key)], _WIDTHS[3]))
    sheet.set_row(line, row_height(shown))
    sheet.write_number(line, 0, row.number, looks["place"])
    sheet.write_string(line, 1, row.text, looks["text"])
    count = entry.figures[row.key]
    if count is None:
        sheet.write_blank(line, 2, None, looks["count"])
    else:
        sheet.write_number(line, 2, count, looks["count"])
    sheet.write_string(line, 3, entry.typed[note_key(row.key)], looks["open"])
    sheet.write_string(line, 4, entry.typed[adjust_key(row.key)], looks["open"])
    sheet.data_validation(line, 2, line, 2, _validation(form, row, cells))


def _validation(form: Form, row: Row, cells: Mapping[str, str]) -> dict[str, object]:
    """Whole numbers within the limits, and at most another row's figure where a blocking rule says so."""
    here = cells[row.key]
    others = _not_more_than(form, row.key)
    title, text = "Kiểm tra lại", f"Nhập số nguyên từ 0 đến {MOST:,}".replace(",", ".")
    if not others:
        limits = {"validate": "integer", "criteria": "between", "minimum": 0, "maximum": MOST}
        return {**limits, "error_title": title, "error_message": f"{text}."}
    compared = ",".join(f"{here}<={cells[other]}" for other in others)
    numbers = ", ".join(str(form.row(other).number) for other in others)
    return {
        "validate": "custom",
        "value": f"=AND(ISNUMBER({here}),{here}=INT({here}),{here}>=0,{here}<={MOST},{compared})",
        "error_title": title,
        "error_message": f"{text}, không lớn hơn dòng {numbers}.",
    }


def _not_more_than(form: Form, key: str) -> list[str]:
    """Rows that this row may not exceed, by blocking rules of the plain shape `this > other`."""
    found = []
    for rule in form.rules:
        when = rule["when"]
        if rule["level"] == "block" and isinstance(when, list) and when[:2] == ["gt", key] and len(when) == 3:
            other = when[2]
            if isinstance(other, list) and other[0] == "add" and other[2:] == ["raw"]:
                other = other[1]
            if other in form.keys:
                found.append(other)
    return found


def read_filled(data: bytes, form: Form) -> Filled:
    """The fields of a filled-in template. Raises WorkbookError with the cell of any forbidden content."""
    sheets = open_workbook(data)
    token = read_token(sheets)
    sheet = sheets.get(SHEET)
    if sheet is None:
        raise WorkbookError("other_workbook")
    _must_be_plain(sheet)
    cells = cells_of(form)
    for row in form.rows:
        line = cells[row.key][1:]
        if sheet.at(f"A{line}") != str(row.number) or sheet.at(f"B{line}").split() != row.text.split():
            raise WorkbookError("moved", f"B{line}")
    last = max(int(place[1:]) for place in cells.values())
    for number, line_cells in enumerate(sheet.cells[last:], start=last + 1):
        if any(line_cells):
            raise WorkbookError("stray", f"A{number}")
    return Filled(token, {field: sheet.at(place) for field, place in cells.items()}, cells)


def read_token(sheets: Mapping[str, Sheet]) -> str:
    """The portal's token in the hidden sheet. Raises WorkbookError for a workbook without a token."""
    hidden = sheets.get(HIDDEN)
    if hidden is None or hidden.at("A1") != TOKEN or not hidden.at("B1"):
        raise WorkbookError("other_workbook")
    return hidden.at("B1")


def _must_be_plain(sheet: Sheet) -> None:
    if sheet.formulas:
        raise WorkbookError("formula", sheet.formulas[0])
    if sheet.merged:
        raise WorkbookError("merged", sheet.merged[0])
