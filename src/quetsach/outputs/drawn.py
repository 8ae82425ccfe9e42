"""The final screen on a terminal, drawn with rich.

Texts reach rich as `Text`, never as markup: a log line cannot paint the terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from quetsach.outputs.screen import Cell, Column


def on(file: TextIO, width: int) -> Drawn:
    """For a file or a pipe."""
    return Drawn(Console(file=file, width=width, markup=False, highlight=False, emoji=False))


class Drawn:
    """See `quetsach.outputs.screen.Screen`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.width = console.width

    def say(self, text: str, style: str = "") -> None:
        """See `Screen`."""
        self._console.print(Text(text, style=style), soft_wrap=not self._console.is_terminal)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
        """See `Screen`."""
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
        """See `Screen`."""
        shown: list[RenderableType] = []
        for head, facts in cards:
            shown += _text(head), Padding(_text(facts), (0, 0, 1, 2))
        self._console.print(Group(*shown))


def _text(cell: Cell) -> Text:
    return Text.assemble(*cell)
