"""The visible content of a file of any format: rows of cells, each with its place.

A paragraph is a row of one cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from quetsach.errors import QuetsachError

MOST_ROWS = 5_000
"""Rows read of one sheet or document; an annex has about thirty, a file with forty annexes about a thousand.
"""
MOST_COLUMNS = 60
MOST_TEXT = 20_000
"""Characters kept of one cell."""


class FileProblem(QuetsachError):
    """A file gives no annex. `code` is a key of `messages.toml`; `facts` fill its sentence."""

    def __init__(self, code: str, **facts: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.facts: dict[str, str | int] = facts

    def is_declared(self) -> bool:
        """Whether there is a sentence for it; the code may come from another process."""
        from quetsach.annexes.collecting import messages

        return messages.is_problem(self.code)


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a text: a sheet's cell (`B7`), or a page, and in Word a table's row and column from 1.

    0 or empty where unknown.
    """

    sheet: str = ""
    cell: str = ""
    page: int = 0
    table: int = 0
    row: int = 0
    column: int = 0


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Cell:
    """A text in NFC and its place. `flags` are codes of `messages.toml` for oddities of this cell."""

    text: str
    place: Place = NOWHERE
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """Cells beside one another; `table` is the number of their table, 0 outside of tables."""

    cells: tuple[Cell, ...]
    table: int = 0

    @property
    def text(self) -> str:
        """The texts of all cells, one space apart."""
        return " ".join(cell.text for cell in self.cells if cell.text)


@dataclass(frozen=True, slots=True)
class Paper:
    """The rows of one file in reading order. `saved` is the time of the last save, by the file's own record.

    `notes` are codes of `messages.toml` about the whole file, with the facts for their sentences.
    """

    rows: tuple[Row, ...]
    saved: datetime | None = None
    notes: Mapping[str, Mapping[str, str | int]] = field(default_factory=dict)
