"""Excel workbooks as offices send them: titles above the header, merged cells, dates, several sheets."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from quetsach.errors import IndicatorError
from quetsach.feeds.forms.links import Link, links_of
from quetsach.feeds.forms.table import (
    Row,
    full,
    fullest,
    is_listed,
    is_title,
    may_be_victims,
    numbered,
    places_of,
    spares,
    values,
    without_free_type,
)
from quetsach.feeds.listing import SNIFFED_LINES, Listing
from quetsach.feeds.value import Note, Value
from quetsach.spreadsheet import cell_text

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

ZIP = b"PK\x03\x04"
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STREAM_OF_EXCEL = "Workbook".encode("utf-16-le")
"""What the old formats of Office have in common ([MS-CFB]), and what a workbook among them holds ([MS-XLS]);
none is larger than 65,536 rows of 256 columns."""
MOST_CELLS = 20_000_000
"""Of the rectangle that a sheet's outermost cells span: two far corners would claim a full memory."""

_CORNER = re.compile(rb'<(?:\w{1,9}:)?(?:c|row)\b[^<>]*?\br="([A-Z]{0,3})([0-9]{1,7})"')


def is_workbook(data: bytes) -> bool:
    """Whether bytes are an Office Open XML workbook (ECMA-376) or one of Excel 97 to 2003."""
    if data.startswith(_COMPOUND):
        return _STREAM_OF_EXCEL in data
    if not data.startswith(ZIP):
        return False
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return "xl/workbook.xml" in packed.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return False


def recognise(listing: Listing) -> bool:
    """By its bytes."""
    return isinstance(listing.data, bytes) and is_workbook(listing.data)


def read(listing: Listing) -> Iterator[Value | Note]:
    """Every sheet in turn; rows bear their number in the sheet, notes the sheet's name.

    Raises IndicatorError when the package that reads workbooks is not here, or the workbook is damaged.
    """
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError as error:
        raise IndicatorError(
            f"{listing.source}: is an Excel workbook, which needs the package python-calamine;"
            " or save it as CSV"
        ) from error

    data = listing.data if isinstance(listing.data, bytes) else b""
    links = _looked_through(listing.source, data)
    found_column, doubt = False, ""
    try:
        book = CalamineWorkbook.from_object(io.BytesIO(data))
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            table = sheet.to_python(skip_empty_area=False)
            cells = [[cell_text(cell).strip() for cell in row] for row in table]
            hidden = _behind(cells, links.get(name, {}))
            for (top, left), (bottom, _right) in sheet.merged_cell_ranges or ():
                # Empty ones may lie where no value reaches.
                for row in cells[top + 1 : bottom + 1] if cells and left < len(cells[0]) else ():
                    row[left] = row[left] or cells[top][left]
            if any(any(row) for row in cells):
                for one in _sheet(name, cells, hidden, listing):
                    found_column |= isinstance(one, Value)
                    if isinstance(one, Note) and one.code == "may-be-victims":
                        doubt = one.text
                    yield one
    except (CalamineError, IndexError, ValueError) as error:
        raise IndicatorError(f"{listing.source}: damaged workbook ({error}); save it again") from error
    if doubt and not found_column:
        raise IndicatorError(f"{listing.source}: {doubt}")
    wanted = (listing.columns or {}).get("indicator")
    if wanted and not found_column:
        raise IndicatorError(f"{listing.source}: has no column '{wanted}'; look at its header line")


def _behind(cells: list[list[str]], links: Mapping[tuple[int, int], Link]) -> dict[tuple[int, int], str]:
    """The addresses behind cells that list none themselves: "xem", "link 1".

    A formula that no program has worked out since it was written shows nothing, or 0: it gets its text.
    """
    found = {}
    # A sheet is read as far as values reach.
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
    """The cells with the addresses behind them, in all columns or in some."""
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
    name: str, cells: Sequence[list[str]], hidden: Mapping[tuple[int, int], str], listing: Listing
) -> Iterator[Value | Note]:
    wanted, numbers = dict(listing.columns or {}), numbered(listing.columns)
    header, names = _header(cells, _with_links(cells, hidden), wanted)
    below = cells[header + 1 : header + 1 + SNIFFED_LINES]
    places = {**without_free_type(places_of(names, wanted), names, below), **numbers}
    spare: list[int] = []
    is_headed = names and not wanted and "indicator" in places
    if is_headed and (doubt := may_be_victims(names, places["indicator"], below, cells[:header])):
        yield Note(0, f"{name}: {doubt}", "may-be-victims")
        return
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
    """The last row of the header and its names; -1 without one. `linked` are the cells with what is behind.

    A title over several columns is merged over the names of these columns, which stand in the next row. One
    over the whole table may read like a name, too, but nothing is listed below it.
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
    """Whether the column lists anything."""
    return fullest([[row[place]] for row in rows if row[place]]) is not None


def _looked_through(source: str, data: bytes) -> dict[str, dict[tuple[int, int], Link]]:
    """The links of each sheet. Raises IndicatorError for what would not fit into memory or is damaged."""
    if data.startswith(_COMPOUND):
        return {}
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            infos = packed.infolist()
            total = sum(info.file_size for info in infos)
            if total > 16 * MOST_CELLS:
                raise IndicatorError(
                    f"{source}: more than {16 * MOST_CELLS // 1024**2} MB unpacked; split the list"
                )
            for info in infos:
                if info.filename.startswith("xl/worksheets/") and _span(packed, info) > MOST_CELLS:
                    raise IndicatorError(
                        f"{source}: a sheet spans more than {MOST_CELLS} cells; clear its far ends"
                    )
            links = links_of(packed)
    except (
        zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, NotImplementedError, RuntimeError
    ) as error:  # fmt: skip
        raise IndicatorError(f"{source}: damaged workbook ({error}); save it again") from error
    return links


def _span(packed: ZipFile, info: ZipInfo) -> int:
    width = height = 1
    with packed.open(info) as member:
        text = member.read(info.file_size + 1)
    for letters, digits in _CORNER.findall(text):
        column = 0
        for letter in letters:
            column = column * 26 + letter - 64
        width, height = max(width, column), max(height, int(digits))
    return width * height
