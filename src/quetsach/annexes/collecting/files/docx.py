"""Word documents (ECMA-376): paragraphs and tables, as they look with tracked changes accepted.

Insertions count, deletions and moved-away text do not. Macros, codes of fields, embedded objects and files
outside are never touched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from quetsach.annexes.collecting.files import container, legacy, properties
from quetsach.annexes.collecting.files.container import Attributes
from quetsach.annexes.collecting.paper import (
    MOST_COLUMNS,
    MOST_ROWS,
    MOST_TEXT,
    Cell,
    FileProblem,
    Paper,
    Place,
    Row,
)
from quetsach.text.marks import normalize

BODY = "word/document.xml"
# Their content is not read: deleted text, codes of fields, the second form of a drawing, former properties.
_SKIPPED = {
    "del", "moveFrom", "instrText", "Fallback", "delText", "pict", "object",
    "rPrChange", "pPrChange", "tcPrChange", "trPrChange", "tblPrChange", "tblPrExChange",
}  # fmt: skip
_BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}

_OFF = {"0", "false", "off", "none"}
_TABBED = re.compile(r"(?<=[0-9])[^\S\n]*\t\s*(?=[0-9])")
"""A tab between two numbers: a space in its place would join them to one number."""


def read(data: bytes) -> Paper:
    """The document's rows. Raises FileProblem."""
    with container.opened(data) as packed:
        if BODY not in packed.namelist():
            raise FileProblem("damaged")
        walk = _Walk()
        container.parse(packed, BODY, walk.start, walk.end, walk.text)
        notes: dict[str, dict[str, str | int]] = {}
        if walk.changes:
            notes["tracked_changes"] = {"count": walk.changes}
        if any(name.endswith("vbaProject.bin") for name in packed.namelist()):
            notes["macros"] = {}
        if walk.is_full:
            notes["too_long"] = {"most": MOST_ROWS}
        return Paper(tuple(walk.rows), properties.saved(packed), notes)


@dataclass
class _Table:
    """A table in work: `column` counts grid columns; `held` are cells that go on downwards, by column."""

    number: int
    row: int = 0
    column: int = 0
    span: int = 1
    merge: str = ""
    cells: list[Cell] = field(default_factory=list)
    held: dict[int, Cell] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)


class _Walk:
    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.changes = 0
        self.is_full = False
        self._page, self._tables_seen = 1, 0
        self._tables: list[_Table] = []
        self._skipped = 0
        self._inserted = 0
        self._paragraphs: list[list[str]] = []
        self._odd: set[str] = set()
        self._in_text = False
        self._encoding, self._is_capital = "", False
        self._look = ""

    def start(self, name: str, given: Attributes) -> None:
        if name in _SKIPPED:
            # An empty mark in a paragraph's properties says that the end of the paragraph was deleted, not
            # its text.
            self._skipped += 1
            self.changes += name in {"del", "moveFrom"}
            return
        if self._skipped:
            return
        match name:
            case "tbl":
                if self._tables:
                    self._lines_before(self._tables[-1])
                self._tables_seen += 1
                self._tables.append(_Table(self._tables_seen))
            case "tr" if self._tables:
                table = self._tables[-1]
                table.row, table.column, table.cells = table.row + 1, 0, []
            case "tc" if self._tables:
                table = self._tables[-1]
                table.span, table.merge, table.lines, table.flags = 1, "", [], set()
            case "gridSpan" if self._tables:
                self._tables[-1].span = _small(given.get("val"))
            case "vMerge" if self._tables:
                self._tables[-1].merge = given.get("val", "continue")
            case "p":
                self._paragraphs.append([])
                self._odd = set()
            case "ins" | "moveTo":
                self._inserted += 1
                self.changes += 1
            case "r":
                self._encoding, self._is_capital, self._look = "", False, ""
            case "strike" | "dstrike" | "vanish" if given.get("val", "true") not in _OFF:
                self._look = "hidden" if name == "vanish" else "struck"
            case "vertAlign" if given.get("val") == "superscript" and not self._look:
                self._look = "raised"
            case "rFonts":
                font = given.get("ascii") or given.get("hAnsi") or ""
                self._encoding = legacy.of_font(font)
                self._is_capital = bool(self._encoding) and font.upper().endswith("H")
            case "t":
                self._in_text = True
            case "lastRenderedPageBreak":
                self._page += 1
            case _ if name in _BREAKS:
                if name == "br" and given.get("type") == "page":
                    self._page += 1
                elif self._paragraphs and "pos" not in given:
                    self._paragraphs[-1].append(_BREAKS[name])

    def end(self, name: str) -> None:
        if name in _SKIPPED:
            self._skipped -= 1
            return
        if self._skipped:
            return
        match name:
            case "t":
                self._in_text = False
            case "ins" | "moveTo":
                self._inserted -= 1
            case "p":
                self._paragraph_ends()
            case "tc" if self._tables:
                self._cell_ends(self._tables[-1])
            case "tr" if self._tables:
                self._row_ends(self._tables[-1])
            case "tbl" if self._tables:
                self._tables.pop()

    def text(self, text: str) -> None:
        if self._in_text and not self._skipped and self._paragraphs:
            if self._encoding:
                text = legacy.decode(text, self._encoding)
                text = text.upper() if self._is_capital else text
            if self._look == "raised" and text.strip().isdigit():
                text = f" ({text.strip()})"
            if self._look == "struck" and text.strip():
                self._odd.add("struck")
            if self._look not in {"struck", "hidden"}:
                self._paragraphs[-1].append(text)
                self._odd |= {"changed"} if self._inserted else set()

    def _paragraph_ends(self) -> None:
        if not self._paragraphs:
            return
        text = "".join(self._paragraphs.pop())[:MOST_TEXT]
        if self._tables:
            self._tables[-1].lines.append(text)
            self._tables[-1].flags |= self._odd
            return
        for line in text.split("\n"):
            if line.strip():
                self._add(Row((Cell(_clean(line), Place(page=self._page), tuple(sorted(self._odd))),)))

    def _cell_ends(self, table: _Table) -> None:
        place = Place(page=self._page, table=table.number, row=table.row, column=len(table.cells) + 1)
        text = _clean("\n".join(line for line in table.lines if line.strip()))
        cell = Cell(text[:MOST_TEXT], place, tuple(sorted(table.flags)))
        if table.merge == "continue" and table.column in table.held:
            cell = table.held[table.column]
        elif table.merge == "restart":
            table.held[table.column] = cell
        else:
            table.held.pop(table.column, None)
        for _repeat in range(min(table.span, MOST_COLUMNS - len(table.cells))):
            table.cells.append(cell)
        table.column += table.span

    def _row_ends(self, table: _Table) -> None:
        if any(cell.text for cell in table.cells):
            self._add(Row(tuple(table.cells), table.number))

    def _add(self, row: Row) -> None:
        if len(self.rows) < MOST_ROWS:
            self.rows.append(row)
        else:
            self.is_full = True

    def _lines_before(self, outer: _Table) -> None:
        """The lines of the outer cell before a nested table, such as a form within a frame; they come
        first."""
        for line in "\n".join(outer.lines).split("\n"):
            if line.strip():
                self._add(Row((Cell(_clean(line), Place(page=self._page)),)))
        outer.lines = []


def _small(text: str | None) -> int:
    return min(int(text), MOST_COLUMNS) if text and text.isascii() and text.isdigit() and int(text) else 1


def _clean(text: str) -> str:
    apart = _TABBED.sub("\n", normalize("NFC", text))
    lines = (" ".join(line.split()) for line in apart.split("\n"))
    return "\n".join(line for line in lines if line)
