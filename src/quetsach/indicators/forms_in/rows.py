"""Rows of tables: their cells, and whether a cell looks like an entry of a list."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from quetsach.indicators.lists.item import hash_in, is_value
from quetsach.text.marks import normalize

DELIMITERS = (",", ";", "\t", "|")
MOST_COLUMNS = 16_384
"""Cells of a row: no spreadsheet has more. A line of fewer characters cannot hold so many."""
BETWEEN = re.compile(r"[\s,;]+")
"""Between the values of one cell."""
_NO_VALUES = frozenset(("", "-", "–", "/", "|", "và", "and"))


def cells_of(line: str, delimiter: str) -> list[str] | None:
    """The cells of one row (RFC 4180); None when its quotes do not pair, or it has too many cells."""
    if len(line) > MOST_COLUMNS and line.count(delimiter) >= MOST_COLUMNS:
        return None
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=True))
    except (csv.Error, StopIteration):
        return None


def names_of(cells: Sequence[str]) -> list[str]:
    """The cells of a header, normalised for comparison; some keyboards write Vietnamese letters in parts."""
    return [" ".join(normalize("NFC", c.strip().strip('"')).lower().split()) for c in cells]


def is_title(cells: Sequence[str]) -> bool:
    """Whether only one cell is filled, as in the title of a table."""
    return len(cells) > 1 and sum(map(bool, map(str.strip, cells))) == 1


def is_listed(text: str) -> bool:
    """Whether a cell looks like an entry of a list: an indicator, several indicators, or a file's hash."""
    return hash_in(text) != "" or any(is_value(part) for part in several(text))


def has_value(cells: Sequence[str]) -> bool:
    """Whether any cell looks like an entry of a list."""
    return any(is_listed(cell.strip()) for cell in cells)


def several(text: str) -> list[str]:
    """The values of one cell (`a.example, b.example`); the cell itself where it is no row of values."""
    if BETWEEN.search(text) is None or is_value(text):
        return [text]
    parts = [part for part in BETWEEN.split(text) if part not in _NO_VALUES]
    return parts if len(parts) > 1 and all(map(is_value, parts)) else [text]
