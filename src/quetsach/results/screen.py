"""The final screen, drawn with rich.

Texts reach rich as `Text`, never as markup: a log line cannot paint the terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TextIO

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

type Cell = Sequence[tuple[str, str]]
"""Texts, each with its style; hidden characters are escaped, so only line feeds break lines."""


class Column(NamedTuple):
    """One column of the table; widths in characters. Long texts are broken, except where `is_whole`."""

    title: str
    least: int = 0
    most: int | None = None
    is_right: bool = False
    is_whole: bool = False


def on(file: TextIO, width: int) -> Screen:
    """A screen that writes to a file or a pipe."""
    return Screen(Console(file=file, width=width, markup=False, highlight=False, emoji=False))


class Screen:
    """A terminal, a file or a pipe: lines, and one table of machines."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.width = console.width

    def say(self, text: str, style: str = "") -> None:
        """Print one line or several."""
        self._console.print(Text(text, style=style), soft_wrap=not self._console.is_terminal)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
        """Print the titles and all rows, no wider than `width`."""
        table = Table(
            box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False, pad_edge=False, header_style="bold"
        )
        for column in columns:
            table.add_column(
                column.title,
                justify="right" if column.is_right else "left",
                overflow="ellipsis" if column.is_right else "fold",
                min_width=column.least or None,
                max_width=column.most,
                no_wrap=column.is_whole,
            )
        for row in rows:
            table.add_row(*map(_text, row))
        self._console.print(table)

    def cards(self, cards: Sequence[tuple[Cell, Cell]]) -> None:
        """Print each card's head with its body below, where a table would be too narrow."""
        shown: list[RenderableType] = []
        for head, facts in cards:
            shown += _text(head), Padding(_text(facts), (0, 0, 1, 2))
        self._console.print(Group(*shown))


def _text(cell: Cell) -> Text:
    return Text.assemble(*cell)
