"""A collection as XLSX: total, units, doubts, missing units, proposals. Texts stay texts; links lead to
files.

The only formulas are our own sums, so that a figure corrected in the sheet moves the total.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter  # type: ignore[import-untyped]

from quetsach.annexes.collecting import messages
from quetsach.annexes.collecting.answers import words
from quetsach.annexes.collecting.answers.annex import wishes
from quetsach.annexes.collecting.form import ROWS
from quetsach.annexes.collecting.merge import Collection
from quetsach.annexes.collecting.readings import Reading
from quetsach.annexes.collecting.rules import FORM
from quetsach.annexes.form.definition import built_in
from quetsach.text.cells import column_name, row_height
from quetsach.text.language import code
from quetsach.text.language import gettext as _
from quetsach.text.words import visible

_LONGEST_CELL = 32_767
_LONGEST_LINK = 2_000
_FIRST_FIGURE = 2
_OF_VERSIONS = ("newer_version", "duplicate", "older", "other_figures")


class _Book:
    """The workbook in work, with its formats; `folder` is the start of relative links."""

    def __init__(self, out: BinaryIO, folder: Path) -> None:
        self.folder = folder
        self._widths: dict[str, list[int]] = {}
        self._heights: dict[tuple[str, int], float] = {}
        self.book = xlsxwriter.Workbook(
            out,
            {
                "strings_to_formulas": False,
                "strings_to_numbers": False,
                "strings_to_urls": False,
                "in_memory": True,
            },
        )
        text = {"valign": "top", "text_wrap": True, "font_name": "Times New Roman", "font_size": 12}
        figure = {**text, "num_format": "#,##0", "text_wrap": False}
        self._doubtful = {**figure, "num_format": '#,##0" ?"'}
        amber = {"bg_color": "#FBEFD9", "font_color": "#8A5300"}
        self.plain = self.book.add_format({**text, "num_format": "@"})
        self.bold = self.book.add_format({**text, "bold": True})
        # Text over a narrow column runs on to the right.
        self.title = self.book.add_format({**text, "bold": True, "font_size": 14, "text_wrap": False})
        self.place = self.book.add_format({**text, "align": "center"})
        self.head = self.book.add_format({**text, "bold": True, "bg_color": "#E9EDF0", "bottom": 1})
        self.link = self.book.add_format({**text, "font_color": "#0B4F6C", "underline": 1})
        self.figure = self.book.add_format(figure)
        self.sum = self.book.add_format({**figure, "bold": True, "top": 1})
        self.amber = self.book.add_format({**text, **amber})
        self.amber_figure = self.book.add_format({**figure, **amber})
        # The sign belongs to the format: the cell still holds a number, and sums with it go on working.
        self.doubtful_sum = self.book.add_format({**self._doubtful, "bold": True, "top": 1, **amber})

    def sheet(self, name: str, columns: Sequence[tuple[str, int]], at: int = 0) -> Any:
        sheet = self.book.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(at)
        sheet.freeze_panes(at + 1, 0)
        self._widths[sheet.name] = [width for _title, width in columns]
        for column, (title, width) in enumerate(columns):
            sheet.set_column(column, column, width)
            self.text(sheet, at, column, title, self.head)
        return sheet

    def text(self, sheet: Any, row: int, column: int, text: str, form: Any = None) -> None:
        shown = _printable(text)[:_LONGEST_CELL]
        sheet.write_string(row, column, shown, form or self.plain)
        if form is not self.title:
            self._make_room(sheet, row, shown, self._widths[sheet.name][column])

    def file(self, sheet: Any, row: int, column: int, label: str, path: Path | None) -> None:
        """A link to the file on disk; for a member of an archive, to the archive."""
        shown = _printable(label)[:255]
        target = _link(path, self.folder) if path else ""
        if not target or len(target) > _LONGEST_LINK:
            self.text(sheet, row, column, label)
        else:
            sheet.write_url(row, column, target, self.link, shown)
            self._make_room(sheet, row, shown, self._widths[sheet.name][column])

    def _make_room(self, sheet: Any, row: int, text: str, width: int) -> None:
        # Letters of Times are narrower than the letter that measures widths.
        height = row_height([(text, width * 1.2)], line=16)
        if height > self._heights.get((sheet.name, row), 0):
            self._heights[sheet.name, row] = height
            sheet.set_row(row, height)


def write(out: BinaryIO, found: Collection, *, folder: Path) -> None:
    """Write the workbook; `folder` is the folder where it will lie."""
    book = _Book(out, folder)
    _summary(book, found)
    _units(book, found)
    _to_look_at(book, found)
    _missing(book, found)
    _proposals(book, found)
    book.book.close()


def _summary(book: _Book, found: Collection) -> None:
    columns = (
        (_("No."), 6),
        (_("Content"), 70),
        (_("Count"), 14),
        (_("Units counted"), 16),
        (_("To look at"), 14),
    )
    sheet = book.sheet(_("Total"), columns, at=2)
    book.text(
        sheet, 0, 0, _("Total of the annexes received: %(came)s") % {"came": words.came(found)}, book.title
    )
    for at, (row, total) in enumerate(found.totals.items(), 3):
        sheet.write_number(at, 0, at - 2, book.place)
        book.text(sheet, at, 1, built_in(FORM).row(row).text)
        sheet.write_number(at, 2, total.value, book.doubtful_sum if total.doubtful else book.sum)
        sheet.write_number(at, 3, total.units, book.figure)
        sheet.write_number(at, 4, total.doubtful, book.amber_figure if total.doubtful else book.figure)
    told = (
        (_("Not received"), len(found.missing), book.amber_figure),
        (_("Annexes whose unit is not known; not in the total"), len(found.unplaced), book.amber_figure),
        (_("Files that could not be read"), len(found.unread), book.amber_figure),
        (_("Copies and older versions; not in the total"), len(found.repeated), book.figure),
    )
    sentences, under = words.broken(found), 3 + len(found.totals)
    for at, sentence in enumerate(sentences, under):
        book.text(sheet, at, 1, sentence, book.amber)
    for at, (what, count, shown) in enumerate(told, under + len(sentences) + 1):
        book.text(sheet, at, 1, what)
        sheet.write_number(at, 2, count, shown if count else book.figure)


def _units(book: _Book, found: Collection) -> None:
    columns = (
        (_("No."), 6), (_("Unit"), 32), *((words.field(row), 15) for row in ROWS), (_("Notes"), 28),
        (_("Assessment"), 40), (_("Proposals"), 40), (_("State"), 18), (_("File"), 36),
        (_("Figures stand at"), 32),
    )  # fmt: skip
    sheet = book.sheet(_("Units"), columns)
    for at, one in enumerate(found.counted, 1):
        sheet.write_number(at, 0, at, book.place)
        is_doubtful = any(doubt.level != "info" for doubt in one.doubts_of("unit"))
        book.text(sheet, at, 1, one.unit.name if one.unit else "", book.amber if is_doubtful else None)
        for column, row in enumerate(ROWS, _FIRST_FIGURE):
            _figure(book, sheet, at, column, one, row)
        last = _FIRST_FIGURE + len(ROWS)
        notes = "; ".join(
            f"{row[1]}: {figure.note}" for row, figure in one.annex.figures.items() if figure.note
        )
        for column, text in enumerate((notes, one.annex.assessment, one.annex.proposals), last):
            book.text(sheet, at, column, text)
        book.text(sheet, at, last + 3, words.state(one), None if one.is_clear else book.amber)
        book.file(sheet, at, last + 4, one.label, one.path)
        book.text(sheet, at, last + 5, "; ".join(dict.fromkeys(map(words.place, one.annex.figures.values()))))
    end = len(found.counted)
    if end:
        book.text(sheet, end + 1, 1, _("Total"), book.bold)
        for column, total in enumerate(found.totals.values(), _FIRST_FIGURE):
            letter = column_name(column)
            form = book.doubtful_sum if total.doubtful else book.sum
            sheet.write_formula(end + 1, column, f"=SUM({letter}2:{letter}{end + 1})", form, total.value)
        for at, sentence in enumerate(words.broken(found), end + 2):
            book.text(sheet, at, 1, sentence, book.amber)
    sheet.autofilter(0, 0, max(end, 1), len(columns) - 1)


def _figure(book: _Book, sheet: Any, at: int, column: int, one: Reading, row: str) -> None:
    doubts = [doubt for doubt in one.doubts_of(row) if doubt.level != "info"]
    value = one.values[row]
    if value is None:
        sheet.write_blank(at, column, None, book.amber_figure)
    else:
        sheet.write_number(at, column, value, book.amber_figure if doubts else book.figure)
    if doubts:
        message = "\n".join(map(words.doubt, doubts))
        sheet.write_comment(at, column, _printable(message), {"author": "Quét Sạch", "x_scale": 2})


def _to_look_at(book: _Book, found: Collection) -> None:
    columns = (
        (_("Unit"), 32), (_("Where"), 30), (_("What to look at"), 60), (_("Stands there"), 26),
        (_("Taken as"), 12), (_("Place in the file"), 30), (_("File"), 40),
    )  # fmt: skip
    sheet = book.sheet(_("To look at"), columns)
    at = 0
    for one in (*found.unplaced, *found.counted, *found.repeated):
        for doubt in one.doubts:
            if doubt.level == "info" and doubt.code not in _OF_VERSIONS:
                continue
            at += 1
            figure = one.annex.figures.get(doubt.field)
            book.text(sheet, at, 0, one.unit.name if one.unit else one.annex.unit)
            book.text(sheet, at, 1, words.field(doubt.field))
            book.text(sheet, at, 2, words.doubt(doubt), None if doubt.level == "info" else book.amber)
            book.text(sheet, at, 3, figure.typed if figure else one.annex.unit)
            if figure and figure.value is not None:
                sheet.write_number(at, 4, figure.value, book.figure)
            where = figure.place if figure else one.annex.unit_place
            book.text(sheet, at, 5, messages.place(where, code()))
            book.file(sheet, at, 6, one.label, one.path)
    for unread in found.unread:
        at += 1
        book.text(sheet, at, 0, unread.unit.name if unread.unit else "")
        book.text(sheet, at, 1, words.field("file"))
        book.text(sheet, at, 2, messages.problem(unread.problem, code()), book.amber)
        book.file(sheet, at, 6, unread.file, unread.path)
    if not at:
        book.text(sheet, 1, 2, _("Nothing: every figure was read without a doubt."))
    sheet.autofilter(0, 0, max(at, 1), len(columns) - 1)


def _missing(book: _Book, found: Collection) -> None:
    columns = ((_("No."), 6), (_("Unit"), 40), (_("Belongs to"), 40), (_("A file that may be its own"), 50))
    sheet = book.sheet(_("Not received"), columns)
    for at, unit in enumerate(found.missing, 1):
        sheet.write_number(at, 0, at, book.place)
        book.text(sheet, at, 1, unit.name)
        book.text(sheet, at, 2, ", ".join(reversed(unit.above)))
        if unread := next((one for one in found.unread if one.unit == unit), None):
            book.file(sheet, at, 3, unread.file, unread.path)
    if not found.missing:
        message = (
            _("All units are there.")
            if found.expected
            else _("Without the list of units nobody can say who is missing.")
        )
        book.text(sheet, 1, 1, message)


def _proposals(book: _Book, found: Collection) -> None:
    sheet = book.sheet(_("Proposals"), ((_("Unit"), 36), (_("Proposals"), 90), (_("File"), 40)))
    at = 0
    for at, one in enumerate(wishes(found), 1):
        book.text(sheet, at, 0, one.unit.name if one.unit else "")
        book.text(sheet, at, 1, one.annex.proposals)
        book.file(sheet, at, 2, one.label, one.path)
    if not at:
        book.text(sheet, 1, 1, _("No unit asks for anything."))


def _link(path: Path, folder: Path) -> str:
    """A relative link where the file lies below the workbook's folder, so that both can be moved together.

    "" for a name that is no UTF-8: no workbook can hold it, and no program would follow the link.
    """
    full, home = path.absolute(), folder.absolute()
    shown = full.relative_to(home).as_posix() if full.is_relative_to(home) else full.as_posix()
    if any("\ud800" <= sign <= "\udfff" for sign in shown):
        return ""
    return "external:" + shown.replace("%", "%25").replace("#", "%23")


def _printable(text: str) -> str:
    """The text without direction marks and characters that XML cannot hold; line breaks stay."""
    return "\n".join(visible(line) for line in text.split("\n"))
