"""Lists of enterprises and other bodies from offices: pasted from Excel, with semicolons, or as workbooks.

Each list becomes rows of named cells; every unusable cell is reported with its line. A line of headings is
looked for in the first ten lines that are not blank; lines above it, such as a title, are left out. Without
headings the columns are name, tax code, address, phone, after a column of numbers if there is one.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from quetsach.errors import QuetsachError
from quetsach.text import delimited
from quetsach.text.cells import BOLD, guarded, on_paper, row_height, unguarded
from quetsach.text.vietnamese import nfc, search_key
from quetsach.units.taxcode import TaxCodeError, read_tax_code

MOST_ROWS = 5_000
MOST_PERSONS = 9_999_999
LENGTHS = {"name": 200, "address": 300, "phone": 40}
COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("Tên đơn vị", "Tên", "Tên doanh nghiệp", "Doanh nghiệp", "Đơn vị", "Name"),
    "tax_code": ("Mã số thuế", "MST", "Mã số DN", "Mã số doanh nghiệp", "Tax code"),
    "address": ("Địa chỉ", "Trụ sở", "Address"),
    "phone": ("Điện thoại", "Số điện thoại", "ĐT", "SĐT", "Phone"),
    "channel": ("Kênh phổ biến", "Hình thức", "Kênh", "Channel"),
    "informed_on": ("Ngày phổ biến", "Ngày thông báo", "Informed on"),
    "persons_informed": ("Số người nhận thông tin", "Số người được phổ biến", "Persons informed"),
    "deployed_on": ("Ngày triển khai", "Deployed on"),
    "persons_done": ("Số người đã thực hiện", "Persons done"),
}
"""Column: spellings of its heading; we write the first."""

HEADINGS = {search_key(text): key for key, texts in COLUMNS.items() for text in texts}
"""Folded heading → its column."""
_PLAIN = ("name", "tax_code", "address", "phone")
_ORDINALS = {"stt", "tt", "so tt", "no", "no."}
_COUNT = re.compile(r"\d{1,9}|\d{1,3}(\.\d{3}){1,2}", re.ASCII)
_DATES = ("%d/%m/%Y", "%d-%m-%Y", "%Y-%m-%d", "%d.%m.%Y")
_PHONE = re.compile(r"[0-9+(). /-]{6,40}", re.ASCII)


class BodyTableError(QuetsachError):
    """Nothing of the list was read: `empty`, `too_many`, `quotes` (of which line), or `no_name` (no heading
    for the name).

    A `Problem` with the code `no_name` is another thing: one row without a name.
    """

    code = "body_table"

    def __init__(self, code: str, value: object = "") -> None:
        super().__init__(f"{code}: {value}")
        self.code, self.value = code, value


@dataclass(frozen=True)
class Problem:
    """Why a row is unusable: `column` and a code. The row is still returned, with its problems.

    `value` is the cell's text, except for three codes: `too_long` gives the most characters, `twice` the
    number of the earlier line, `no_name` nothing.
    """

    column: str
    code: str
    value: str = ""


@dataclass(frozen=True)
class BodyRow:
    """One body of a list. `marks` holds further cells, beside its identity; an absent column changes
    nothing."""

    line: int
    name: str
    tax_code: str = ""
    address: str = ""
    phone: str = ""
    marks: Mapping[str, object] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def key(self) -> str:
        """The identity of a body without a tax code: name and address, folded."""
        return body_key(self.name, self.address)


def body_key(name: str, address: str) -> str:
    """Name and address without case, marks and punctuation."""
    return "|".join(" ".join(re.findall(r"\w+", search_key(text))) for text in (name, address))[:500]


def read_text(text: str, channels: Mapping[str, str]) -> list[BodyRow]:
    """Read pasted text; `channels` maps each folded spelling to its key. Raises BodyTableError."""
    text = text.lstrip("\ufeff")
    head = "\n".join(text.splitlines()[:20])
    delimiter = "\t" if "\t" in head else ";"
    try:
        grid = list(delimited.grid(text, delimiter))
    except delimited.QuotesError as error:
        raise BodyTableError("quotes", error.line) from error
    return read_grid(grid, channels)


def read_grid(grid: Iterable[list[str]], channels: Mapping[str, str]) -> list[BodyRow]:
    """Read rows of cells. Lines are numbered from 1; blank rows count, but are left out.

    Raises BodyTableError.
    """
    lines = [(n, [_clean(c) for c in cells]) for n, cells in enumerate(grid, 1) if any(map(str.strip, cells))]
    if not lines:
        raise BodyTableError("empty")
    places, begin = _places(lines)
    if len(lines) - begin > MOST_ROWS:
        raise BodyTableError("too_many", len(lines) - begin)
    rows = [_row(number, cells, places, channels) for number, cells in lines[begin:]]
    if not rows:
        raise BodyTableError("empty")
    return list(_alone(rows))


def columns_read(grid: Iterable[list[str]]) -> tuple[int, set[int]]:
    """The number of the line of headings, 0 without one, and the indexes of the columns that are read.

    Raises BodyTableError.
    """
    lines = [(n, [_clean(c) for c in cells]) for n, cells in enumerate(grid, 1) if any(map(str.strip, cells))]
    if not lines:
        raise BodyTableError("empty")
    places, begin = _places(lines)
    return lines[begin - 1][0] if begin else 0, set(places.values())


def _places(lines: list[tuple[int, list[str]]]) -> tuple[dict[str, int], int]:
    """The place of each column, and the number of lines before the first body."""
    for at, (_number, cells) in enumerate(lines[:10]):
        found: dict[str, int] = {}
        for index, cell in enumerate(cells):
            key = HEADINGS.get(search_key(cell))
            if key is not None:
                found.setdefault(key, index)
        if len(found) > 1 or (found and len(lines[0][1]) == 1 and at == 0):
            if "name" not in found:
                raise BodyTableError("no_name")
            return found, at + 1
    numbered = all(len(cells) > 1 and cells[0].isdigit() and len(cells[0]) < 6 for _, cells in lines)
    shift = int(numbered or search_key(lines[0][1][0]) in _ORDINALS)
    return {key: index + shift for index, key in enumerate(_PLAIN)}, 0


def _row(number: int, cells: list[str], places: dict[str, int], channels: Mapping[str, str]) -> BodyRow:
    got = {key: cells[index] if index < len(cells) else "" for key, index in places.items()}
    problems = [
        Problem(key, "too_long", str(most)) for key, most in LENGTHS.items() if len(got.get(key, "")) > most
    ]
    if not got["name"]:
        problems.append(Problem("name", "no_name"))
    code = got.get("tax_code", "")
    if code:
        try:
            code = read_tax_code(code)
        except TaxCodeError as error:
            problems.append(Problem("tax_code", error.code, code[:40]))
            code = ""
    phone = got.get("phone", "")
    if phone and not _PHONE.fullmatch(phone):
        problems.append(Problem("phone", "phone", phone[:40]))
    marks = dict(_marks(got, channels, problems))
    _agree(marks, problems)
    return BodyRow(number, got["name"], code, got.get("address", ""), phone, marks, tuple(problems))


def _marks(
    got: Mapping[str, str], channels: Mapping[str, str], problems: list[Problem]
) -> Iterator[tuple[str, object]]:
    for key in ("informed_on", "deployed_on"):
        if got.get(key):
            day = read_day(got[key])
            if day is None:
                problems.append(Problem(key, "day", got[key][:40]))
            else:
                yield key, day
    for key in ("persons_informed", "persons_done"):
        if got.get(key):
            typed = got[key]
            count = int(typed.replace(".", "")) if _COUNT.fullmatch(typed) else -1
            if not 0 <= count <= MOST_PERSONS:
                problems.append(Problem(key, "count", typed[:40]))
            else:
                yield key, count
    if got.get("channel"):
        channel = channels.get(search_key(got["channel"]))
        if channel is None:
            problems.append(Problem("channel", "channel", got["channel"][:40]))
        else:
            yield "channel", channel


def _agree(marks: Mapping[str, object], problems: list[Problem]) -> None:
    informed, done = marks.get("persons_informed"), marks.get("persons_done")
    if isinstance(informed, int) and isinstance(done, int) and done > informed:
        problems.append(Problem("persons_done", "more_done", str(done)))


def _alone(rows: list[BodyRow]) -> Iterator[BodyRow]:
    """The rows; a row whose body stands in an earlier line gets the problem `twice`."""
    seen: dict[str, int] = {}
    for row in rows:
        keys = [row.tax_code] if row.tax_code else [row.key] if row.name else []
        first = next((seen[key] for key in keys if key in seen), None)
        for key in keys:
            seen.setdefault(key, row.line)
        if first is None:
            yield row
        else:
            problem = Problem("tax_code" if row.tax_code else "name", "twice", str(first))
            yield BodyRow(
                row.line, row.name, row.tax_code, row.address, row.phone, row.marks, (*row.problems, problem)
            )


def read_day(text: str) -> date | None:
    """A day in the spellings of offices and spreadsheets; None for any other text."""
    for form in _DATES:
        try:
            return datetime.strptime(text.split("T")[0], form).date()
        except ValueError:
            continue
    return None


def _clean(cell: str) -> str:
    """The cell with composed letters and single spaces, without control and direction characters.

    The quote that protects a cell from being a formula is taken off, too.
    """
    kept = "".join(c if unicodedata.category(c) not in {"Cc", "Cf", "Cs"} else " " for c in cell)
    return unguarded(nfc(kept))


def as_xlsx(rows: Iterable[Mapping[str, object]], channels: Iterable[str]) -> bytes:
    """A workbook with a line of headings and a line for each of `rows`; `read_grid` can read its cells.

    Each row has its values by the keys of `COLUMNS`. All cells are text, so no cell is a
    formula. `channels` are the words offered for the column of channels.
    """
    import xlsxwriter  # type: ignore[import-untyped]

    widths = {"name": 40, "tax_code": 18, "address": 44, "channel": 20}
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("Đơn vị trên địa bàn")
        head = book.add_format({"bold": True, "bg_color": "#E9EDF0", "text_wrap": True, "valign": "top"})
        text = book.add_format({"num_format": "@"})
        for index, (key, titles) in enumerate(COLUMNS.items()):
            sheet.set_column(index, index, widths.get(key, 15), text)
            sheet.write_string(0, index, titles[0], head)
        sheet.set_row(
            0, row_height((titles[0], widths.get(key, 15) / BOLD) for key, titles in COLUMNS.items())
        )
        on_paper(sheet, 0)
        count = 0
        for count, row in enumerate(rows, start=1):
            for index, key in enumerate(COLUMNS):
                value = row.get(key)
                shown = (
                    f"{value:%d/%m/%Y}" if isinstance(value, date) else "" if value is None else str(value)
                )
                if shown:
                    sheet.write_string(count, index, guarded(shown), text)
        place = list(COLUMNS).index("channel")
        sheet.data_validation(1, place, count + 500, place, {"validate": "list", "source": list(channels)})
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(count, 1), len(COLUMNS) - 1)
    return out.getvalue()
