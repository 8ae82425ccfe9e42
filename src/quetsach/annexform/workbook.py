"""Opens Excel workbooks that people send in; refuses what a form has no use for, and says where.

Values come from python-calamine. Formulas, which it does not tell of, are looked for in the sheets' XML
(ECMA-376, 18.3.1.40).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from xml.etree import ElementTree

from quetsach.errors import QuetsachError
from quetsach.spreadsheet import column_name

MOST_BYTES = 4 * 1024 * 1024
MOST_UNPACKED = 24 * 1024 * 1024
MOST_PARTS = 400
MOST_ROWS = 2000
MOST_COLUMNS = 60
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_TAG = re.compile(rb"<(?:\w+:)?(c|f|row)\b([^>]*)>")
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Z]{0,3})([0-9]{1,7})["']""")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


class WorkbookError(QuetsachError):
    """A workbook is not taken; `code` says why, `where` names the sheet and cell, or the limit."""

    def __init__(self, code: str, where: str = "") -> None:
        super().__init__(f"{code} {where}".strip())
        self.code, self.where = code, where


@dataclass(frozen=True)
class Sheet:
    """One sheet: its cells as text, empty ones as "". `formulas` and `merged` are places: `C7`, `A1:B2`."""

    name: str
    cells: list[list[str]]
    formulas: tuple[str, ...]
    merged: tuple[str, ...]

    def at(self, place: str) -> str:
        """The text of a cell such as C7; "" outside."""
        row, column = _numbers(place)
        return self.cells[row][column] if row < len(self.cells) and column < len(self.cells[row]) else ""


def place_of(row: int, column: int) -> str:
    """`C7` for row 6, column 2, both counted from 0."""
    return f"{column_name(column)}{row + 1}"


def open_workbook(data: bytes) -> dict[str, Sheet]:
    """The sheets by name. Raises WorkbookError for anything that is not a plain, small .xlsx workbook."""
    from python_calamine import CalamineError, CalamineWorkbook

    if len(data) > MOST_BYTES:
        raise WorkbookError("too_big", f"{MOST_BYTES // 1024**2} MB")
    if data.startswith(_OLE):
        raise WorkbookError("locked_or_old")
    if not data.startswith(b"PK\x03\x04"):
        raise WorkbookError("no_workbook")
    formulas = _looked_through(data)
    try:
        book = CalamineWorkbook.from_object(io.BytesIO(data))
        sheets = {}
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            cells = [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
            merged = tuple(
                f"{place_of(*start)}:{place_of(*end)}" for start, end in sheet.merged_cell_ranges or ()
            )
            sheets[name] = Sheet(name, cells, formulas.get(name, ()), merged)
    except (CalamineError, IndexError, ValueError, OverflowError) as error:
        raise WorkbookError("damaged", str(error)[:100]) from error
    return sheets


def _looked_through(data: bytes) -> dict[str, tuple[str, ...]]:
    """The formulas of each sheet, once the parts are known to be few, small and without macros."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            infos = packed.infolist()
            names = [info.filename for info in infos]
            if "xl/workbook.xml" not in names:
                raise WorkbookError("no_workbook")
            if len(infos) > MOST_PARTS or sum(info.file_size for info in infos) > MOST_UNPACKED:
                raise WorkbookError("bomb", f"{MOST_UNPACKED // 1024**2} MB")
            if any(name.lower().endswith((".bin", ".vbs")) and "vba" in name.lower() for name in names):
                raise WorkbookError("macros")
            if any(name.startswith("xl/externalLinks/") for name in names):
                raise WorkbookError("links")
            parts = dict(_read_all(packed, infos))
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise WorkbookError("damaged", str(error)[:100]) from error
    try:
        return {name: tuple(_formulas(name, parts[part])) for name, part in _sheets(parts)}
    except (ElementTree.ParseError, KeyError) as error:
        raise WorkbookError("damaged", str(error)[:100]) from error


def _read_all(packed: zipfile.ZipFile, infos: Iterable[zipfile.ZipInfo]) -> Iterator[tuple[str, bytes]]:
    """Unpack everything, and give what is XML. The size that the archive tells may be a lie."""
    left = MOST_UNPACKED
    for info in infos:
        with packed.open(info) as member:
            text = member.read(left + 1)
        left -= len(text)
        if left < 0:
            raise WorkbookError("bomb", f"{MOST_UNPACKED // 1024**2} MB")
        if not info.filename.endswith((".xml", ".rels")):
            continue
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            raise WorkbookError("damaged", "DOCTYPE")
        yield info.filename, text


def _sheets(parts: dict[str, bytes]) -> Iterator[tuple[str, str]]:
    """The name of each sheet and the part it lies in."""
    targets = {}
    for relation in _tree(parts["xl/_rels/workbook.xml.rels"]):
        target = relation.get("Target", "")
        targets[relation.get("Id")] = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    for sheet in _tree(parts["xl/workbook.xml"]).iter():
        if sheet.tag.endswith("}sheet"):
            yield sheet.get("name", ""), targets[sheet.get(_RELATION)]


def _tree(text: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314 - parts with a DOCTYPE or an entity were refused


def _formulas(name: str, text: bytes) -> Iterator[str]:
    """Where formulas stand. Raises WorkbookError for a sheet that reaches too far."""
    here = ""
    rows = 0
    for found in _TAG.finditer(text):
        kind, attributes = found.groups()
        place = _PLACE.search(attributes)
        if kind == b"f":
            yield here
            continue
        rows += kind == b"row"
        if place is not None:
            letters, digits = place.groups()
            here = (letters + digits).decode()
            column = 0
            for letter in letters:
                column = column * 26 + letter - 64
            if int(digits) > MOST_ROWS:
                raise WorkbookError("too_many_rows", f"{name}: {int(digits)}")
            if column > MOST_COLUMNS:
                raise WorkbookError("too_many_columns", f"{name}: {here}")
        if rows > MOST_ROWS:
            raise WorkbookError("too_many_rows", name)


def _numbers(place: str) -> tuple[int, int]:
    letters = place.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(place[len(letters) :]) - 1, column - 1


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell).replace(".", ",")
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return str(cell).strip()
