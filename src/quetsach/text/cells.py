"""Text on its way into a spreadsheet and back, and the names of its columns. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from math import ceil
from typing import Any

ROOM = 1.1
"""Width for a text, relative to its letters: lines are rarely full, as words do not break."""
BOLD = 1.15
"""The width of a bold letter, relative to a plain one."""
_TALLEST = 409.0
"""Points, the most that Excel takes."""
_FORMULA = tuple("=+-@\t\r\n＝＋－＠﹦﹢﹣﹫−")


def guarded(text: str) -> str:
    """`text` as a cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text


def unguarded(text: str) -> str:
    """The reverse of `guarded`, for our own files when they come back."""
    return text[1:] if text.startswith("'") and guarded(text[1:]) != text[1:] else text


def cell_text(cell: object) -> str:
    """A cell in a person's reading: whole numbers without a point, days and times as in ISO 8601."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return str(cell)


def row_height(cells: Iterable[tuple[str, float]], line: float = 15.0) -> float:
    """The height of a row in points for wrapped texts, each given with its column's width in characters.

    Excel computes the height when it opens a file; LibreOffice, and programs that print without opening, do
    not.
    """
    lines = (
        sum(max(1, ceil(len(part) * ROOM / width)) for part in text.split("\n")) for text, width in cells
    )
    return min(_TALLEST, line * max(lines, default=1))


def on_paper(sheet: Any, heading: int | None = None) -> None:
    """Set up a sheet of XlsxWriter for A4 landscape, one page wide, with its heading's row on every page."""
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    if heading is not None:
        sheet.repeat_rows(heading)


def column_name(index: int) -> str:
    """0 as A, 26 as AA."""
    from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped]

    return str(xl_col_to_name(index))
