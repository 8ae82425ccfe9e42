"""Workbooks (.xlsx, .xlsm, .xls, .ods): every sheet, values as last saved.

Formulas are not computed, macros not run.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from quetsach.annexes.collecting.files import container, properties
from quetsach.annexes.collecting.files.container import Attributes
from quetsach.annexes.collecting.paper import (
    MOST_COLUMNS,
    MOST_ROWS,
    MOST_TEXT,
    Cell,
    FileProblem,
    Paper,
    Place,
    Row,
)
from quetsach.files import workbook
from quetsach.text.cells import column_name
from quetsach.text.marks import normalize

MOST_CELLS = 3_000_000
"""Cells in the rectangle of a sheet's outermost cells; two far corners would claim all memory."""
MOST_SHEETS = 200
_MOST = workbook.Most(MOST_CELLS, container.MOST_UNPACKED)

type Value = object
type Merged = tuple[tuple[int, int], tuple[int, int]]
_STYLES = "xl/styles.xml"
_QUOTED = re.compile(r'"[^"]*"|\\.')
_SCALED = re.compile(r"[0#?],+(?![0#?,])")
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")


def read(data: bytes) -> Paper:
    """The rows of all visible sheets, one after another; each sheet counts as a table. Raises FileProblem."""
    notes: dict[str, dict[str, str | int]] = {}
    saved = None
    looks: dict[str, _Sheet] = {}
    rows: list[Row] = []
    try:
        with workbook.opened(data, _MOST, is_table_taken=True) as (book, _parts):
            from python_calamine import CalamineError, SheetVisibleEnum

            if data.startswith(b"PK"):
                with container.opened(data) as packed:
                    saved = properties.saved(packed)
                    if any(name.endswith("vbaProject.bin") for name in packed.namelist()):
                        notes["macros"] = {}
                    looks = _looks(packed)
            for at, about in enumerate(book.sheets_metadata[:MOST_SHEETS], 1):
                if about.visible is not SheetVisibleEnum.Visible:
                    notes["hidden_sheet"] = {"name": about.name}
                    continue
                try:
                    sheet = book.get_sheet_by_name(about.name)
                except (CalamineError, ValueError, IndexError):
                    # A chart or a macro sheet has no cells.
                    continue
                if sheet.total_height > MOST_ROWS:
                    notes["too_long"] = {"most": MOST_ROWS}
                merged = [range_ for range_ in sheet.merged_cell_ranges or () if range_[0][0] < MOST_ROWS]
                cells: list[list[Value]] = [
                    [*row] for row in sheet.to_python(skip_empty_area=False, nrows=MOST_ROWS)
                ]
                rows += _rows(Place(about.name), at, _spread(cells, merged), merged, looks.get(about.name))
    except workbook.WorkbookRefusedError as error:
        code, facts = _REFUSED[error.what]
        raise FileProblem(code, **facts) from error
    if formulas := sum(len(look.formulas) for look in looks.values()):
        notes["formulas"] = {"count": formulas}
    return Paper(tuple(rows), saved, notes)


_REFUSED: dict[str, tuple[str, dict[str, str | int]]] = {
    "no_reader": ("needs_calamine", {}),
    "no_workbook": ("damaged", {}),
    "xlsb": ("binary", {}),
    "far": ("far_cell", {}),
    "too_many_cells": ("too_many_cells", {"most": MOST_CELLS}),
    "bomb": ("bomb", {"most": container.MOST_UNPACKED >> 20}),
    "encrypted": ("encrypted", {}),
    "damaged": ("damaged", {}),
}


def _rows(
    sheet: Place, number: int, table: Sequence[Sequence[Value]], merged: Sequence[Merged], look: _Sheet | None
) -> Iterator[Row]:
    look = look or _Sheet({})
    origins = _origins(merged, len(table))
    for at, values in enumerate(table, 1):
        cells: list[Cell] = []
        for column, value in enumerate(values[:MOST_COLUMNS]):
            top, left = origins.get((at - 1, column), (at - 1, column))
            if left < column and left < len(cells):
                cells.append(cells[left])
                continue
            reference = f"{column_name(column)}{at}"
            flags: tuple[str, ...] = ()
            if reference in look.formulas:
                flags = ("formula",) if look.formulas[reference] else ("formula_without_value",)
            if isinstance(value, int | float) and not isinstance(value, bool):
                flags += (look.formats[reference],) if reference in look.formats else ()
                flags += () if float(value).is_integer() else ("fraction",)
            if isinstance(value, date | time | timedelta):
                flags = (*flags, "date")
            place = replace(sheet, cell=f"{column_name(column)}{top + 1}")
            cells.append(Cell(_text(value), place, flags))
        if any(cell.text or cell.flags for cell in cells):
            yield Row(tuple(cells), number)


def _origins(merged: Sequence[Merged], height: int) -> dict[tuple[int, int], tuple[int, int]]:
    """For each cell of a merged range, the first cell of the range."""
    return {
        (row, column): (top, left)
        for (top, left), (bottom, right) in merged
        for row in range(top, min(bottom + 1, height))
        for column in range(left, min(right + 1, MOST_COLUMNS))
    }


def _spread(cells: list[list[Value]], merged: Sequence[Merged]) -> list[list[Value]]:
    """Copy the first cell of a merged range into each of its rows."""
    for (top, left), (bottom, _right) in merged:
        if top < len(cells) and left < len(cells[top]):
            for row in cells[top + 1 : bottom + 1]:
                if left < len(row):
                    row[left] = row[left] or cells[top][left]
    return cells


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, datetime | date):
        return value.strftime("%d/%m/%Y")
    text = normalize("NFC", str(value))[:MOST_TEXT]
    return "\n".join(line for line in (" ".join(part.split()) for part in text.split("\n")) if line)


def _looks(packed: zipfile.ZipFile) -> dict[str, _Sheet]:
    """Formulas, and figures that look different on screen, of each sheet; calamine does not show these."""
    names, there = _sheet_names(packed), set(packed.namelist())
    styles = _Styles()
    if _STYLES in there:
        container.parse(packed, _STYLES, styles.start, styles.end, lambda _text: None)
    found: dict[str, _Sheet] = {}
    for member in sorted(there):
        if _SHEET.fullmatch(member):
            sheet = found[names.get(member, member)] = _Sheet(styles.odd())
            container.parse(packed, member, sheet.start, sheet.end, sheet.text)
    return found


def _sheet_names(packed: zipfile.ZipFile) -> dict[str, str]:
    """For each member of the package, the name of its sheet."""
    ids: dict[str, str] = {}
    members: dict[str, str] = {}

    def sheet(tag: str, given: Attributes) -> None:
        if tag == "sheet":
            ids[given.get("id", "")] = given.get("name", "")

    def relation(tag: str, given: Attributes) -> None:
        if tag == "Relationship":
            members[given.get("Id", "")] = "xl/" + given.get("Target", "").removeprefix("/xl/")

    for member, start in (("xl/workbook.xml", sheet), ("xl/_rels/workbook.xml.rels", relation)):
        if member in packed.namelist():
            container.parse(packed, member, start, lambda _tag: None, lambda _text: None)
    return {members[one]: name for one, name in ids.items() if one in members}


class _Styles:
    """Number formats, by the number with which a cell names them."""

    def __init__(self) -> None:
        self._codes = {"9": "0%", "10": "0.00%"}
        self._used: list[str] = []
        self._in_cells = False

    def start(self, name: str, given: Attributes) -> None:
        if name == "numFmt":
            self._codes[given.get("numFmtId", "")] = given.get("formatCode", "")
        elif name == "cellXfs":
            self._in_cells = True
        elif name == "xf" and self._in_cells:
            self._used.append(given.get("numFmtId", ""))

    def end(self, name: str) -> None:
        self._in_cells = self._in_cells and name != "cellXfs"

    def odd(self) -> dict[str, str]:
        """The flag of each style that shows a figure other than the cell's value."""
        found = {}
        for at, used in enumerate(self._used):
            code = _QUOTED.sub("", self._codes.get(used, ""))
            if "%" in code:
                found[str(at)] = "percent_format"
            elif _SCALED.search(code):
                found[str(at)] = "scaled_format"
        return found


class _Sheet:
    """One pass over a sheet: its formulas and odd formats. `odd` are flags by style."""

    def __init__(self, odd: dict[str, str]) -> None:
        self._odd = odd
        self.formulas: dict[str, bool] = {}
        self.formats: dict[str, str] = {}
        self._at, self._has_formula, self._has_value = "", False, False
        self._in_value = False

    def start(self, name: str, given: Attributes) -> None:
        match name:
            case "c":
                self._at, self._has_formula, self._has_value = given.get("r", ""), False, False
                if (flag := self._odd.get(given.get("s", ""))) and len(self.formats) < MOST_ROWS:
                    self.formats[self._at] = flag
            case "f":
                self._has_formula = True
            case "v":
                self._in_value = True

    def text(self, text: str) -> None:
        self._has_value |= self._in_value and bool(text.strip())

    def end(self, name: str) -> None:
        if name == "v":
            self._in_value = False
        elif name == "c" and self._has_formula and len(self.formulas) < MOST_ROWS:
            self.formulas[self._at] = self._has_value
