"""Opens Excel workbooks that people send in; refuses content that a form does not need, with its place.

Values come from python-calamine; how far its cells reach and where formulas stand, from
`quetsach.files.workbook`.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from xml.etree import ElementTree

from quetsach.errors import QuetsachError
from quetsach.files import bounded_process, workbook
from quetsach.text.cells import column_name

MOST_BYTES = 4 * 1024 * 1024
MOST_UNPACKED = 24 * 1024 * 1024
MOST_PARTS = 400
MOST_ROWS = 2000
MOST_COLUMNS = 60
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


_MOST = workbook.Most(20 * MOST_ROWS * MOST_COLUMNS, MOST_UNPACKED)


class WorkbookError(QuetsachError):
    """A workbook is refused; `code` says why, `where` names the sheet and cell, or the limit."""

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
        """The text of a cell such as C7; "" outside of the sheet."""
        row, column = _numbers(place)
        return self.cells[row][column] if row < len(self.cells) and column < len(self.cells[row]) else ""


def place_of(row: int, column: int) -> str:
    """`C7` for row 6, column 2, both counted from 0."""
    return f"{column_name(column)}{row + 1}"


@bounded_process.bounded(
    seconds=15,
    raises=(WorkbookError,),
    refused=lambda _error: WorkbookError("limits"),
    imports=workbook.READING,
)
def open_workbook(data: bytes) -> dict[str, Sheet]:
    """The sheets by name. Raises WorkbookError for any file but a plain, small .xlsx workbook."""
    if len(data) > MOST_BYTES:
        raise WorkbookError("too_big", f"{MOST_BYTES // 1024**2} MB")
    if data.startswith(_OLE):
        raise WorkbookError("locked_or_old")
    if not data.startswith(b"PK\x03\x04"):
        raise WorkbookError("no_workbook")
    try:
        names = _looked_through(data)
        with workbook.opened(data, _MOST, lambda parts: _judge(parts, names)) as (book, parts):
            formulas = {names.get(part, part): tuple(found.formulas) for part, found in parts.items()}
            sheets = {}
            for name in book.sheet_names:
                sheet = book.get_sheet_by_name(name)
                cells = [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
                merged = tuple(
                    f"{place_of(*start)}:{place_of(*end)}" for start, end in sheet.merged_cell_ranges or ()
                )
                sheets[name] = Sheet(name, cells, formulas.get(name, ()), merged)
            return sheets
    except workbook.WorkbookRefusedError as error:
        what = {"no_reader": "limits", "too_many_cells": "damaged", "encrypted": "locked_or_old"}
        where = f"{error.where} MB" if error.what == "bomb" else error.where
        raise WorkbookError(what.get(error.what, error.what), where) from error


def _judge(parts: dict[str, workbook.Part], names: dict[str, str]) -> None:
    for part, found in parts.items():
        name = names.get(part, part)
        if max(found.height, found.rows) > MOST_ROWS:
            raise WorkbookError("too_many_rows", f"{name}: {max(found.height, found.rows)}")
        if found.width > MOST_COLUMNS:
            raise WorkbookError("too_many_columns", f"{name}: {place_of(0, found.width - 1)}")


def _looked_through(data: bytes) -> dict[str, str]:
    """The sheet's name for each part, after checking that the parts are few and without macros and links."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            infos = packed.infolist()
            names = [info.filename for info in infos]
            if len(infos) > MOST_PARTS or sum(info.file_size for info in infos) > MOST_UNPACKED:
                raise WorkbookError("bomb", f"{MOST_UNPACKED // 1024**2} MB")
            if any(name.lower().endswith((".bin", ".vbs")) and "vba" in name.lower() for name in names):
                raise WorkbookError("macros")
            if any(name.startswith("xl/externalLinks/") for name in names):
                raise WorkbookError("links")
            if "xl/workbook.xml" not in names or "xl/_rels/workbook.xml.rels" not in names:
                # The survey names the refused kind.
                return {}
            return dict(_sheets(packed))
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise WorkbookError("damaged", str(error)[:100]) from error
    except (ElementTree.ParseError, KeyError) as error:
        raise WorkbookError("damaged", str(error)[:100]) from error


def _sheets(packed: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """The part of each sheet, and its name."""
    targets = {}
    for relation in _tree(packed, "xl/_rels/workbook.xml.rels"):
        target = relation.get("Target", "")
        targets[relation.get("Id")] = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    for sheet in _tree(packed, "xl/workbook.xml").iter():
        if sheet.tag.endswith("}sheet"):
            yield targets[sheet.get(_RELATION)], sheet.get("name", "")


def _tree(packed: zipfile.ZipFile, part: str) -> ElementTree.Element:
    with packed.open(part) as member:
        text = member.read(MOST_UNPACKED + 1)
    if len(text) > MOST_UNPACKED:
        raise WorkbookError("bomb", f"{MOST_UNPACKED // 1024**2} MB")
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise WorkbookError("damaged", "DOCTYPE")
    return ElementTree.fromstring(text)  # noqa: S314 - a part with a DOCTYPE or an entity was refused


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
