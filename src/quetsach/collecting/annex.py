"""Finds the annexes in a paper: whose each is, its four figures, its two texts, and what is doubtful."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from quetsach.collecting import form
from quetsach.collecting.folding import key, without_leaders
from quetsach.collecting.form import OF, ROWS
from quetsach.collecting.numbers import Count, read_count
from quetsach.collecting.paper import NOWHERE, Cell, Paper, Place, Row

MOST_ANNEXES = 500
LONGEST_TEXT = 10_000
"""Characters of an assessment or of proposals, as in the portal's rule H11."""
_HEAD_ROWS, _HEAD_CHARACTERS = 20, 300


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the four. `value` None: there is none that can be used. `typed` as it stands at `place`.

    `doubts` are codes of `says.toml`.
    """

    value: int | None
    typed: str = ""
    place: Place = NOWHERE
    note: str = ""
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Annex:
    """One filled form as found. `heads` are the lines above it that may name the office which wrote it."""

    figures: dict[str, Figure]
    unit: str = ""
    unit_place: Place = NOWHERE
    assessment: str = ""
    proposals: str = ""
    heads: tuple[str, ...] = ()

    @property
    def is_blank(self) -> bool:
        """The form as it was sent out: nothing was filled in."""
        return not (self.unit or self.assessment or self.proposals) and all(
            one.value is None and not one.typed.strip(" .…-") for one in self.figures.values()
        )


def find(paper: Paper) -> list[Annex]:
    """Every annex of the paper in reading order; none when it is some other document."""
    found = []
    for part in _parts(paper.rows):
        figures = _from_table(part) or _from_text(part)
        if figures is None:
            continue
        found.append(_annex(part, figures))
        if len(found) == MOST_ANNEXES:
            break
    return found


def _parts(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """One part for each annex. A new one begins at a title or a unit's name, once figures were seen, and at a
    row that the part already has."""
    part: list[Row] = []
    seen: set[str] = set()
    sheet = ""
    for row in rows:
        rows_here = {form.row_of(cell.text) for cell in row.cells} - {""}
        first = next((cell.text for cell in row.cells if cell.text), "")
        named = form.field_of(first)
        begins = form.is_title(first) or bool(named and named[0] == "unit")
        other_sheet = row.cells[0].place.sheet != sheet
        sheet = row.cells[0].place.sheet
        if seen and (begins or other_sheet or ("r1" in rows_here and len(seen) == len(ROWS))):
            yield part
            part, seen = [], set()
        elif other_sheet:
            part = []
        seen |= rows_here
        part.append(row)
    if part:
        yield part


def _annex(part: list[Row], figures: dict[str, Figure]) -> Annex:
    texts: dict[str, list[str]] = {}
    places: dict[str, Place] = {}
    current = ""
    heads: list[str] = []
    for row in part:
        cells = _distinct(row.cells)
        first = cells[0] if cells else Cell("")
        if any(form.row_of(cell.text) for cell in cells) or form.columns([cell.text for cell in row.cells]):
            current = "figures"
        elif found := form.field_of(first.text):
            current = found[0]
            if current in texts:
                # The label stands twice: the first one counts.
                current = ""
                continue
            texts[current] = [found[1], *(cell.text for cell in cells[1:])]
            places[current] = cells[1].place if not found[1] and len(cells) > 1 else first.place
        elif form.is_section(first.text) or form.is_title(first.text) or form.is_end(row.text):
            current = ""
        elif current in texts and (current != "unit" or not without_leaders(" ".join(texts["unit"]))):
            texts[current].append("\n".join(cell.text for cell in cells))
        elif not texts and len(heads) < _HEAD_ROWS:
            heads += [cell.text.replace("\n", " ")[:_HEAD_CHARACTERS] for cell in cells]
    said = {name: without_leaders("\n".join(lines))[:LONGEST_TEXT] for name, lines in texts.items()}
    return Annex(
        figures=figures,
        unit=" ".join(said.get("unit", "").split())[:300],
        unit_place=places.get("unit", NOWHERE),
        assessment=said.get("assessment", ""),
        proposals=said.get("proposals", ""),
        heads=tuple(heads),
    )


def _distinct(cells: Sequence[Cell]) -> list[Cell]:
    """Cells with a text; one that spans several columns once."""
    found: list[Cell] = []
    for cell in cells:
        if cell.text and not (found and found[-1] is cell):
            found.append(cell)
    return found


@dataclass
class _Columns:
    numbers: list[int] = field(default_factory=list)
    notes: list[int] = field(default_factory=list)


def _from_table(part: Sequence[Row]) -> dict[str, Figure] | None:
    """The figures of rows that stand in a table; None when fewer than two rows of the form do."""
    found: dict[str, Figure] = {}
    columns = _Columns()
    for row in part:
        if not row.table:
            continue
        if head := form.columns([cell.text for cell in row.cells]):
            columns = _Columns(*head)
            continue
        at = next((at for at, cell in enumerate(row.cells) if form.row_of(cell.text)), None)
        if at is None:
            continue
        name = form.row_of(row.cells[at].text)
        figure = _figure(name, row.cells, at, columns)
        before = found.get(name)
        if before is None or (before.value is None and figure.value is not None):
            found[name] = figure
        elif figure.value is not None and figure.value != before.value:
            both = f"{before.typed} · {figure.typed}"
            found[name] = Figure(None, both, before.place, before.note, ("row_twice",))
    if len(found) < 2:
        return None
    return {row: found.get(row, Figure(None, doubts=("row_missing",))) for row in ROWS}


def _figure(name: str, cells: Sequence[Cell], label: int, columns: _Columns) -> Figure:
    right = [cell for cell in _right(cells, label) if cell is not cells[label]]
    numbered = [
        cells[at] for at in columns.numbers if label < at < len(cells) and cells[at] is not cells[label]
    ]
    numbered = list({id(cell): cell for cell in numbered}.values())
    noted = [cells[at] for at in columns.notes if label < at < len(cells)]
    note = " ".join(cell.text for cell in _distinct(noted)).strip(" .…")
    if not numbered:
        counted = [cell for cell in right if cell not in noted and re.search(r"\d", cell.text)]
        numbered = counted[:1] or [cell for cell in right if cell not in noted][:1]
        extra: tuple[str, ...] = ("several_columns",) if len(counted) > 1 else ()
    else:
        filled = [cell for cell in numbered if cell.text.strip(" .…-") or cell.flags]
        values = {_read(cell, name).value for cell in filled}
        extra = ("several_columns",) if len(values) > 1 else ()
        numbered = filled or numbered
    if len(numbered) > 1 and extra:
        both = " · ".join(cell.text for cell in numbered)
        return Figure(None, both, numbered[0].place, note, extra)
    cell = numbered[0] if numbered else Cell("", cells[label].place)
    count = _read(cell, name)
    is_empty = count.doubt in {"blank", "dash"} and not cell.flags
    if is_empty and (beside := _elsewhere(name, cells[label], noted)):
        return beside
    doubts = (*extra, *([count.doubt] if count.doubt else []), *_flags(cell))
    return Figure(count.value, cell.text, cell.place, note, doubts)


def _right(cells: Sequence[Cell], label: int) -> list[Cell]:
    found: list[Cell] = []
    for cell in cells[label + 1 :]:
        if not (found and found[-1] is cell):
            found.append(cell)
    return found


def _read(cell: Cell, name: str) -> Count:
    if "date" in cell.flags:
        return Count(None, "date")
    if "formula_without_value" in cell.flags and not cell.text:
        return Count(None)
    return read_count(cell.text, of=OF[name])


def _flags(cell: Cell) -> tuple[str, ...]:
    return tuple(flag for flag in cell.flags if flag != "date")


def _elsewhere(name: str, label: Cell, noted: Sequence[Cell]) -> Figure | None:
    """A number that was written into the notes, or behind the row's words."""
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
    r"^[\s:.…\-]*((?:[1-9][0-9]{0,2}(?:[. ][0-9]{3})+|[0-9]+)(?![0-9.,%/])|không có|không)?\s*", re.I
)
_NEXT_NUMBER = re.compile(r"\s*(?:^|\n|\s)[\-+*]?\s*[2-4]\s*[.)]?\s*$")


def _from_text(part: Sequence[Row]) -> dict[str, Figure] | None:
    """The figures of running text, as in a PDF: what stands between the words of one row and the next."""
    lines, starts, at = [], [], 0
    for row in part:
        starts.append((at, row.cells[0].place))
        lines.append(row.text)
        at += len(row.text) + 1
    text = "\n".join(lines)
    rows = list(form.loose_rows(text))
    if len(rows) < 2:
        return None
    found: dict[str, Figure] = {}
    for index, (name, _begin, end) in enumerate(rows):
        is_last = index + 1 == len(rows)
        stop = len(text) if is_last else rows[index + 1][1]
        place = [place for start, place in starts if start <= end][-1]
        found[name] = _behind(
            name, _until_end(text[end:stop]) if is_last else _NEXT_NUMBER.sub("", text[end:stop]), place
        )
    return {row: found.get(row, Figure(None, doubts=("row_missing",))) for row in ROWS}


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
    first = _FIRST.match(text)
    number = first[1] if first else None
    if first is None or not number:
        whole = " ".join(text.split()).strip(" :")
        count = read_count(whole[:100], of=OF[name])
        return Figure(count.value, whole[:100], place, "", (count.doubt,) if count.doubt else ())
    rest = " ".join(text[first.end() :].split()).strip(" .…;")
    unit = re.match(r"(?:đơn vị|người|cá nhân|cơ quan)\b[.;,]?\s*", rest, re.I)
    typed = f"{number} {unit[0].strip(' .;,')}" if unit else number
    count = read_count(typed, of=OF[name])
    note = rest[unit.end() :] if unit else rest
    return Figure(count.value, typed, place, note, (count.doubt,) if count.doubt else ())
