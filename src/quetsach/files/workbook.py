"""A workbook opened for its values. A first pass makes sure that no far cell claims all memory.

python-calamine makes room for the whole rectangle that the cells of a sheet span. So a first pass that keeps
nothing finds the outermost cells (ECMA-376 18.3.1.4; OpenDocument 1.3 part 3, 9.1; [MS-XLS] 2.4). It refuses
a cell at a place that no program writes, and an unknown kind of workbook. Every caller opens workbooks in a
bounded process (`bounded_process`), which survives any danger that this pass misses.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat

from quetsach.errors import QuetsachError
from quetsach.files import bounded_process, compoundfile
from quetsach.text.cells import column_name

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

READING = ("python_calamine", "xlsxwriter.utility")
"""The imports of marked functions that open a workbook."""
MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
"""The largest sheet of any program (ECMA-376, Excel's own limits)."""
MOST_PARTS = 5_000
MOST_STRINGS = 4_000_000
"""Shared texts; a list of a million lines has at most that many for each of its columns."""
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_BLOCK = 1 << 18
_CELLS = b"sheetData"
_BINARY = ("xl/workbook.bin", "workbook.bin")


class WorkbookRefusedError(QuetsachError):
    """`what` is `no_reader`, `no_workbook`, `xlsb`, `far`, `too_many_cells`, `bomb`, `encrypted`, `damaged`;
    `where` is the cell of `far`, the megabytes of `bomb`, else what is wrong."""

    code = "workbook"

    def __init__(self, what: str, where: str = "") -> None:
        super().__init__(what, where)
        self.what, self.where = what, where


@dataclass(slots=True)
class Part:
    """One part of a package that holds cells: the outermost cells, counted from 1, its rows, and the places
    of formulas (`C7`)."""

    height: int = 0
    width: int = 0
    rows: int = 0
    formulas: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Most:
    """How much of a workbook is accepted: the cells of all rectangles together, and bytes unpacked."""

    cells: int
    unpacked: int


def survey(data: bytes, most: Most, *, is_table_taken: bool = False) -> dict[str, Part]:
    """The parts of a workbook by their names, with their cells; nothing for a workbook of Excel 97 to 2003.

    Raises WorkbookRefusedError, for an OpenDocument table too unless `is_table_taken`. Cells are not counted.
    """
    try:
        if data.startswith(compoundfile.MAGIC):
            _check(compoundfile.extents(data), most.cells)
            return {}
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return _package(packed, most.unpacked, is_table_taken=is_table_taken)
    except compoundfile.FarCellError as error:
        raise WorkbookRefusedError("far", str(error)) from error
    except RuntimeError as error:
        # zipfile raises this for a member with a password.
        raise WorkbookRefusedError("encrypted") from error
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, expat.ExpatError) as error:
        raise WorkbookRefusedError("damaged", str(error)[:100]) from error


@contextmanager
def opened(
    data: bytes,
    most: Most,
    judge: Callable[[dict[str, Part]], None] = lambda _parts: None,
    *,
    is_table_taken: bool = False,
) -> Iterator[tuple[CalamineWorkbook, dict[str, Part]]]:
    """A workbook (.xlsx, .xlsm, .xls, .ods) after its survey, and the result of `survey`.

    `judge` sees that result before the cells are counted, to refuse a sheet in its own words. Raises
    WorkbookRefusedError, also for errors of the library within the block.
    """
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError as error:
        raise WorkbookRefusedError("no_reader") from error
    parts = survey(data, most, is_table_taken=is_table_taken)
    judge(parts)
    _check([(part.height, part.width) for part in parts.values()], most.cells)
    try:
        with CalamineWorkbook.from_object(io.BytesIO(data)) as book:
            yield book, parts
    except (CalamineError, IndexError, ValueError, OverflowError) as error:
        what = "encrypted" if "password" in str(error).casefold() else "damaged"
        raise WorkbookRefusedError(what, str(error)[:100]) from error


type Cell = str | int | float | bool
type Sheets = dict[str, list[list[Cell]]]


@bounded_process.bounded(seconds=30, raises=(WorkbookRefusedError,), imports=READING)
def sheets(data: bytes) -> Sheets:
    """The cells of each sheet by its name, from its first cell on, days and times as texts.

    Raises WorkbookRefusedError, NotReadError.
    """
    with opened(data, Most(2_000_000, 64 << 20)) as (book, _parts):
        return {
            name: [
                [cell if isinstance(cell, str | int | float) else str(cell) for cell in row]
                for row in book.get_sheet_by_name(name).to_python()
            ]
            for name in book.sheet_names
        }


def _package(packed: zipfile.ZipFile, most: int, *, is_table_taken: bool) -> dict[str, Part]:
    infos = packed.infolist()
    names = {info.filename.replace("\\", "/").lower() for info in infos}
    if names.intersection(_BINARY):
        raise WorkbookRefusedError("xlsb")
    if "xl/workbook.xml" not in names and not (is_table_taken and "content.xml" in names):
        raise WorkbookRefusedError("no_workbook", ", ".join(info.filename for info in infos[:3]))
    if len(names) < len(infos) or len(infos) > MOST_PARTS:
        raise WorkbookRefusedError("damaged", "parts")
    found: dict[str, Part] = {}
    left, strings = most, 0
    if sum(info.file_size for info in infos) > most:
        raise WorkbookRefusedError("bomb", str(most >> 20))
    for info in infos:
        is_table = info.filename.lower() == "content.xml"
        holds_cells, end = is_table, b""
        for block in _blocks(packed, info):
            left -= len(block)
            strings += block.count(b"<si")
            if left < 0 or strings > MOST_STRINGS:
                raise WorkbookRefusedError("bomb", str(most >> 20))
            # Cells may lie in a member of any name; the library looks for this word, too.
            holds_cells = holds_cells or _CELLS in end + block
            end = block[-len(_CELLS) :]
        if holds_cells:
            walk = _Table() if is_table else _Cells()
            _walk(packed, info, walk)
            if walk.part.height:
                found[info.filename] = walk.part
    return found


def _blocks(packed: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    with packed.open(info) as member:
        while block := member.read(_BLOCK):
            yield block


def _walk(packed: zipfile.ZipFile, info: zipfile.ZipInfo, walk: _Cells | _Table) -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler = walk.start
    if isinstance(walk, _Table):
        parser.EndElementHandler = walk.end
    parser.StartDoctypeDeclHandler = _no_doctype
    for block in _blocks(packed, info):
        parser.Parse(block, False)
    parser.Parse(b"", True)


def _no_doctype(*_what: object) -> None:
    raise WorkbookRefusedError("damaged", "DOCTYPE")


def _check(extents: list[tuple[int, int]], most_cells: int) -> None:
    if sum(height * width for height, width in extents) > most_cells:
        raise WorkbookRefusedError("too_many_cells", str(most_cells))


class _Cells:
    """Finds the cells of a sheet. A cell without a place stands behind the cell before it."""

    def __init__(self) -> None:
        self.part = Part()
        self._row = self._column = 0
        self._has_begun = False

    def start(self, name: str, given: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if not self._has_begun:
            # The list of cells to compute anew names cells, too.
            self._has_begun = tag == "sheetData"
        elif tag == "c":
            place = given.get("r")
            if place is None:
                self._column += 1
            else:
                self._row, self._column = _place(place)
            self._grow()
        elif tag == "row":
            number = given.get("r")
            self._row, self._column = self._row + 1 if number is None else _place(f"A{number}")[0], 0
            self.part.rows += 1
            self._grow()
        elif tag == "f" and self._column:
            self.part.formulas.append(f"{column_name(max(self._column, 1) - 1)}{self._row}")

    def _grow(self) -> None:
        part = self.part
        if self._row > part.height:
            part.height = self._row
        if self._column > part.width:
            part.width = self._column
        if self._row > MOST_ROWS or self._column > MOST_COLUMNS:
            raise WorkbookRefusedError("far", f"{column_name(max(self._column, 1) - 1)}{self._row}")


class _Table:
    """The tables of an OpenDocument file. A repeated cell or row counts as often as it repeats, up to the
    last that holds a value."""

    def __init__(self) -> None:
        self.part = Part()
        self._column = self._said = self._row = self._repeated = self._height = self._width = 0

    def start(self, name: str, given: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        about = {key.rpartition(":")[2]: value for key, value in given.items()}
        if tag == "table":
            self._end_of_table()
        elif tag == "table-row":
            self._repeated = _times(about.get("number-rows-repeated"))
            self._column = self._said = 0
        elif tag in ("table-cell", "covered-table-cell"):
            self._column += _times(about.get("number-columns-repeated"))
            if "value-type" in about or "formula" in about:
                self._said = self._column
        elif tag == "p":
            self._said = self._column

    def end(self, name: str) -> None:
        tag = name.rpartition(":")[2]
        if tag == "table-row":
            self._row += self._repeated
            if self._said:
                self._height, self._width = self._row, max(self._width, self._said)
            if self._height > MOST_ROWS or self._width > MOST_COLUMNS:
                raise WorkbookRefusedError("far", f"{column_name(max(self._width, 1) - 1)}{self._height}")
        elif tag == "table":
            self._end_of_table()

    def _end_of_table(self) -> None:
        """All tables of the file count as one: one below the other, as wide as the widest."""
        self.part.height += self._height
        self.part.width = max(self.part.width, self._width)
        self._row = self._height = self._width = 0


def _place(reference: str) -> tuple[int, int]:
    """Row and column, counted from 1. Raises WorkbookRefusedError for a place that no sheet has."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise WorkbookRefusedError("far", reference[:30])
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]), column


def _times(text: str | None) -> int:
    if text is None:
        return 1
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise WorkbookRefusedError("far", text[:30])
    return int(text)
