"""The cells of a workbook that an office sends, read in a process of its own."""

from __future__ import annotations

from quetsach.errors import QuetsachError
from quetsach.files import bounded_process, workbook
from quetsach.text.cells import cell_text
from quetsach.victims.headings import HEADER_WITHIN, header_of

MOST_ROWS = 200_000
_MOST = workbook.Most(4_000_000, 256 << 20)
_MOST_COLUMNS = 100


class SheetError(QuetsachError):
    """The workbook cannot be read; `code` is a code of `words.REFUSED`, `value` a place."""

    code = "sheet"

    def __init__(self, code: str, value: str = "") -> None:
        super().__init__(code, value)
        self.code, self.value = code, value


@bounded_process.bounded(
    seconds=60,
    raises=(SheetError,),
    refused=lambda _error: SheetError("limits"),
    imports=workbook.READING,
)
def sheets(data: bytes) -> list[tuple[str, int, dict[str, int], list[list[str]]]]:
    """Of each sheet with a column of infected addresses: its name, the row of its headings from 1, the
    columns by role, and the rows below. Raises SheetError."""
    found = []
    try:
        with workbook.opened(data, _MOST) as (book, _parts):
            for name in book.sheet_names:
                table = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                head = [[cell_text(cell) for cell in row[:_MOST_COLUMNS]] for row in table[:HEADER_WITHIN]]
                header = header_of(head)
                if header is None:
                    continue
                at, columns = header
                if len(table) - at > MOST_ROWS:
                    raise SheetError("too_many_rows", str(MOST_ROWS))
                rows = [[cell_text(cell) for cell in row[:_MOST_COLUMNS]] for row in table[at + 1 :]]
                found.append((name, at + 1, columns, rows))
    except workbook.WorkbookRefusedError as error:
        what = error.what if error.what in ("no_reader", "encrypted", "xlsb") else "damaged"
        raise SheetError(what, error.where) from error
    return found
