"""Writes tables as Excel and CSV files. Text stays text: a name that begins with "=" is never a formula."""

from __future__ import annotations

import csv
import io
from typing import Any

from quetsach.portal.reports.export.table import PLACE, Cell, Export, Table
from quetsach.text.cells import ROOM, guarded, on_paper, row_height

WIDEST = 60


def to_xlsx(data: Export) -> bytes:
    """One sheet a table: title, unit and time above, the heading frozen, numbers as numbers."""
    import xlsxwriter  # type: ignore[import-untyped]

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_urls": False}) as book:
        book.set_properties({"title": data.title, "author": "", "comments": data.as_of})
        for table in data.tables:
            _write(book, data, table)
    return buffer.getvalue()


def _write(book: Any, data: Export, table: Table) -> None:
    box = {"border": 1, "border_color": "#7A8792", "valign": "vcenter"}
    head = book.add_format({**box, "bold": True, "align": "center", "text_wrap": True})
    # Not wrapped: LibreOffice leaves no room beside a wrapped figure.
    number = book.add_format({**box, "num_format": "#,##0", "align": "right", "indent": 1})
    place = book.add_format({**box, "align": "center"})
    text = book.add_format({**box, "align": "left", "indent": 1, "text_wrap": True})
    sheet = book.add_worksheet(table.name)
    sheet.write_string(0, 0, data.title, book.add_format({"bold": True, "font_size": 14}))
    as_of = f"{data.unit} · số liệu {data.as_of}"
    sheet.write_string(1, 0, as_of, book.add_format({"font_color": "#4A5763"}))
    top = 3
    widths = [_width(words, [row[n] for row in table.rows]) for n, words in enumerate(table.head)]
    sheet.set_row(top, row_height(zip(table.head, widths, strict=True)))
    for column, words in enumerate(table.head):
        sheet.write_string(top, column, words, head)
        sheet.set_column(column, column, widths[column])
    for line, row in enumerate(table.rows, start=top + 1):
        texts = ((str(cell or ""), width) for cell, width in zip(row, widths, strict=True))
        sheet.set_row(line, row_height(texts))
        for column, cell in enumerate(row):
            if isinstance(cell, int):
                sheet.write_number(line, column, cell, place if table.head[column] == PLACE else number)
            elif cell:
                sheet.write_string(line, column, cell, text)
            else:
                sheet.write_blank(line, column, None, text)
    sheet.freeze_panes(top + 1, 0)
    on_paper(sheet, top)


def to_csv(data: Export) -> bytes:
    """All tables below each other, UTF-8 with a byte order mark, so that Excel reads the letters right."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_guarded(data.title)])
    writer.writerow([_guarded(data.unit), _guarded(data.as_of)])
    for table in data.tables:
        writer.writerow([])
        writer.writerow([_guarded(table.name)])
        writer.writerow([_guarded(words) for words in table.head])
        writer.writerows([[_guarded(cell) for cell in row] for row in table.rows])
    return ("\ufeff" + out.getvalue()).encode()


def _guarded(cell: Cell) -> str:
    """A cell of a CSV file: a text that a spreadsheet would run gets an apostrophe in front."""
    if cell is None:
        return ""
    text = str(cell)
    return guarded(text) if isinstance(cell, str) else text


def _width(head: str, cells: list[Cell]) -> float:
    if head == PLACE:
        return 6
    longest = max((len(str(cell)) for cell in cells if cell is not None), default=0)
    return min(max(longest * ROOM + 2, len(head) * 0.7, 10), WIDEST)
