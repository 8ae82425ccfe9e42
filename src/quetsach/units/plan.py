"""Compares a table of units with the tree: new, changed, moved and missing units, and mistakes.

Pure: it writes nothing, and the same table against the same tree gives the same plan.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from quetsach.text.vietnamese import nfc
from quetsach.units.columns import BY_KEY, NEAREST_FIRST, SEPARATOR
from quetsach.units.table import Problem, Row, Table

_COUNT = re.compile(r"\d{1,7}|\d{1,3}(\.\d{3}){1,2}", re.ASCII)
_PHONE = re.compile(r"\+?[0-9][0-9 .()/-]{5,39}", re.ASCII)
_EMAIL = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\".]+")

type Ref = str
"""A unit: its id, or `row:N` for a new unit in the file."""


@dataclass(frozen=True)
class Known:
    """A unit of the tree with the cells of a table; `parent` is an id, None only for the top unit."""

    id: str
    parent: str | None
    cells: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.cells["name"]


@dataclass(frozen=True)
class New:
    """A unit to make, below `parent`."""

    ref: Ref
    row: int
    parent: Ref
    cells: dict[str, str]


@dataclass(frozen=True)
class Changed:
    """Cells of a unit that differ: old and new by column key; `parent` is its new superior, if it moves."""

    id: str
    row: int
    name: str
    cells: dict[str, tuple[str, str]]
    parent: Ref | None = None
    above: tuple[str, str] = ("", "")


@dataclass
class Plan:
    """New units stand in an order in which each comes after its superior."""

    new: list[New] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    missing: list[Known] = field(default_factory=list)
    same: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def moved(self) -> list[Changed]:
        return [change for change in self.changed if change.parent is not None]

    @property
    def altered(self) -> list[Changed]:
        return [change for change in self.changed if change.cells]


def paths(units: Iterable[Known], top: str) -> dict[str, str]:
    """The text for the column of the superior in rows of a unit's children, by the unit's id."""
    by_id = {unit.id: unit for unit in units}
    written: dict[str, str] = {top: by_id[top].name}

    def path(unit: Known) -> str:
        if unit.id not in written:
            assert unit.parent is not None
            above = path(by_id[unit.parent])
            written[unit.id] = unit.name if unit.parent == top else f"{above}{SEPARATOR}{unit.name}"
        return written[unit.id]

    for unit in by_id.values():
        path(unit)
    return written


def compare(
    table: Table, units: Iterable[Known], top: str, kinds: Mapping[str, str], above: Sequence[str] = ()
) -> Plan:
    """Plan the table against the units at and below `top`. `kinds`: every spelling of a kind → its code.

    `above` are the names of the units above `top`, the highest first: a path in the table may begin with
    them.
    """
    return _Comparison(table, list(units), top, kinds, above).plan()


class _Comparison:
    def __init__(
        self, table: Table, units: list[Known], top: str, kinds: Mapping[str, str], above: Sequence[str]
    ) -> None:
        self.table, self.top, self.kinds = table, top, {k.casefold(): v for k, v in kinds.items()}
        self.above = tuple(map(_fold, above))
        self.known = {unit.id: unit for unit in units}
        self.path = paths(units, top)
        self.result = Plan(problems=list(table.problems))
        self.refs: dict[int, Ref] = {}
        self.by_path: dict[str, set[Ref]] = defaultdict(set)
        self.by_name: dict[str, set[Ref]] = defaultdict(set)
        self.by_end: dict[str, list[tuple[list[str], Ref]]] = defaultdict(list)

    def wrong(self, row: Row, key: str, code: str, value: str = "") -> None:
        self.result.problems.append(Problem(row.number, self.table.places.get(key, ""), code, value))

    def plan(self) -> Plan:
        rows = [row for row in self.table.rows if self._checked(row)]
        self._index(rows)
        parents = {self.refs[row.number]: self._parent(row) for row in rows}
        self._structure(rows, parents)
        for row in rows:
            ref, parent = self.refs[row.number], parents[self.refs[row.number]]
            if ref in self.known:
                self._existing(row, self.known[ref], parent)
            elif parent is not None:
                self.result.new.append(New(ref, row.number, parent, row.cells))
        self.result.new = _parents_first(self.result.new)
        # A line with a mistake is in the table, too: its unit does not count as missing.
        mentioned = {*self.refs.values(), *(row.cells.get("id", "") for row in self.table.rows)}
        self.result.missing = [
            unit for unit in self.known.values() if unit.id not in mentioned and unit.id != self.top
        ]
        self.result.problems.sort(key=lambda p: (p.row, p.column))
        return self.result

    def _checked(self, row: Row) -> bool:
        """Check each cell by itself, and convert it to the tree's form."""
        cells, before = row.cells, len(self.result.problems)
        if not cells.get("name"):
            self.wrong(row, "name", "no_name")
        for key, text in cells.items():
            if len(text) > BY_KEY[key].length:
                self.wrong(row, key, "too_long", str(BY_KEY[key].length))
            elif not text.isprintable():
                self.wrong(row, key, "unprintable")
        if cells.get("kind"):
            code = self.kinds.get(cells["kind"].casefold())
            if code is None:
                self.wrong(row, "kind", "kind", cells["kind"])
            else:
                cells["kind"] = code
        for key, pattern in (("staff_count", _COUNT), ("contact_phone", _PHONE), ("contact_email", _EMAIL)):
            if cells.get(key) and not pattern.fullmatch(cells[key]):
                self.wrong(row, key, key, cells[key])
        if "staff_count" in cells:
            cells["staff_count"] = cells["staff_count"].replace(".", "")
        return len(self.result.problems) == before

    def _index(self, rows: list[Row]) -> None:
        """Find the unit of each row, and the names that a row may use for its superior."""
        siblings = {(unit.parent, unit.name.casefold()): unit.id for unit in self.known.values()}
        for unit in self.known.values():
            self._add_path(_fold(self.path[unit.id]), unit.id)
            self.by_name[_fold(unit.name)].add(unit.id)
        taken: dict[Ref, int] = {}
        without = []
        for row in rows:
            given = row.cells.get("id", "").lower()
            if given and (given not in self.known or given == self.top):
                self.wrong(row, "id", "unknown_id", given)
            if not given or given not in self.known or given == self.top:
                without.append(row)
                self.refs[row.number] = f"row:{row.number}"
            elif given in taken:
                self.wrong(row, "id", "twice", str(taken[given]))
                self.refs[row.number] = f"row:{row.number}"
            else:
                self.refs[row.number] = given
                taken[given] = row.number
        for row in without:
            parent = self._lookup(row.cells.get("parent", ""))
            twin = (
                siblings.get((next(iter(parent)), row.cells["name"].casefold())) if len(parent) == 1 else None
            )
            if twin is not None and twin not in taken and not row.cells.get("id"):
                self.refs[row.number] = twin
                taken[twin] = row.number
        for row in rows:
            ref, name = self.refs[row.number], row.cells["name"]
            self.by_name[_fold(name)].add(ref)
            above = row.cells.get("parent", "")
            is_top = not above or _fold(above) == _fold(self.path[self.top])
            self._add_path(_fold(name) if is_top else f"{_fold(above)}{_PART}{_fold(name)}", ref)

    def _add_path(self, path: str, ref: Ref) -> None:
        self.by_path[path].add(ref)
        *outer, name = path.split(_PART)
        self.by_end[name].append(([*self.above, _fold(self.path[self.top]), *outer], ref))

    def _lookup(self, text: str) -> set[Ref]:
        if not text:
            return {self.top}
        folded = _fold(text)
        return self.by_path.get(folded) or self.by_name.get(folded) or self._by_some_superiors(folded)

    def _by_some_superiors(self, path: str) -> set[Ref]:
        """The units with that name below the other names of the path, in their order; some may be left
        out."""
        *outer, name = path.split(_PART)
        if not outer:
            return set()
        found = set()
        for names, ref in self.by_end.get(name, ()):
            left = iter(names)
            if all(one in left for one in outer):
                found.add(ref)
        return found

    def _parent(self, row: Row) -> Ref | None:
        text = row.cells.get("parent", "")
        known = self.known.get(self.refs[row.number])
        if known is not None and ("parent" not in row.cells or text == self.path.get(known.parent or "")):
            return known.parent  # as in the table that the portal gave out
        found = self._lookup(text)
        if len(found) == 1:
            return next(iter(found))
        if found and known is not None and known.parent in found:
            return known.parent
        self.wrong(row, "parent", "many_parents" if found else "no_parent", text)
        return None

    def _structure(self, rows: list[Row], parents: dict[Ref, Ref | None]) -> None:
        """Check that there is no cycle, and that no two units of one name have the same superior."""
        final: dict[Ref, Ref | None] = {unit.id: unit.parent for unit in self.known.values()}
        final.update({ref: parent for ref, parent in parents.items() if parent is not None})
        names = {unit.id: unit.name for unit in self.known.values()}
        names.update({self.refs[row.number]: row.cells["name"] for row in rows})
        first: dict[tuple[Ref | None, str], Ref] = {}
        for ref in self.known:
            if ref not in parents:
                first.setdefault((final[ref], names[ref]), ref)
        for row in rows:
            ref = self.refs[row.number]
            other = first.setdefault((final.get(ref), names[ref]), ref)
            if other != ref and not self._stands(ref, final.get(ref), names[ref]):
                self.wrong(row, "name", "twins", names[ref])
            seen, above = {ref}, final.get(ref)
            while above is not None and above not in seen:
                seen.add(above)
                above = final.get(above)
            if above == ref:
                self.wrong(row, "parent", "cycle", row.cells.get("parent", ""))

    def _stands(self, ref: Ref, parent: Ref | None, name: str) -> bool:
        """Whether the tree already has the unit with that name at that place: old faults are not reported."""
        unit = self.known.get(ref)
        return unit is not None and (unit.parent, unit.name) == (parent, name)

    def _existing(self, row: Row, unit: Known, parent: Ref | None) -> None:
        cells = {
            key: (unit.cells.get(key, ""), text)
            for key, text in row.cells.items()
            if key not in {"id", "parent"} and text != unit.cells.get(key, "") and (text or key != "kind")
        }
        moved = parent if parent is not None and parent != unit.parent else None
        if cells or moved:
            above = (
                self.path.get(unit.parent or "", ""),
                self.path.get(parent or "", row.cells.get("parent", "")),
            )
            self.result.changed.append(Changed(unit.id, row.number, unit.name, cells, moved, above))
        else:
            self.result.same += 1


_PART = SEPARATOR.strip()


def _fold(text: str) -> str:
    """A path to compare, the highest name first. `Xã B / Huyện A` is read as `Huyện A > Xã B`."""
    parts = text.split(_PART)
    if len(parts) == 1 and NEAREST_FIRST in text:
        parts = text.split(NEAREST_FIRST)[::-1]
    return _PART.join(nfc(part).casefold() for part in parts)


def _parents_first(new: list[New]) -> list[New]:
    waiting = {unit.ref: unit for unit in new}
    ordered: list[New] = []

    def place(unit: New) -> None:
        line = [unit]
        while (above := waiting.get(line[-1].parent)) is not None and above not in line:
            line.append(above)
        for one in reversed(line):
            if waiting.pop(one.ref, None) is not None:
                ordered.append(one)

    for unit in new:
        if unit.ref in waiting:
            place(unit)
    return ordered
