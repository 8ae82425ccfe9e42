"""Offers for the names of a table that nearly match: superiors that the tree does not know by that name, and
new lines that may be units of the tree under another spelling."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from quetsach.annexes.collecting.names import Directory
from quetsach.annexes.collecting.names import Unit as Named
from quetsach.portal.units.likely import below, directory, offered, written
from quetsach.portal.units.models import Unit, UnitImport
from quetsach.units.plan import Plan

MOST_NAMES = 20
"""Superiors' names for which units are offered; the next ones follow when these are decided."""
MOST_LINES = 200
"""New lines that are compared with the units beside them."""
_CERTAIN = {"", "unit_marks", "unit_similar"}
"""Doubts with which a line may be a unit that stands beside it; another kind of place is another unit."""


@dataclass(frozen=True)
class Choice:
    """A name in the table, and the ways to write each unit that it may mean."""

    text: str
    lines: tuple[int, ...]
    ways: tuple[str, ...]


@dataclass(frozen=True)
class Same:
    """A new line, and the unit of the tree that it may be."""

    line: int
    text: str
    unit: str
    name: str


def superiors(stored: UnitImport, plan: Plan) -> list[Choice]:
    """For each name of a superior that is unknown or stands more than once: what may be meant."""
    lines: dict[str, list[int]] = defaultdict(list)
    for problem in plan.problems:
        if problem.code in {"no_parent", "many_parents"}:
            lines[problem.value].append(problem.row)
    if not lines:
        return []
    known = below(stored.top)
    of_file = [
        Named(
            f"row:{row['number']}", row["cells"]["name"], tuple(filter(None, (row["cells"].get("parent"),)))
        )
        for row in stored.rows_read["rows"]
        if row["cells"].get("name") and not row["cells"].get("id")
    ]
    new = Directory(of_file)
    found = []
    for text, rows in list(lines.items())[:MOST_NAMES]:
        near = [*offered(known, text), *offered(new, text)]
        found.append(Choice(text, tuple(rows), tuple(dict.fromkeys(map(written, near)))))
    return [choice for choice in found if choice.ways]


def same_units(plan: Plan) -> list[Same]:
    """For each new line below a unit of the tree: a unit there that the table does not name, if it may be
    that one."""
    beside: dict[str | None, list[str]] = defaultdict(list)
    for unit in plan.missing:
        beside[unit.parent].append(unit.id)
    lines = [new for new in plan.new if new.parent in beside][:MOST_LINES]
    wanted = {pk for new in lines for pk in beside[new.parent]}
    units = {str(unit.pk): unit for unit in Unit.rows.filter(pk__in=wanted)}
    known = {
        parent: directory(units[pk] for pk in beside[parent]) for parent in {new.parent for new in lines}
    }
    found, taken = [], set()
    for new in lines:
        match = known[new.parent].match(new.cells["name"])
        if match.unit is not None and match.doubt in _CERTAIN and match.unit.key not in taken:
            taken.add(match.unit.key)
            found.append(Same(new.row, new.cells["name"], match.unit.key, match.unit.name))
    return found
