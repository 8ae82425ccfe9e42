"""Reads a table of units from a workbook or CSV file of an office, without trusting it.

Nothing is guessed silently: a formula, a merged cell or a row beyond the limit is reported with its place.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from quetsach.errors import QuetsachError
from quetsach.files import bounded_process, workbook
from quetsach.text import delimited
from quetsach.text.cells import cell_text, column_name, unguarded
from quetsach.text.vietnamese import nfc, search_key
from quetsach.units.columns import BY_HEADING, BY_KEY

MOST_ROWS = 20_000
MOST_COLUMNS = 100
MOST_UNPACKED = 128 * 1024 * 1024
MOST_PROBLEMS = 200
HEADER_WITHIN = 30
_WEB_PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype|html|head|meta|table|\?xml)\b", re.IGNORECASE)
"""The start of exports from many systems that are called .xls; also of Excel's own XML of 2003."""
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


# No sheet that passes `_judge` is larger; there may be several sheets.
_MOST = workbook.Most(4 * (MOST_ROWS + HEADER_WITHIN) * MOST_COLUMNS, MOST_UNPACKED)


class TableError(QuetsachError):
    """The file as a whole is no table of units; `code` says why, `value` holds the figure or name
    concerned."""

    code = "table"

    def __init__(self, code: str, value: object = "") -> None:
        super().__init__(f"{code}: {value}")
        self.code = code
        self.value = value


@dataclass(frozen=True)
class Problem:
    """A mistake in one cell: `row` counts as in Excel, `column` is its letter."""

    row: int
    column: str
    code: str
    value: str = ""


@dataclass(frozen=True)
class Row:
    """One unit of the file: its cells by column key; missing columns have no key."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """The rows read. `places`: the letter of each column, to name a cell later."""

    rows: tuple[Row, ...]
    places: dict[str, str]
    problems: tuple[Problem, ...]


def read_table(name: str, data: bytes) -> Table:
    """Read an .xlsx, .xlsm or CSV file.

    Raises TableError: `empty`, `old_excel`, `web_page`, `not_table`, `binary`, `encoding`, `damaged`,
    `quotes` (of which line), `far` (a cell), `too_large` (MB when unpacked), `limits` (of memory or time),
    `too_many_rows`, `too_wide`, `no_header`, `twice` (a column), `no_reader`.
    """
    return _table(*read_cells(name, data, BY_HEADING))


def read_cells(name: str, data: bytes, headings: Collection[str]) -> tuple[Grid, list[Marked]]:
    """The cells of a file, and the cells that cannot be trusted; of a workbook, the sheet with such a
    heading.

    `headings` are folded with `search_key`. Raises TableError as `read_table` does.
    """
    if not data.strip():
        raise TableError("empty")
    if data.startswith(_OLE):
        raise TableError("old_excel")
    if data.startswith(_ZIP):
        return _workbook(data, sorted(headings))
    if _WEB_PAGE.match(data[:4096]):
        raise TableError("web_page")
    if b"\0" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TableError("not_table", name)
    return _csv(data), []


type Grid = list[list[str]]
type Marked = tuple[int, str, str, str]
"""Row, column letter, code and value of a cell that cannot be trusted."""


def _table(grid: Grid, marked: Iterable[Marked]) -> Table:
    heads = [[BY_HEADING.get(search_key(c)) for c in cells[:MOST_COLUMNS]] for cells in grid[:HEADER_WITHIN]]
    at = next((n for n, keys in enumerate(heads) if "name" in keys), None)
    if at is None:
        raise TableError("no_header")
    keys = heads[at]
    places: dict[str, int] = {}
    for index, key in enumerate(keys):
        if key is not None and key in places:
            raise TableError("twice", BY_KEY[key].headings[0])
        if key is not None:
            places[key] = index
    rows = []
    for number, cells in enumerate(grid[at + 1 :], at + 2):
        values = {key: _clean(cells[i]) if i < len(cells) else "" for key, i in places.items()}
        if any(values.values()):
            rows.append(Row(number, values))
    if len(rows) > MOST_ROWS:
        raise TableError("too_many_rows", len(rows))
    if not rows:
        raise TableError("empty")
    letters = {key: column_name(i) for key, i in places.items()}
    used = set(letters.values())
    problems = [
        Problem(row, column, code, value)
        for row, column, code, value in marked
        if row > at + 1 and column in used
    ]
    return Table(tuple(rows), letters, tuple(problems[:MOST_PROBLEMS]))


def _clean(cell: str) -> str:
    return nfc(unguarded(cell.strip()))


def _csv(data: bytes) -> Grid:
    try:
        is_wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        text = data.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableError("encoding", data.count(b"\n", 0, error.start) + 1) from error
    head = text[:4096]
    separator = max(";,\t", key=head.count)
    grid: Grid = []
    try:
        for row in delimited.grid(text, separator):
            grid.append(row)
            if len(grid) > MOST_ROWS + HEADER_WITHIN:
                raise TableError("too_many_rows", text.count("\n"))
    except delimited.QuotesError as error:
        raise TableError("quotes", error.line) from error
    return grid


@bounded_process.bounded(
    seconds=20,
    raises=(TableError,),
    refused=lambda _error: TableError("limits"),
    imports=workbook.READING,
)
def _workbook(data: bytes, headings: list[str]) -> tuple[Grid, list[Marked]]:
    known = set(headings)
    try:
        with workbook.opened(data, _MOST, _judge) as (book, parts):
            formulas = [_formula(place) for part in parts.values() for place in part.formulas]
            for name in book.sheet_names:
                sheet = book.get_sheet_by_name(name)
                table = sheet.to_python(skip_empty_area=False)
                grid = [[cell_text(cell) for cell in row[:MOST_COLUMNS]] for row in table]
                if any(search_key(c) in known for row in grid[:HEADER_WITHIN] for c in row):
                    marked = [*formulas, *_merged(sheet.merged_cell_ranges or ())]
                    return grid, marked[: MOST_PROBLEMS * 10]
    except workbook.WorkbookRefusedError as error:
        code = _REFUSED[error.what]
        raise TableError(code, int(error.where) if code == "too_large" else error.where) from error
    raise TableError("no_header")


_REFUSED = {
    "no_reader": "no_reader",
    "no_workbook": "not_table",
    "xlsb": "binary",
    "far": "far",
    "too_many_cells": "damaged",
    "bomb": "too_large",
    "encrypted": "damaged",
    "damaged": "damaged",
}


def _judge(parts: dict[str, workbook.Part]) -> None:
    rows = max((part.height for part in parts.values()), default=0)
    if rows > MOST_ROWS + HEADER_WITHIN:
        raise TableError("too_many_rows", rows)
    width = max((part.width for part in parts.values()), default=0)
    if width > MOST_COLUMNS:
        raise TableError("too_wide", column_name(width - 1))


def _formula(place: str) -> Marked:
    column = place.rstrip("0123456789")
    return int(place[len(column) :]), column, "formula", place


def _merged(ranges: Iterable[tuple[tuple[int, int], tuple[int, int]]]) -> Iterator[Marked]:
    for (top, left), (bottom, right) in ranges:
        place = f"{column_name(left)}{top + 1}:{column_name(right)}{bottom + 1}"
        for column in range(left, min(right, left + MOST_COLUMNS) + 1):
            yield top + 1, column_name(column), "merged", place
