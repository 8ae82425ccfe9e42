"""Tables of units: stored for their preview, then applied whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.units import tables
from quetsach.portal.units.actions import set_identifier
from quetsach.portal.units.change_actions import VERSIONED, Change, TreeRefusedError, lock_tree
from quetsach.portal.units.models import ReorgEvent, Unit, UnitImport
from quetsach.portal.units.queries import stamp
from quetsach.text.vietnamese import nfc
from quetsach.units.columns import NUMBERS
from quetsach.units.plan import Changed, Plan
from quetsach.units.table import Table

PLAIN = ("code", "staff_count", "contact_name", "contact_phone", "contact_email")


@transaction.atomic
def keep(actor: User, top: Unit, file_name: str, table: Table) -> UnitImport:
    """Store a table until it is applied; the person's earlier unapplied tables are deleted."""
    UnitImport.rows.filter(by=actor, applied_at=None).delete()
    lock_tree()
    return UnitImport.rows.create(
        top=top, file_name=nfc(file_name)[:200], rows_read=tables.to_json(table), stamp=stamp(top), by=actor
    )


@transaction.atomic
def correct(stored: UnitImport, superiors: Mapping[str, str], same: Mapping[int, tuple[str, str]]) -> None:
    """Rewrite the stored table as a person chose: `superiors` by the name in the table; `same` holds the id
    and the name of the unit that a line is. Applied tables stay as they are."""
    stored = UnitImport.rows.select_for_update(of=("self",), no_key=True).get(pk=stored.pk)
    if stored.applied_at is not None:
        return
    rows = stored.rows_read["rows"]
    # Lines below a line that gets the name of the tree stay below it.
    renamed = {row["cells"]["name"]: same[row["number"]][1] for row in rows if row["number"] in same}
    written = {**renamed, **superiors}
    for row in rows:
        cells = row["cells"]
        if cells.get("parent") in written:
            cells["parent"] = written[cells["parent"]]
        if row["number"] in same:
            cells["id"], cells["name"] = same[row["number"]]
    stored.save(update_fields=["rows_read"])


@transaction.atomic
def apply(actor: User, stored: UnitImport, *, on: date, legal_basis: str = "", ip: str | None = None) -> Plan:
    """Apply the plan of a stored table. A second call changes nothing.

    Raises TreeRefusedError: `stale` if the tree changed since the preview, `problems`, and the verbs' errors.
    """
    lock_tree()
    rows = UnitImport.rows.select_for_update(of=("self",), no_key=True).select_related("top")
    stored = rows.get(pk=stored.pk)
    if stored.applied_at is not None:
        return Plan()
    if stamp(stored.top) != stored.stamp:
        raise TreeRefusedError("stale")
    plan = tables.plan_of(stored)
    if plan.problems:
        raise TreeRefusedError("problems")
    made = _make(actor, plan, on, legal_basis)
    _move(actor, plan, made, on, legal_basis)
    _rename(actor, plan, on, legal_basis)
    for change in plan.altered:
        _fill(change)
    stored.applied_at = timezone.now()
    stored.save(update_fields=["applied_at"])
    data = {
        "file": stored.file_name,
        "new": len(plan.new),
        "changed": len(plan.altered),
        "moved": len(plan.moved),
    }
    record(actor, "unit.import", unit_path=stored.top.path, about=stored.top, data=data, ip=ip)
    return plan


def _make(actor: User, plan: Plan, on: date, legal_basis: str) -> dict[str, Unit]:
    made: dict[str, Unit] = {}
    if not plan.new:
        return made
    change = Change(actor, ReorgEvent.Kind.FOUND, on, legal_basis)
    above = {str(unit.pk): unit for unit in Unit.rows.filter(pk__in=_ids(new.parent for new in plan.new))}
    for unit in above.values():
        change.current(unit)
    for position, new in enumerate(plan.new):
        cells = {key: new.cells[key] for key in (*VERSIONED, *PLAIN) if new.cells.get(key)}
        unit = Unit(position=position, **cells)
        unit.parent = above.get(new.parent) or made[new.parent]
        unit.clean_fields(exclude=["parent", "path", "position"])
        made[new.ref] = unit
    change.make_many(list(made.values()))
    for new in plan.new:
        for scheme in NUMBERS:
            if new.cells.get(scheme):
                set_identifier(made[new.ref], scheme, new.cells[scheme], on)
    return made


def _ids(refs: Iterable[str]) -> set[str]:
    return {ref for ref in refs if not ref.startswith("row:")}


def _move(actor: User, plan: Plan, made: dict[str, Unit], on: date, legal_basis: str) -> None:
    if not plan.moved:
        return
    change = Change(actor, ReorgEvent.Kind.MOVE, on, legal_basis)
    for moved in plan.moved:
        assert moved.parent is not None
        parent = made.get(moved.parent) or Unit.rows.get(pk=moved.parent)
        change.alter(Unit.rows.get(pk=moved.id), parent=Unit.rows.get(pk=parent.pk))


def _rename(actor: User, plan: Plan, on: date, legal_basis: str) -> None:
    renamed = [c for c in plan.altered if c.cells.keys() & set(VERSIONED)]
    if not renamed:
        return
    change = Change(actor, ReorgEvent.Kind.RENAME, on, legal_basis)
    for one in renamed:
        fields: dict[str, Any] = {key: new for key, (_, new) in one.cells.items() if key in VERSIONED}
        change.alter(Unit.rows.get(pk=one.id), **fields)


def _fill(change: Changed) -> None:
    unit = Unit.rows.get(pk=change.id)
    plain = {key: new for key, (_, new) in change.cells.items() if key in PLAIN}
    for key, value in plain.items():
        setattr(unit, key, (int(value) if value else None) if key == "staff_count" else value)
    if plain:
        unit.save(update_fields=list(plain))
    for scheme in NUMBERS:
        if scheme in change.cells:
            set_identifier(unit, scheme, change.cells[scheme][1])
