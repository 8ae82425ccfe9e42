"""Excel workbooks from offices: titles above the header, merged cells, dates, several sheets."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from quetsach.errors import IndicatorError
from quetsach.files import bounded_process, workbook
from quetsach.indicators.forms_in.chosen import Chosen
from quetsach.indicators.forms_in.links import Link, links_of
from quetsach.indicators.forms_in.reports import names_units, refusal, report_of
from quetsach.indicators.forms_in.rows import is_listed, is_title
from quetsach.indicators.forms_in.table import (
    HEADER_LINES,
    Row,
    full,
    fullest,
    numbered,
    places_of,
    spares,
    values,
    without_free_type,
)
from quetsach.indicators.forms_in.whose import may_be_victims, may_be_victims_without_heads
from quetsach.indicators.lists.listing import SNIFFED_LINES, Listing
from quetsach.indicators.lists.value import Note, Value
from quetsach.text.cells import cell_text

MOST_CELLS = 8_000_000
"""Cells in the rectangles of the sheets' outermost cells: two far cells would claim all memory."""
MOST_BYTES = 320 << 20
"""Bytes unpacked."""


def recognise(listing: Listing) -> bool:
    """Whether the bytes are a workbook."""
    return listing.package.is_workbook


def read(listing: Listing) -> Iterator[Value | Note]:
    """Every sheet in turn; rows have their number in the sheet, notes the sheet's name.

    Raises IndicatorError when the package that reads workbooks is missing, or the workbook is damaged.
    """
    data = listing.data if isinstance(listing.data, bytes) else b""
    columns = None if listing.columns is None else dict(listing.columns)
    try:
        found = _told(data, listing.source, columns, listing.now)
    except bounded_process.BusyError:
        raise
    except bounded_process.NotReadError as error:
        raise IndicatorError(
            f"{listing.source}: cannot be opened within the limits of memory and time; save its table anew as"
            " .xlsx or CSV, or split the list"
        ) from error
    for is_value, line, text, kind, family, warning in found:
        yield Value(line, text, kind, family, warning) if is_value else Note(line, text, warning)


type _Told = tuple[bool, int, str, str, str, str]
"""Whether it is a Value; line, text, kind, family, and the warning of a Value or the code of a Note."""


@bounded_process.bounded(seconds=60, raises=(IndicatorError,), imports=workbook.READING)
def _told(data: bytes, source: str, columns: dict[str, str] | None, now: datetime) -> list[_Told]:
    return [
        (True, one.line, one.text, one.kind, one.family, one.warning)
        if isinstance(one, Value)
        else (False, one.line, one.text, "", "", one.code)
        for one in _read(Listing(source, data, columns, now))
    ]


def _read(listing: Listing) -> Iterator[Value | Note]:
    data = listing.data if isinstance(listing.data, bytes) else b""
    found_column, doubt, chosen = False, "", Chosen(listing.columns)
    try:
        with workbook.opened(data, workbook.Most(MOST_CELLS, MOST_BYTES)) as (book, parts):
            links = _links(data, parts)
            for name in book.sheet_names:
                sheet = book.get_sheet_by_name(name)
                table = sheet.to_python(skip_empty_area=False)
                cells = [[cell_text(cell).strip() for cell in row] for row in table]
                del table
                hidden = _behind(cells, links.get(name, {}))
                for (top, left), (bottom, _right) in sheet.merged_cell_ranges or ():
                    # Empty columns may lie behind the last value.
                    for row in cells[top + 1 : bottom + 1] if cells and left < len(cells[0]) else ():
                        row[left] = row[left] or cells[top][left]
                if any(any(row) for row in cells):
                    for one in _sheet(name, cells, hidden, listing, chosen):
                        found_column |= isinstance(one, Value)
                        if isinstance(one, Note) and one.code == "may-be-victims":
                            doubt = one.text
                        yield one
    except workbook.WorkbookRefusedError as error:
        raise IndicatorError(f"{listing.source}: {_REFUSED[error.what].format(error.where)}") from error
    if doubt and not found_column:
        raise IndicatorError(f"{listing.source}: {doubt}")
    wanted = (listing.columns or {}).get("indicator")
    if wanted and not found_column:
        raise IndicatorError(f"{listing.source}: has no column '{wanted}'; look at its header line")
    if found_column:
        chosen.refuse(listing.source)


_REFUSED = {
    "no_reader": "is an Excel workbook, which needs the package python-calamine; or save it as CSV",
    "no_workbook": "damaged workbook ({}); open it in Excel and save it again",
    "xlsb": "is a binary workbook (.xlsb), which is not read; save it as .xlsx or CSV",
    "far": "a cell stands at {}, where no sheet reaches; save it again in Excel as .xlsx, or as CSV",
    "too_many_cells": "a sheet spans more than {} cells; clear its far ends",
    "bomb": "more than {} MB unpacked; split the list",
    "encrypted": "is locked with a password; open it, save it without one, and give that",
    "damaged": "damaged workbook ({}); open it in Excel and save it again",
}


def _behind(cells: list[list[str]], links: Mapping[tuple[int, int], Link]) -> dict[tuple[int, int], str]:
    """The link targets of cells that show no address themselves: "xem", "link 1".

    A formula that no program has computed since it was written shows nothing, or 0: it gets its text.
    """
    found = {}
    # The cells of a sheet end at its last value.
    shown = [place for place, link in links.items() if link.shown]
    height = max((row + 1 for row, _column in shown), default=0)
    width = max((column + 1 for _row, column in shown), default=0)
    cells.extend([] for _ in range(len(cells), height))
    for cut in cells:
        cut.extend("" for _ in range(len(cut), max(width, len(cells[0]))))
    for (row, column), link in links.items():
        text = cells[row][column] if row < len(cells) and column < len(cells[row]) else ""
        if link.shown and text in ("", "0"):
            text = link.shown.strip()
            cells[row][column] = text
        if text and not is_listed(text) and is_listed(link.target.strip()):
            found[row, column] = link.target.strip()
    return found


def _with_links(
    cells: Sequence[list[str]], hidden: Mapping[tuple[int, int], str], columns: Collection[int] | None = None
) -> Sequence[list[str]]:
    """The cells with their link targets, in all columns or in some."""
    if not hidden:
        return cells
    shown = [*cells]
    for (row, column), target in hidden.items():
        if columns is None or column in columns:
            if shown[row] is cells[row]:
                shown[row] = [*cells[row]]
            shown[row][column] = target
    return shown


def _sheet(
    name: str,
    cells: Sequence[list[str]],
    hidden: Mapping[tuple[int, int], str],
    listing: Listing,
    chosen: Chosen,
) -> Iterator[Value | Note]:
    wanted, numbers = dict(listing.columns or {}), numbered(listing.columns)
    header, names = _header(cells, _with_links(cells, hidden), wanted)
    below = cells[header + 1 : header + 1 + SNIFFED_LINES]
    places = {**without_free_type(places_of(names, wanted), names, below), **numbers}
    spare: list[int] = []
    for row in cells[:HEADER_LINES]:
        if (report := report_of(row, is_sheet=True)) is not None:
            raise IndicatorError(f"{listing.source}: {refusal(report)}")
    is_headed = names and not wanted and "indicator" in places
    at = places.get("indicator", 0)
    if is_headed and (doubt := may_be_victims(names, at, below, cells[:header], spares(names, at))):
        yield Note(0, f"{name}: {doubt}", "may-be-victims")
        return
    if not wanted and any(map(names_units, cells[:HEADER_LINES])):
        yield Note(0, f"{name}: units beside their addresses", "may-be-victims")
        return
    chosen.found(places, max(map(len, cells), default=0))
    if "indicator" in places:
        spare = [] if wanted else spares(names, places["indicator"])
    else:
        first = [row for row in cells[:SNIFFED_LINES] if any(row)]
        best = None if "indicator" in wanted else fullest(first)
        if best is None and "indicator" not in wanted and hidden:
            best = fullest([row for row in _with_links(cells, hidden)[:SNIFFED_LINES] if any(row)])
        if best is None:
            yield Note(0, name, "no-column")
            return
        if doubt := may_be_victims_without_heads(first, best):
            yield Note(0, f"{name}: {doubt}", "may-be-victims")
            return
        yield Note(0, f"{name}: column {best + 1}", "columns-guessed")
        spare = [at for at in full(first) if at != best]
        places["indicator"] = best
    if spare:
        titles = [names[at].strip() if names else f"column {at + 1}" for at in spare]
        yield Note(0, f"{name}: {', '.join(titles)}", "other-columns")
    columns = {places["indicator"], *spare}
    linked = {(row + 1, text) for (row, column), text in hidden.items() if column in columns}
    rows = (
        Row(number, row, " ".join(filter(None, row)))
        for number, row in enumerate(_with_links(cells, hidden, columns)[header + 1 :], header + 2)
        if any(row)
    )
    for one in values(rows, places, listing.now, spare):
        if isinstance(one, Value) and (one.line, one.text) in linked:
            yield one._replace(warning="behind-link")
        elif isinstance(one, Note) or "\n" not in one.text:
            yield one
        else:
            yield from (one._replace(text=part.strip()) for part in one.text.splitlines() if part.strip())


def _header(
    cells: Sequence[list[str]], linked: Sequence[list[str]], wanted: Mapping[str, str]
) -> tuple[int, list[str]]:
    """The last row of the header and its names; -1 without a header. `linked` are the cells with link
    targets.

    A title over several columns is merged over the names of these columns, in the next row. A title over the
    whole table may read like a name, too, but its column lists nothing.
    """
    found = [
        (at, place)
        for at, row in enumerate(cells[:SNIFFED_LINES])
        if (place := places_of(row, wanted).get("indicator")) is not None
    ]
    holding = [at for at, place in found if _holds(linked[at + 1 : at + 1 + SNIFFED_LINES], place)]
    for at, place in found:
        row = cells[at]
        if not wanted and at + 1 < len(cells):
            both = [low or high for low, high in zip(cells[at + 1], row, strict=False)]
            lower = places_of(both, wanted).get("indicator")
            below = linked[at + 2 : at + 2 + SNIFFED_LINES]
            if lower is not None and lower != place and _holds(below, lower) and not _holds(below, place):
                return at + 1, both
        if at in holding or not (holding or is_title(row)):
            return at, row
    return -1, []


def _holds(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Whether the column holds an indicator."""
    return fullest([[row[place]] for row in rows if row[place]]) is not None


def _links(data: bytes, parts: Mapping[str, workbook.Part]) -> dict[str, dict[tuple[int, int], Link]]:
    """The links of each sheet, as far as its cells reach."""
    if not parts:
        return {}
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        found = links_of(packed)
    height = max(part.height for part in parts.values())
    width = max(part.width for part in parts.values())
    return {
        sheet: {at: link for at, link in links.items() if at[0] < height and at[1] < width}
        for sheet, links in found.items()
    }
