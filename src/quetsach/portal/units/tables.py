"""Converts between the tree and `quetsach.units`: a subtree to rows, a stored table to a plan."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.utils import translation

from quetsach.portal.units.models import Identifier, Unit, UnitImport, subtree
from quetsach.portal.units.queries import above, in_order
from quetsach.units.columns import NUMBERS
from quetsach.units.plan import Known, Plan, compare, paths
from quetsach.units.table import Problem, Row, Table


def known_units(top: Unit) -> list[Known]:
    """The living units at and below `top`, with the columns of a table."""
    units = list(Unit.rows.filter(subtree(top.path), retired_at=None))
    numbers: dict[object, dict[str, str]] = {}
    rows = Identifier.rows.filter(subtree(top.path, "unit__path"), valid_to=None, scheme__in=NUMBERS)
    for unit, scheme, value in rows.values_list("unit", "scheme", "value"):
        numbers.setdefault(unit, {})[scheme] = value
    return [
        Known(
            id=str(unit.pk),
            parent=None if unit.pk == top.pk else str(unit.parent_id),
            cells={
                "name": unit.name,
                "kind": unit.kind,
                "short_name": unit.short_name,
                "doc_abbr": unit.doc_abbr,
                "code": unit.code,
                "staff_count": "" if unit.staff_count is None else str(unit.staff_count),
                "contact_name": unit.contact_name,
                "contact_phone": unit.contact_phone,
                "contact_email": unit.contact_email,
                **numbers.get(unit.pk, {}),
            },
        )
        for unit in units
    ]


def rows_of(top: Unit, language: str = "vi") -> list[dict[str, str]]:
    """The rows of a subtree for a file: superiors first, kinds in words of the language."""
    known = {unit.id: unit for unit in known_units(top)}
    written = paths(known.values(), str(top.pk))
    labels = kind_labels(language)
    below: dict[str | None, list[Unit]] = {}
    for unit in Unit.rows.filter(subtree(top.path), retired_at=None).exclude(pk=top.pk):
        below.setdefault(str(unit.parent_id), []).append(unit)
    rows: list[dict[str, str]] = []
    line = in_order(below.get(str(top.pk), []))[::-1]
    while line:
        unit = line.pop()
        one = known[str(unit.pk)]
        above = written[one.parent] if one.parent else ""
        rows.append({**one.cells, "id": one.id, "kind": labels[unit.kind], "parent": above})
        line += in_order(below.get(one.id, []))[::-1]
    return rows


def kind_labels(language: str = "vi") -> dict[str, str]:
    """The kinds in Vietnamese unless asked otherwise, because workbooks leave the portal."""
    with translation.override(language):
        return {kind.value: str(kind.label) for kind in Unit.Kind}


def kind_spellings() -> dict[str, str]:
    """Every way to write a kind in a file."""
    spelled = {code: code for code in Unit.Kind.values}
    for language in ("vi", "en"):
        with translation.override(language):
            spelled.update({str(kind.label): kind.value for kind in Unit.Kind})
    return spelled


def to_json(table: Table) -> dict[str, Any]:
    """The table as JSON for the database."""
    return asdict(table)


def plan_of(stored: UnitImport) -> Plan:
    """Compare a stored table with the present tree."""
    data: dict[str, Any] = stored.rows_read
    table = Table(
        rows=tuple(Row(row["number"], dict(row["cells"])) for row in data["rows"]),
        places=data["places"],
        problems=tuple(Problem(**problem) for problem in data["problems"]),
    )
    outer = [unit.name for unit in above([stored.top])[stored.top_id]]
    return compare(table, known_units(stored.top), str(stored.top_id), kind_spellings(), outer)
