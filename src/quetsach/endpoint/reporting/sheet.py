"""The results of many machines as a workbook: machines, findings, results left out. Texts stay texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import xlsxwriter  # type: ignore[import-untyped]

from quetsach.endpoint import catalogue
from quetsach.endpoint.merging import Checked, Found, Merged
from quetsach.endpoint.reporting import wording
from quetsach.endpoint.verdict import Verdict
from quetsach.text import words
from quetsach.text.cells import guarded
from quetsach.text.language import code
from quetsach.text.language import gettext as _

_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_PLAIN = {
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
    "in_memory": True,
}
type Cell = str | int | datetime | None


def write(out: BinaryIO, merged: Merged, refused: Sequence[tuple[str, str]]) -> None:
    """Write the workbook; `refused` are files that were not counted, with the reason."""
    book = xlsxwriter.Workbook(out, _PLAIN)
    pen = _Pen(book)
    _machines(pen, merged)
    _findings(pen, merged)
    _left_out(pen, merged, refused)
    book.close()


class _Pen:
    def __init__(self, book: Any) -> None:
        self.book = book
        self.head = book.add_format({"bold": True, "bg_color": "#E9EDF0", "bottom": 1, "text_wrap": True})
        self.text = book.add_format({"valign": "top", "num_format": "@", "text_wrap": True})
        self.figure = book.add_format({"valign": "top", "num_format": "#,##0", "align": "right", "indent": 1})
        self.time = book.add_format({"valign": "top", "num_format": "dd/mm/yyyy hh:mm", "align": "left"})
        self.total = book.add_format({"bold": True, "top": 1, "num_format": "#,##0", "indent": 1})

    def sheet(self, title: str, columns: Sequence[tuple[str, int]], rows: Iterable[Sequence[Cell]]) -> Any:
        page = self.book.add_worksheet(title)
        for at, (name, width) in enumerate(columns):
            page.set_column(at, at, width)
            page.write_string(0, at, name, self.head)
        last = 0
        for last, row in enumerate(rows, 1):
            for at, cell in enumerate(row):
                self._cell(page, last, at, cell)
        page.freeze_panes(1, 2)
        page.autofilter(0, 0, max(last, 1), len(columns) - 1)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.repeat_rows(0)
        return page

    def _cell(self, page: Any, row: int, at: int, cell: Cell) -> None:
        if isinstance(cell, datetime):
            page.write_datetime(row, at, cell.astimezone(_ZONE).replace(tzinfo=None), self.time)
        elif isinstance(cell, int):
            page.write_number(row, at, cell, self.figure)
        else:
            page.write_string(row, at, guarded(cell or ""), self.text)


def _machines(pen: _Pen, merged: Merged) -> None:
    columns = (
        (_("No."), 6),
        (_("Machine"), 22),
        (_("Unit"), 28),
        (_("People who use it"), 12),
        (_("Conclusion"), 22),
        (_("Malware"), 30),
        (_("Technical tampering"), 30),
        (_("Not checked"), 34),
        (_("Checked at"), 18),
        (_("File"), 36),
    )
    rows = [
        (
            number,
            row.name or _("unknown"),
            row.unit,
            row.people,
            wording.short(row.verdict),
            ", ".join(dict.fromkeys(_item(one) for one in row.findings if one.product == "malware")),
            _counts(row),
            ", ".join(map(wording.probe, row.unseen)),
            row.finished,
            row.file,
        )
        for number, row in enumerate(merged.rows, 1)
    ]
    page = pen.sheet(_("Machines"), columns, rows)
    below = len(rows) + 1
    page.write_string(below, 1, words.machines(len(rows)), pen.total)
    page.write_number(below, 3, merged.people, pen.total)
    verdicts = merged.verdicts
    told = [f"{wording.short(one)}: {verdicts[one]}" for one in Verdict if verdicts[one]]
    page.write_string(below, 4, "; ".join(told), pen.total)


def _item(one: Found) -> str:
    return one.family or (one.name if one.is_sign else words.defanged(one.name))


def _counts(row: Checked) -> str:
    counted = row.products(is_malware=False)
    return ", ".join(f"{wording.product(name)}: {count}" for name, count in counted.items())


def _findings(pen: _Pen, merged: Merged) -> None:
    columns = (
        (_("Machine"), 22),
        (_("Sign"), 14),
        (_("What was found"), 60),
        (_("How sure"), 14),
        (_("Product"), 22),
        (_("Times"), 8),
        (_("Evidence"), 90),
    )
    signs = catalogue.load().signs

    def what(one: Found) -> str:
        if one.is_sign:
            return signs[one.name].texts[code()].what if one.name in signs else one.name
        return _("On the campaign's list: %(item)s") % {"item": words.defanged(one.name)}

    rows = (
        (
            row.name,
            one.name if one.is_sign else one.family,
            what(one),
            wording.sureness(one.confidence),
            wording.product(one.product),
            one.count,
            one.evidence,
        )
        for row in merged.rows
        for one in row.findings
    )
    pen.sheet(_("Signs"), columns, rows)


def _left_out(pen: _Pen, merged: Merged, refused: Sequence[tuple[str, str]]) -> None:
    columns = ((_("File"), 50), (_("Why it is not counted"), 90))
    rows = [
        *refused,
        *((one.file, _("an older check of the same machine")) for one in merged.older),
        *((one.file, _("a copy of a result that is counted")) for one in merged.copies),
    ]
    pen.sheet(_("Not counted"), columns, rows)
