"""Finds the annexes in a paper: unit, four figures, two texts, and doubts of each annex."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quetsach.annexes.collecting import figures, form, wide
from quetsach.annexes.collecting.figures import Figure, distinct
from quetsach.annexes.collecting.folding import without_leaders
from quetsach.annexes.collecting.form import ROWS
from quetsach.annexes.collecting.paper import NOWHERE, Cell, Paper, Place, Row

MOST_ANNEXES = 500
LONGEST_TEXT = 10_000
"""Characters of an assessment or of proposals, as in the portal's rule H11."""
_HEAD_ROWS, _HEAD_CHARACTERS = 20, 300


@dataclass(frozen=True, slots=True)
class Annex:
    """One filled-in form. `heads` are the lines above it that may name the office of its author."""

    figures: dict[str, Figure]
    unit: str = ""
    unit_place: Place = NOWHERE
    assessment: str = ""
    proposals: str = ""
    heads: tuple[str, ...] = ()

    @property
    def is_blank(self) -> bool:
        """Whether the form is as it was sent out, with nothing filled in."""
        return not (self.unit or self.assessment or self.proposals) and all(
            one.value is None and not one.typed.strip(" .…-") for one in self.figures.values()
        )


def find(paper: Paper) -> list[Annex]:
    """Every annex of the paper in reading order; empty for any other document."""
    found: list[Annex] = []
    for part in _parts(paper.rows):
        if listed := wide.read(part):
            found += (_annex(part, one.figures) if not one.unit else _of_line(one) for one in listed)
        elif four := figures.from_table(part) or figures.from_text(part):
            found.append(_annex(part, four))
        if len(found) == MOST_ANNEXES:
            break
    return found


def _of_line(line: wide.Line) -> Annex:
    said = {name: without_leaders(text)[:LONGEST_TEXT] for name, text in line.texts.items()}
    return Annex(line.figures, line.unit, line.place, said.get("assessment", ""), said.get("proposals", ""))


def _parts(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """One part for each annex. Once figures were seen, a new part starts at a title or a unit's name, and at
    a row that the part already has."""
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


def _annex(part: list[Row], four: dict[str, Figure]) -> Annex:
    texts: dict[str, list[str]] = {}
    places: dict[str, Place] = {}
    current = ""
    heads: list[str] = []
    for row in part:
        cells = distinct(row.cells)
        first = cells[0] if cells else Cell("")
        if any(form.row_of(cell.text) for cell in cells) or form.columns([cell.text for cell in row.cells]):
            current = "figures"
        elif found := form.field_of(first.text):
            current = found[0]
            if current in texts:
                # The label stands twice: the first label counts.
                current = ""
                continue
            texts[current] = [found[1], *(cell.text for cell in cells[1:])]
            places[current] = cells[1].place if not found[1] and len(cells) > 1 else first.place
        elif form.is_section(first.text) or form.is_title(first.text):
            current = ""
        elif form.is_end(row.text):
            current = ""
            if not texts and len(heads) < _HEAD_ROWS:
                # A letter's head holds its place and date, which also stand below an annex.
                heads += [cell.text.replace("\n", " ")[:_HEAD_CHARACTERS] for cell in cells]
        elif current in texts and (current != "unit" or not without_leaders(" ".join(texts["unit"]))):
            texts[current].append("\n".join(cell.text for cell in cells))
        elif not texts and len(heads) < _HEAD_ROWS:
            heads += [cell.text.replace("\n", " ")[:_HEAD_CHARACTERS] for cell in cells]
    said = {name: without_leaders("\n".join(lines))[:LONGEST_TEXT] for name, lines in texts.items()}
    return Annex(
        figures=four,
        unit=" ".join(said.get("unit", "").split())[:300],
        unit_place=places.get("unit", NOWHERE),
        assessment=said.get("assessment", ""),
        proposals=said.get("proposals", ""),
        heads=tuple(heads),
    )
