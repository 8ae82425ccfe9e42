"""Where the final screen is written: lines, and one table of machines.

A file or a pipe takes text alone; `quetsach.outputs.drawn` draws on terminals, with rich, which takes as long
to import as 30 MB of a log.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, zip_longest
from typing import NamedTuple, Protocol, TextIO

type Cell = Sequence[tuple[str, str]]
"""Texts, each with its style; hidden characters are escaped, so only line feeds break lines."""
_WORD = re.compile(r"\s*\S+\s*")
_PADDING = 1
_DIVIDER = " " * (2 * _PADDING + 1)


class Column(NamedTuple):
    """One column of the table; widths in characters. What is too long is broken, but not where `is_whole`."""

    title: str
    least: int = 0
    most: int | None = None
    is_right: bool = False
    is_whole: bool = False


class Screen(Protocol):
    """A terminal, a file or a pipe."""

    width: int

    def say(self, text: str, style: str = "") -> None:
        """A line, or several."""
        ...

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
        """All rows below the titles, no wider than `width`."""
        ...

    def cards(self, cards: Sequence[tuple[Cell, Cell]]) -> None:
        """Heads with what is told below each, where a table would be too narrow."""
        ...


def is_plain(rows: Sequence[Sequence[Cell]]) -> bool:
    """Whether every character of the table is known to be one wide: Latin with Vietnamese, composed."""
    return all(
        char < "\u0300" or "\u1e00" <= char < "\u1f00" or char in "…“”–"
        for row in rows
        for cell in row
        for text, _style in cell
        for char in text
    )


class Piped:
    """A file or a pipe: the text that rich would write there."""

    def __init__(self, file: TextIO, width: int) -> None:
        self._file, self.width = file, width

    def say(self, text: str, style: str = "") -> None:
        """See `Screen`."""
        del style
        self._file.write(text + "\n")

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
        """See `Screen`."""
        texts = [[column.title for column in columns]]
        texts += [["".join(text for text, _style in cell) for cell in row] for row in rows]
        widths = _widths(columns, texts, self.width)
        whole = sum(widths) + len(_DIVIDER) * (len(widths) - 1)
        if whole > self.width or not is_plain(rows):
            from quetsach.outputs import drawn

            drawn.on(self._file, self.width).table(columns, rows)
            return
        for number, row in enumerate(texts):
            for line in _lines(row, columns, widths, is_title=not number):
                self._file.write(line + "\n")
            if not number:
                self._file.write("─" * whole + "\n")

    def cards(self, cards: Sequence[tuple[Cell, Cell]]) -> None:
        """See `Screen`."""
        from quetsach.outputs import drawn

        drawn.on(self._file, self.width).cards(cards)


def _widths(columns: Sequence[Column], texts: Sequence[Sequence[str]], most: int) -> list[int]:
    """As rich shares them out: the widest that may be broken give way first, to the next widest at most.

    Padding counts as width there, one of it less for the first and the last column.
    """
    last = len(columns) - 1
    padding = [_PADDING * ((number > 0) + (number < last)) for number in range(len(columns))]
    wanted = [
        max((len(line) for row in texts for line in row[number].split("\n")), default=0) + padding[number]
        for number in range(len(columns))
    ]

    def bounded(number: int, width: int) -> int:
        column = columns[number]
        width = max(width, column.least + padding[number])
        return width if column.most is None else min(width, column.most + padding[number])

    room = most - last
    widths = [bounded(number, min(width, room)) for number, width in enumerate(wanted)]
    if sum(widths) > room:
        widths = _given_way(widths, [not column.is_whole for column in columns], room)
        widths = [bounded(number, min(wanted[number], width)) for number, width in enumerate(widths)]
    return [width - spare for width, spare in zip(widths, padding, strict=True)]


def _given_way(widths: list[int], may_break: Sequence[bool], room: int) -> list[int]:
    while (excess := sum(widths) - room) > 0:
        breakable = [width for width, may in zip(widths, may_break, strict=True) if may]
        widest = max(breakable)
        next_widest = max((width for width in breakable if width != widest), default=0)
        each = min(excess, widest - next_widest)
        if not each:
            break
        sharing = breakable.count(widest)
        for number, width in enumerate(widths):
            if may_break[number] and width == widest:
                share = min(each, round(excess / sharing))
                widths[number] -= share
                excess -= share
                sharing -= 1
    return widths


def _lines(
    texts: Sequence[str], columns: Sequence[Column], widths: Sequence[int], *, is_title: bool
) -> Iterator[str]:
    cells = [
        [line for part in text.split("\n") for line in ([part] if one.is_whole else _broken(part, width))]
        for text, one, width in zip(texts, columns, widths, strict=True)
    ]
    height = max(map(len, cells))
    filled = [[*[""] * (height - len(cell)), *cell] if is_title else cell for cell in cells]
    for line in zip_longest(*filled, fillvalue=""):
        yield _DIVIDER.join(
            text.rjust(width) if one.is_right else text.ljust(width)
            for text, one, width in zip(line, columns, widths, strict=True)
        )


def _broken(text: str, width: int) -> list[str]:
    """As rich breaks: between words, each with the spaces behind it, or within one longer than a line."""
    borders, used = [0], 0
    for found in _WORD.finditer(text):
        start, word = found.start(), found[0]
        size = len(word.rstrip())
        if size <= width - used:
            used += len(word)
        elif size > width:
            borders += range(start, start + len(word), width)
            used = len(word) % width or width
        elif used:
            borders.append(start)
            used = len(word)
    return [text[start:end][:width] for start, end in pairwise([*dict.fromkeys(borders), len(text)])]
