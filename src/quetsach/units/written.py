"""Writes a table of units as Excel and as CSV; reading it back unchanged changes nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from quetsach.text.cells import BOLD, guarded, on_paper, row_height
from quetsach.units.columns import COLUMNS


def as_csv(rows: Iterable[Mapping[str, str]], language: str = "vi") -> bytes:
    """UTF-8 with a byte order mark, so that Excel shows the letters; text that Excel would run is quoted.

    The headings are in the language, `vi` or `en`; both are read again.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([column.english if language == "en" else column.headings[0] for column in COLUMNS])
    for row in rows:
        writer.writerow([guarded(row.get(column.key, "")) for column in COLUMNS])
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(rows: Iterable[Mapping[str, str]], kinds: Sequence[str]) -> bytes:
    """One sheet; every cell is text, so codes keep their zeros and nothing is a formula."""
    import xlsxwriter  # type: ignore[import-untyped]

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("Đơn vị")
        head = book.add_format({"bold": True, "bg_color": "#E9EDF0", "text_wrap": True, "valign": "top"})
        text = book.add_format({"num_format": "@"})
        quiet = book.add_format({"num_format": "@", "font_color": "#7A8792", "font_size": 8})
        for index, column in enumerate(COLUMNS):
            sheet.set_column(index, index, column.width, quiet if column.key == "id" else text)
            sheet.write_string(0, index, column.headings[0], head)
        sheet.set_row(0, row_height((column.headings[0], column.width / BOLD) for column in COLUMNS))
        on_paper(sheet, 0)
        count = 0
        for count, row in enumerate(rows, start=1):
            for index, column in enumerate(COLUMNS):
                if cell := row.get(column.key, ""):
                    sheet.write_string(count, index, cell, quiet if column.key == "id" else text)
        place = [column.key for column in COLUMNS].index("kind")
        sheet.data_validation(1, place, count + 500, place, {"validate": "list", "source": list(kinds)})
        sheet.freeze_panes(1, 2)
        sheet.autofilter(0, 0, count, len(COLUMNS) - 1)
    return out.getvalue()
