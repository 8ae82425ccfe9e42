"""Rows of a delimited text from a stranger, each with its line. A broken row costs no other row."""

from __future__ import annotations

import codecs
import csv
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

LONGEST = 1 << 20
"""Bytes of a line. Certificates and banners in a report take some thousands."""
MOST_LINES = 50
"""Lines of one row: a quoted value may hold line breaks, an unclosed quote would swallow the file."""

type Row = tuple[int, list[str], str]
"""The line on which the row begins, its cells, and the code of its mistake ("" for none)."""


class _Lines:
    """The decoded lines of a stream. Those of the row that is being read can be read again."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._again: deque[tuple[int, str]] = deque()
        self._number = 0
        self.pending: list[tuple[int, str]] = []
        self.long: list[int] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.pending) >= MOST_LINES:
            raise csv.Error("a value without an end")
        one = self._again.popleft() if self._again else self._read()
        self.pending.append(one)
        return one[1]

    def _read(self) -> tuple[int, str]:
        while True:
            line = self._stream.readline(LONGEST)
            if not line:
                raise StopIteration
            self._number += 1
            if len(line) < LONGEST or line.endswith(b"\n"):
                return self._number, line.removeprefix(codecs.BOM_UTF8).decode("utf-8", "backslashreplace")
            self.long.append(self._number)
            while line and not line.endswith(b"\n"):
                line = self._stream.readline(LONGEST)

    def give_back(self) -> None:
        """Read all lines of the row again but its first."""
        self._again.extendleft(reversed(self.pending[1:]))
        self.pending.clear()


def rows(stream: BinaryIO, delimiter: str, width: int = 0) -> Iterator[Row]:
    """Yield the rows, those without any cell left out. `width` is the number of cells that a row has; 0 for
    any. A row with a wrong number of cells has the code `columns`, one that no reader understands `quotes`,
    a line beyond a mebibyte `too_long`."""
    lines = _Lines(stream)
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            cells = None
        except csv.Error:
            if not lines.pending:
                return
            yield lines.pending[0][0], [], "quotes"
            lines.give_back()
            reader = csv.reader(lines, delimiter=delimiter)
            continue
        for number in lines.long:
            yield number, [], "too_long"
        lines.long.clear()
        if cells is None:
            return
        pending = lines.pending
        if width and len(cells) != width and cells:
            yield pending[0][0], cells, "quotes" if len(pending) > 1 else "columns"
            if len(pending) > 1:
                lines.give_back()
                reader = csv.reader(lines, delimiter=delimiter)
        elif cells:
            yield pending[0][0], cells, ""
        pending.clear()
