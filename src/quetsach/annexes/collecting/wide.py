"""Annexes in wide layout: the rows of the form are columns, and each line is a unit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from quetsach.annexes.collecting import figures, form
from quetsach.annexes.collecting.figures import Figure, distinct
from quetsach.annexes.collecting.folding import key
from quetsach.annexes.collecting.form import ROWS
from quetsach.annexes.collecting.paper import NOWHERE, Cell, Place, Row

_UNIT_HEAD = re.compile(r"^(?:ten )?(?:don vi|co quan|xa|phuong|dia phuong|thi tran|truong)\b")
_SUM = re.compile(r"^(?:tong|cong|toan (?:huyen|tinh|xa|truong))\b")
_FEWEST = 3
"""A line needs this many rows of the form to count as a head."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a wide table. `unit` is empty where the line belongs to the unit above the table."""

    figures: dict[str, Figure]
    texts: dict[str, str]
    unit: str = ""
    place: Place = NOWHERE


def read(part: Sequence[Row]) -> list[Line]:
    """The lines; empty for a form in its usual layout.

    A line of sums is left out, because its parts are there. But if a unit is named above the table, the sum
    is that unit's annex, in doubt, and the lines are its parts.
    """
    columns: dict[str, int] = {}
    texts: dict[str, int] = {}
    unit = -1
    lines: list[Line] = []
    total: Line | None = None
    has_name_above = False
    for row in part:
        if head := _head(row):
            columns = head
            texts = {
                named[0]: at
                for at, cell in reversed(list(enumerate(row.cells)))
                if (named := form.field_of(cell.text)) and named[0] != "unit"
            }
            unit = next((at for at, cell in enumerate(row.cells) if _UNIT_HEAD.match(key(cell.text))), -1)
        elif not columns:
            first = next((cell.text for cell in row.cells if cell.text), "")
            named = form.field_of(first)
            has_name_above |= bool(named and named[0] == "unit")
        elif row.table and max(columns.values()) < len(row.cells):
            line = _line(row, columns, unit)
            if line is None:
                continue
            line.texts.update({name: row.cells[at].text for name, at in texts.items() if at < len(row.cells)})
            if _SUM.match(key(line.unit)):
                total = line
            else:
                lines.append(line)
    if total and (has_name_above or not lines):
        doubted = {
            name: replace(one, doubts=(*one.doubts, "sum_line")) if lines and one.value is not None else one
            for name, one in total.figures.items()
        }
        return [Line(doubted, {})]
    return lines


def _head(row: Row) -> dict[str, int]:
    """The column of each row of the form; empty for a line that is no head."""
    if not row.table:
        return {}
    found: dict[str, int] = {}
    for at, cell in enumerate(row.cells):
        name = form.row_of(cell.text)
        if name and name in found and row.cells[found[name]] is not cell:
            return {}
        if name:
            found.setdefault(name, at)
    return found if len(found) >= _FEWEST else {}


def _line(row: Row, columns: dict[str, int], unit: int) -> Line | None:
    """None for a line without figures, such as the line with the numbers of the columns."""
    cells = {name: row.cells[at] for name, at in columns.items()}
    if not any(
        re.search(r"\d", cell.text) and not re.fullmatch(r"\(\d+\)", cell.text) for cell in cells.values()
    ):
        return None
    name = row.cells[unit] if unit >= 0 else _first_words(row, columns)
    if _SUM.match(key(row.cells[0].text)):
        name = row.cells[0]
    four = {
        row_name: figures.of_cell(row_name, cells[row_name])
        if row_name in cells
        else Figure(None, doubts=("row_missing",))
        for row_name in ROWS
    }
    return Line(four, {}, " ".join(name.text.split()), name.place)


def _first_words(row: Row, columns: dict[str, int]) -> Cell:
    """The first text before the figures, except numbers."""
    before = distinct(row.cells[: min(columns.values())])
    return next((cell for cell in before if re.search(r"[^\W\d_]{2}", cell.text)), Cell(""))
