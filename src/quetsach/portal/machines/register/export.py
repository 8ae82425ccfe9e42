"""A register as a table for Excel: every cell is text that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

import xlsxwriter  # type: ignore[import-untyped]
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from quetsach.portal.machines import words
from quetsach.portal.machines.models import RegisterRow
from quetsach.text.cells import guarded, on_paper

_WIDTHS = (24, 18, 24, 10, 34, 22, 22, 14, 14, 14, 18, 30)


def _head() -> list[str]:
    return [_("Machine"), _("Kind"), _("Standing"), _("Confirmed"), _("Names and hardware addresses"),
            _("IP addresses"), _("Asset number"), _("Room"), _("Seen first"), _("Seen last"),
            _("Days on which it was seen"), _("Sources")]  # fmt: skip


def _rows(rows: Iterable[RegisterRow]) -> Iterator[list[str]]:
    kinds, standings = dict(RegisterRow.Kind.choices), dict(RegisterRow.Standing.choices)
    for row in rows:
        yield [
            words.shown_name(row),
            str(kinds.get(row.machine, "")),
            str(standings[row.standing]),
            _("yes") if row.is_confirmed else _("no"),
            "; ".join(words.spoken(kind, value) for kind, value in row.keys),
            ", ".join(str(one[0]) for one in row.addresses),
            str(row.about.get("asset", "")),
            str(row.about.get("room", "")),
            f"{localtime(row.first_at):%d/%m/%Y}" if row.first_at else "",
            f"{localtime(row.last_at):%d/%m/%Y %H:%M}" if row.last_at else "",
            str(row.days),
            ", ".join(row.sources),
        ]


def as_csv(rows: Iterable[RegisterRow]) -> bytes:
    """UTF-8 with a byte order mark, by which Excel recognises it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_head())
    writer.writerows([guarded(cell) for cell in row] for row in _rows(rows))
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(rows: Iterable[RegisterRow]) -> bytes:
    """A workbook whose cells are all strings."""
    out = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True})
        on_paper(sheet, 0)
        for column, width in enumerate(_WIDTHS):
            sheet.set_column(column, column, width)
        for number, cells in enumerate([_head(), *_rows(rows)]):
            for column, cell in enumerate(cells):
                sheet.write_string(number, column, cell[:32_000], *([] if number else [bold]))
        sheet.freeze_panes(1, 0)
    return out.getvalue()


FORMS = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "xlsx": (as_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
"""Name of a form: the function that writes it, and its media type."""
