"""The four figures of one annex, from a table or from running text, each with its place and its doubts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from quetsach.annexes.collecting import form
from quetsach.annexes.collecting.folding import key
from quetsach.annexes.collecting.form import OF, ROWS
from quetsach.annexes.collecting.numbers import Count, is_scaled, read_count
from quetsach.annexes.collecting.paper import NOWHERE, Cell, Place, Row


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the four figures. `value` is None if it cannot be used. `typed` is the text at `place`.

    `doubts` are codes of `messages.toml`.
    """

    value: int | None
    typed: str = ""
    place: Place = NOWHERE
    note: str = ""
    doubts: tuple[str, ...] = ()


def distinct(cells: Sequence[Cell]) -> list[Cell]:
    """Cells with a text; a cell that spans several columns comes once."""
    found: list[Cell] = []
    for cell in cells:
        if cell.text and not (found and found[-1] is cell):
            found.append(cell)
    return found


@dataclass
class _Columns:
    numbers: list[int] = field(default_factory=list)
    notes: list[int] = field(default_factory=list)


def from_table(part: Sequence[Row]) -> dict[str, Figure] | None:
    """The figures of rows in a table; None when the table has fewer than two rows of the form."""
    found: dict[str, Figure] = {}
    labels: dict[str, str] = {}
    columns = _Columns()
    is_below_head = False
    for row in part:
        if not row.table:
            continue
        texts = [cell.text for cell in row.cells]
        if head := form.columns(texts):
            columns, is_below_head = _Columns(*head), True
            continue
        at = next((at for at, text in enumerate(texts) if form.row_of(text)), None)
        if at is None:
            if is_below_head:
                columns.numbers = form.counting(texts, columns.numbers)
            continue
        is_below_head = False
        name = form.row_of(texts[at])
        figure = _figure(name, row.cells, at, columns)
        before = found.get(name)
        if before is None or (_is_blank(before) and key(texts[at]) == labels[name]):
            found[name], labels[name] = figure, key(texts[at])
        elif not _is_blank(figure) and (figure.value is None or figure.value != before.value):
            both = f"{before.typed or '…'} · {figure.typed}"
            found[name] = Figure(None, both, before.place, before.note, ("row_twice",))
    if len(found) < 2:
        return None
    return _alone({row: found.get(row, Figure(None, doubts=("row_missing",))) for row in ROWS})


def _is_blank(figure: Figure) -> bool:
    return figure.value is None and not figure.typed.strip(" .…-")


def _alone(figures: dict[str, Figure]) -> dict[str, Figure]:
    """Without the figures of one merged cell that stands for several rows of the form."""
    places = Counter(
        one.place for one in figures.values() if one.typed and (one.place.cell or one.place.table)
    )
    return {
        row: Figure(None, one.typed, one.place, one.note, ("shared_cell",)) if places[one.place] > 1 else one
        for row, one in figures.items()
    }


def _figure(name: str, cells: Sequence[Cell], label: int, columns: _Columns) -> Figure:
    right = [cell for cell in _right(cells, label) if cell is not cells[label]]
    numbered = [cells[at] for at in columns.numbers if at < len(cells) and cells[at] is not cells[label]]
    numbered = list({id(cell): cell for cell in numbered}.values())
    noted = [cells[at] for at in columns.notes if at < len(cells) and cells[at] is not cells[label]]
    note = " ".join(cell.text for cell in distinct(noted)).strip(" .…")
    if not numbered:
        counted = [cell for cell in right if cell not in noted and re.search(r"\d", cell.text)]
        numbered = counted[:1] or [cell for cell in right if cell not in noted][:1]
        extra: tuple[str, ...] = ("several_columns",) if len(counted) > 1 else ()
    else:
        filled = [cell for cell in numbered if cell.text.strip(" .…-") or cell.flags]
        numbered, filled = _without_words(numbered, name), _without_words(filled, name)
        values = {_read(cell, name).value for cell in filled}
        extra = ("several_columns",) if len(values) > 1 else ()
        numbered = filled or numbered
    if extra:
        both = " · ".join(cell.text for cell in (numbered if len(numbered) > 1 else counted))
        return Figure(None, both, numbered[0].place, note, extra)
    cell = numbered[0] if numbered else Cell("", cells[label].place)
    count = _read(cell, name)
    is_empty = count.doubt in {"blank", "dash"} and not cell.flags
    if is_empty and (beside := _elsewhere(name, cells[label], noted)):
        return beside
    return of_cell(name, cell, note)


def of_cell(name: str, cell: Cell, note: str = "") -> Figure:
    """The figure in one cell, for the row `name`."""
    count = _read(cell, name)
    flags = [flag for flag in _flags(cell) if flag != "fraction" or count.value is not None]
    doubts = (*([count.doubt] if count.doubt else []), *flags)
    return Figure(count.value, cell.text, cell.place, note, doubts)


def _without_words(cells: list[Cell], name: str) -> list[Cell]:
    """Where one of several columns holds a figure, "Đạt" in another column does not count."""
    kept = [
        cell for cell in cells if cell.flags or re.search(r"\d", cell.text) or _read(cell, name).value == 0
    ]
    return kept or cells


def _right(cells: Sequence[Cell], label: int) -> list[Cell]:
    found: list[Cell] = []
    for cell in cells[label + 1 :]:
        if not (found and found[-1] is cell):
            found.append(cell)
    return found


_UNUSABLE = ("percent_format", "scaled_format")


def _read(cell: Cell, name: str) -> Count:
    if "date" in cell.flags:
        return Count(None, "date")
    if "formula_without_value" in cell.flags and not cell.text:
        return Count(None)
    if unusable := next((flag for flag in cell.flags if flag in _UNUSABLE), ""):
        return Count(None, unusable)
    if "fraction" in cell.flags and "formula" in cell.flags:
        return Count(None, "decimal")
    return read_count(cell.text, of=OF[name])


def _flags(cell: Cell) -> tuple[str, ...]:
    return tuple(flag for flag in cell.flags if flag not in {"date", *_UNUSABLE})


def _elsewhere(name: str, label: Cell, noted: Sequence[Cell]) -> Figure | None:
    """A number in the notes, or behind the row's words."""
    for cell in noted:
        count = read_count(cell.text, of=OF[name])
        if count.value is not None and re.search(r"\d", cell.text):
            doubts = ("number_in_note", *([count.doubt] if count.doubt else []))
            return Figure(count.value, cell.text, cell.place, "", doubts)
    _words, colon, behind = label.text.rpartition(":")
    count = read_count(behind, of=OF[name]) if colon else Count(None)
    if count.value is not None:
        doubts = ("number_in_label", *([count.doubt] if count.doubt else []))
        return Figure(count.value, behind.strip(), label.place, "", doubts)
    return None


_FIRST = re.compile(
    r"^[\s:.…\-]*(?:(?:đơn vị|người|cá nhân|cơ quan)\s+)?"
    r"((?:[1-9][0-9]{0,2}(?:[. ][0-9]{3})+|[0-9]+)(?![0-9.,%/])|không có|không)?\s*",
    re.I,
)
_FORM_HEAD = re.compile(r"(?:tt|stt) noi dung so luong ghi chu(?: [0-9])*$")
_NEXT_ROW = re.compile(r"(?:tong|so|trong do|ty le)\b")
_MORE_LABEL = re.compile(r"(?:ve |cua |thuc hien |cac )*(?:chien dich|noi dung|chien|dich)\b")
_NEXT_NUMBER = re.compile(r"\s*(?:^|\n|\s)[\-+*]?\s*[2-4]\s*[.)]?\s*$")


def from_text(part: Sequence[Row]) -> dict[str, Figure] | None:
    """The figures of running text, as in a PDF: each lies between the words of its row and of the next
    row."""
    lines, starts, at = [], [], 0
    for row in part:
        starts.append((at, row.cells[0].place))
        lines.append(row.text)
        at += len(row.text) + 1
    text = "\n".join(lines)
    rows = list(form.loose_rows(text))
    if len(rows) < 2:
        return None
    if typed := _before_words(text, rows):
        return {row: Figure(None, typed.get(row, ""), doubts=("before_words",)) for row in ROWS}
    is_as_printed = bool(_FORM_HEAD.search(key(text[: rows[0][1]])))
    found: dict[str, Figure] = {}
    for index, (name, _begin, end) in enumerate(rows):
        is_last = index + 1 == len(rows)
        stop = len(text) if is_last else rows[index + 1][1]
        place = [place for start, place in starts if start <= end][-1]
        behind = _until_end(text[end:stop]) if is_last else _NEXT_NUMBER.sub("", text[end:stop])
        figure = _behind(name, behind, place)
        if figure.value is not None and not is_as_printed and not behind.lstrip().startswith(":"):
            figure = replace(figure, doubts=(*figure.doubts, "columns_unseen"))
        found[name] = figure
    return {row: found.get(row, Figure(None, doubts=("row_missing",))) for row in ROWS}


def _before_words(text: str, rows: Sequence[tuple[str, int, int]]) -> dict[str, str]:
    """The text before each row's words, if the column of figures seems to come first: no figure is behind the
    words of the last row, and a figure that is not the row's number is before the words of the first row."""
    ends = [0, *(end for _row, _begin, end in rows)]
    before = [text[end:begin].split() for end, (_row, begin, _end) in zip(ends, rows, strict=False)]
    last = _until_end(text[ends[-1] :])
    if re.search("[0-9]", last) or not before[0] or not re.fullmatch(r"[0-9][0-9.]*", before[0][-1]):
        return {}
    is_numbered = all(
        words and words[-1].strip(".)") == row[1] for words, (row, *_at) in zip(before, rows, strict=True)
    )
    return (
        {}
        if is_numbered
        else {row: words[-1] for words, (row, *_at) in zip(before, rows, strict=True) if words}
    )


def _until_end(text: str) -> str:
    kept: list[str] = []
    for line in text.split("\n"):
        if kept and (
            form.is_end(line)
            or form.field_of(line)
            or form.is_section(line)
            or key(line).startswith("ghi chu")
        ):
            break
        kept.append(line)
    return "\n".join(kept)


def _behind(name: str, text: str, place: Place) -> Figure:
    text = re.sub(r"\./\.\s*$", "", text)
    first = _FIRST.match(text)
    number = first[1] if first else None
    if first is None or not number:
        whole = " ".join(text.split()).strip(" :")
        count = read_count(whole[:100], of=OF[name])
        return Figure(count.value, whole[:100], place, "", (count.doubt,) if count.doubt else ())
    rest = " ".join(text[first.end() :].split()).strip(" .…;")
    if _NEXT_ROW.match(key(rest)):
        # The row is blank, and this is the next row's own number.
        return Figure(None, "", place, "", ("blank",))
    if is_scaled(rest):
        return Figure(None, f"{number} {rest}"[:100], place, "", ("letters",))
    if " " in number.strip() or re.match(r"[0-9]+(?![0-9%])", rest) or _MORE_LABEL.match(key(rest)):
        # In a PDF all columns share a line: "12 150" may be two figures, "4 của chiến dịch 140" is two.
        return Figure(None, f"{number} {rest}"[:100], place, "", ("several",))
    unit = re.match(r"(?:đơn vị|người|cá nhân|cơ quan)\b[.;,]?\s*", rest, re.I)
    typed = f"{number} {unit[0].strip(' .;,')}" if unit else number
    count = read_count(typed, of=OF[name])
    note = rest[unit.end() :] if unit else rest
    return Figure(count.value, typed, place, note, (count.doubt,) if count.doubt else ())
