"""The rows of the desk as the page shows them: each figure with the paper's text and its doubts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from quetsach.annexes.collecting import messages
from quetsach.annexes.collecting.files import picture
from quetsach.annexes.collecting.form import ROWS
from quetsach.annexes.collecting.readings import Doubt, Unread
from quetsach.portal.intake.judging import loud, mark, remarks
from quetsach.portal.intake.models import ReceivedFile
from quetsach.portal.intake.queries import READ_AGAIN, Desk, Row, is_free
from quetsach.portal.kit.language import language

BY_HAND = READ_AGAIN | {"scan", "heic", "encrypted", "not_an_annex"}
"""Problems of files that a person can still read."""


@dataclass(frozen=True)
class Cell:
    """One figure: the field's name and number, its typed value, the paper's text, and the doubts about it."""

    key: str
    number: str
    value: str
    typed: str
    place: str
    says: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether the paper writes the figure differently from the field."""
        return bool(self.typed) and self.typed.replace(".", "") != self.value


UNIT, REPORTED, FIGURES, OTHER = "don-vi", "da-bao-cao", "so-lieu", "khac"


@dataclass(frozen=True)
class Group:
    """The annexes to check for one reason; `key` stands in the address, and is blank for all of them."""

    key: str
    label: str
    count: int


@dataclass(frozen=True)
class Line:
    """One annex on the page."""

    row: Row
    cells: tuple[Cell, ...]
    says: tuple[str, ...]
    notes: tuple[str, ...]
    is_free: bool

    @property
    def is_clear(self) -> bool:
        """Whether nothing needs a check."""
        return self.row.reading.is_clear and self.is_free

    @property
    def has_remark(self) -> bool:
        """Whether a warning stands beside the row that nobody can settle here."""
        return bool(remarks(self.row.reading))

    @property
    def seen(self) -> str:
        """The marks of the shown warnings, for the form: the record keeps what the person was shown."""
        return " ".join(map(mark, loud(self.row.reading)))

    @property
    def asks_unit(self) -> bool:
        """Whether the unit is open, or was guessed."""
        one = self.row.reading
        return one.unit is None or any(doubt.level != "info" for doubt in one.doubts_of("unit"))

    @property
    def group(self) -> str:
        """The first matter to settle."""
        if self.asks_unit:
            return UNIT
        if not self.is_free:
            return REPORTED
        return FIGURES if any(cell.says for cell in self.cells) else OTHER

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every doubt in a sentence, for the folded row; the notes of a row without doubts."""
        row = _("Row %(n)s")
        of_cells = (f"{row % {'n': cell.number}}: {said}" for cell in self.cells for said in cell.says)
        return (*self.says, *of_cells) or self.notes

    @property
    def more_reasons(self) -> int:
        """How many doubts the folded row does not show."""
        return len(self.reasons) - 3


@dataclass(frozen=True)
class Refusal:
    """A person's entries in a row that was refused, and the sentence about it."""

    key: str
    said: str
    typed: Mapping[str, str]

    def typed_into(self, line: Line) -> Line:
        """The line with these entries, if they belong to it."""
        if str(line.row.annex.pk) != self.key:
            return line
        cells = (replace(cell, value=self.typed.get(cell.key, cell.value)) for cell in line.cells)
        return replace(line, cells=tuple(cells))


@dataclass(frozen=True)
class Leftover:
    """A file that no program can read: the reason, its likely unit, and whether a person can enter it by
    hand.

    Of a scan: the number of its `pages`, and the first page of each of its `pictures`.
    """

    file: ReceivedFile
    says: str
    unit_path: str
    is_by_hand: bool
    pages: int
    pictures: range
    may_read_again: bool


def lines(rows: Iterable[Row]) -> list[Line]:
    """The rows as the page shows them, in the language in use."""
    return [_line(row) for row in rows]


def groups(lines: Iterable[Line]) -> list[Group]:
    """A group of all lines, then one group for each reason that occurs."""
    of = [line.group for line in lines]
    labels = {
        UNIT: _("which unit?"),
        FIGURES: _("a figure to check"),
        REPORTED: _("reported already"),
        OTHER: _("something else"),
    }
    kinds = [Group(key, label, of.count(key)) for key, label in labels.items() if key in of]
    return [Group("", _("all"), len(of)), *kinds]


def leftovers(desk: Desk) -> list[Leftover]:
    """The files without an annex."""
    return [_leftover(file, unread) for file, unread in desk.unread]


def _leftover(file: ReceivedFile, unread: Unread) -> Leftover:
    code = unread.problem.code
    is_scan = code == "scan" and bool(file.content)
    pages = int(unread.problem.facts.get("pages", 1)) if is_scan else 0
    return Leftover(
        file=file,
        says=messages.problem(unread.problem, language()),
        unit_path=unread.unit.path if unread.unit else "",
        is_by_hand=code in BY_HAND,
        pages=pages,
        pictures=range(1, min(pages, picture.MOST_PAGES) + 1, picture.AT_ONCE),
        may_read_again=code in READ_AGAIN,
    )


def told(one: Doubt) -> str:
    """The sentence about the doubt, in the language in use."""
    return messages.doubt(one.code, one.facts, language())


def _labelled(one: Doubt) -> str:
    """The sentence about the doubt, after the name of the row or text concerned where that is not clear."""
    label = {"narrative": _("Assessment"), "proposals": _("Proposals")}.get(one.field, "")
    if one.field in ROWS:
        label = _("Row %(n)s") % {"n": one.field[1:]}
    return f"{label}: {told(one)}" if label else told(one)


def _line(row: Row) -> Line:
    one = row.reading
    loud = [doubt for doubt in one.doubts if doubt.level != "info" and doubt.field not in ROWS]
    quiet = [doubt for doubt in one.doubts if doubt.level == "info"]
    free = is_free(row.report)
    extra = (
        ()
        if free
        else (
            _(
                "This unit's report is under way or accepted already. Return it first, or set this file"
                " aside."
            ),
        )
    )
    return Line(
        row=row,
        cells=tuple(_cell(row, key) for key in ROWS),
        says=(*map(_labelled, loud), *extra),
        notes=tuple(map(_labelled, quiet)),
        is_free=free,
    )


def _cell(row: Row, key: str) -> Cell:
    one = row.reading
    figure: Any = one.annex.figures[key]
    doubts = [told(doubt) for doubt in one.doubts_of(key) if doubt.level != "info"]
    return Cell(
        key=key,
        number=key[1:],
        value="" if figure.value is None else str(figure.value),
        typed=figure.typed,
        place=messages.place(figure.place, language()),
        says=tuple(doubts),
    )
