"""Entries of the trail as a table for Excel: every cell is text that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator

import xlsxwriter  # type: ignore[import-untyped]
from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.portal.audit.models import Entry
from quetsach.portal.audit.sentences import sentence
from quetsach.text.cells import guarded, on_paper, row_height

_WIDTHS = (9, 20, 24, 44, 26, 30, 18, 50, 36)
AT_MOST = 50_000
"""Rows in one file; a reader who needs more narrows the days."""


def _head() -> list[str]:
    return [_("Number"), _("When"), _("Who"), _("What"), _("Code"), _("Object"), _("Network address"),
            _("Details"), _("Seal")]  # fmt: skip


def _rows(entries: Iterable[Entry]) -> Iterator[list[str]]:
    for entry in entries:
        yield [
            str(entry.pk),
            f"{timezone.localtime(entry.at):%d/%m/%Y %H:%M:%S}",
            entry.actor_name,
            sentence(entry),
            entry.action,
            f"{entry.object_type} {entry.object_id}".strip(),
            entry.ip or "",
            json.dumps(entry.data, ensure_ascii=False, sort_keys=True) if entry.data else "",
            entry.hash,
        ]


def as_csv(entries: Iterable[Entry]) -> bytes:
    """UTF-8 with a byte order mark, by which Excel recognises it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_head())
    writer.writerows([guarded(cell) for cell in row] for row in _rows(entries))
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(entries: Iterable[Entry]) -> bytes:
    """A workbook whose cells are all strings."""
    out = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        on_paper(sheet, 0)
        for column, width in enumerate(_WIDTHS):
            sheet.set_column(column, column, width)
        for column, cell in enumerate(_head()):
            sheet.write_string(0, column, cell, bold)
        for number, row in enumerate(_rows(entries), start=1):
            sheet.set_row(number, row_height(zip(row, _WIDTHS, strict=True)))
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell[:32_000], wrapped)
        sheet.freeze_panes(1, 0)
    return out.getvalue()


FORMS = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "xlsx": (as_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
"""Name of a form: the function that writes it, and its media type."""
