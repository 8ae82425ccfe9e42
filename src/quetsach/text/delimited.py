"""Rows of a delimited text from a stranger, each with its line. A broken row costs no other row."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator

MOST_LINES = 50
"""Lines of one row: a quoted value may hold line breaks, an unclosed quote would swallow the file."""

type Row = tuple[int, list[str], str]
"""The line on which the row begins, its cells, and the code of its mistake ("" for none)."""


class _Lines:
    """Lines with their numbers. Those of the row that is being read can be read again."""

    def __init__(self, numbered: Iterable[tuple[int, str]]) -> None:
        self._numbered = iter(numbered)
        self._again: deque[tuple[int, str]] = deque()
        self.pending: list[tuple[int, str]] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.pending) >= MOST_LINES:
            raise csv.Error("a value without an end")
        one = self._again.popleft() if self._again else next(self._numbered)
        self.pending.append(one)
        return one[1]

    def give_back(self) -> None:
        """Read all lines of the row again but its first."""
        self._again.extendleft(reversed(self.pending[1:]))
        del self.pending[1:]


def rows(numbered: Iterable[tuple[int, str]], delimiter: str, width: int = 0) -> Iterator[Row]:
    """Yield the rows, those without any cell left out. `numbered` gives lines with LF at their ends; `width`
    is the number of cells that a row has, 0 for any.

    A row with a wrong number of cells has the code `columns`. One whose quotes do not pair has the code
    `quotes` and no cells: a value has no end within some lines, or another row stands within it.
    """
    lines = _Lines(numbered)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    widest = width
    while True:
        lines.pending.clear()
        try:
            cells = next(reader)
            is_sound = not _swallows(lines.pending, len(cells), delimiter, widest, width)
        except StopIteration:
            return
        except csv.Error:
            if not lines.pending:
                return
            is_sound = False
        number, line = lines.pending[0]
        if not is_sound:
            lines.give_back()
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            told = _alone(line, delimiter)
            if told is None:
                yield number, [], "quotes"
                continue
            cells = told
        if width and cells and len(cells) != width:
            yield number, cells, "columns"
        elif cells:
            widest = max(widest, len(cells))
            yield number, cells, ""


class QuotesError(ValueError):
    """The quotes of a row do not pair; `line` is where it begins."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line}: the quotes do not pair")
        self.line = line


def grid(text: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the row of each line; no cells for a line that is blank or goes on with the row before it.

    Raises QuotesError: rows must not vanish in a value that has no end.
    """
    at = 0
    for number, cells, code in rows(enumerate(io.StringIO(text, newline=None), 1), delimiter):
        if code == "quotes":
            raise QuotesError(number)
        yield from ([] for _ in range(number - 1 - at))
        yield cells
        at = number


def _swallows(lines: list[tuple[int, str]], count: int, delimiter: str, widest: int, width: int) -> bool:
    """Whether a row of `count` cells and several lines holds a line that looks like a row: one with as many
    cells as the widest row so far. Its last line may hold the other cells of the row."""
    if len(lines) == 1:
        return False
    is_wrong = width > 0 and count != width
    return is_wrong or any(line.count(delimiter) >= max(1, widest - 1) for _number, line in lines[1:-1])


def _alone(line: str, delimiter: str) -> list[str] | None:
    """The cells of a line with text behind a quoted value, as many programs read it; None where a quote has
    no end."""
    if line.count('"') % 2:
        return None
    try:
        return next(csv.reader([line], delimiter=delimiter), None)
    except csv.Error:
        return None
