"""Loads the national trees, and applies the reorganisation of 1/7/2025 to the tree of 2022, in bulk.

The rows are the same as from the single verbs, but written by the thousand: one event for each new unit, one
for the level that ended. It cannot be undone by a click.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.units.change_actions import VERSIONED, TreeRefusedError, lock_tree, midnight, state_of
from quetsach.portal.units.models import (
    HeldPath,
    Identifier,
    Involvement,
    ReorgEvent,
    ReorgLink,
    Unit,
    UnitVersion,
    path_segment,
    subtree,
)
from quetsach.text.vietnamese import search_key
from quetsach.units import national
from quetsach.units.national import NationalTree, Origin, Place

DAY = date(2025, 7, 1)
BASIS = "Nghị quyết 202/2025/QH15; Luật 72/2025/QH15"
"""The merger of provinces; the law on local government of two levels. Both took effect on DAY."""
ROOT = "Cả nước"

Kind, Portion, Scheme = ReorgEvent.Kind, ReorgLink.Portion, Identifier.Scheme
_KINDS = {2: Unit.Kind.PROVINCE, 3: Unit.Kind.DISTRICT, 5: Unit.Kind.COMMUNE}
_SCHEMES = {2: Scheme.PROVINCE, 3: Scheme.DISTRICT, 5: Scheme.COMMUNE}
_BATCH = 2_000


@transaction.atomic
def load_tree_of(actor: User | None, tree: NationalTree) -> tuple[Unit, int]:
    """Load the tree of a year; returns the unit on top, and the tree's number of units.

    Loading the tree of 2025 over that of 2022 is a reorganisation; loading the same tree again changes
    nothing. Raises TreeRefusedError: `national_newer` if the tree of 2025 is loaded and that of 2022 is asked
    for, `national_other` for a tree that is neither, `before_last_change` for units changed since DAY.
    """
    lock_tree()
    held = {
        identifier.value: identifier.unit
        for identifier in Identifier.rows.filter(scheme__in=_SCHEMES.values(), valid_to=None).select_related(
            "unit"
        )
    }
    if not held:
        top = _load(tree)
    elif held.keys() == {place.code for place in tree.places}:
        top = _top(held)
    elif tree.year == 2022:
        raise TreeRefusedError("national_newer")
    else:
        before = national.load(2022)
        if held.keys() != {place.code for place in before.places}:
            raise TreeRefusedError("national_other")
        top = _top(held)
        _Reorganisation(actor, tree, held, top).write()
    _count_rows()
    count = Unit.rows.filter(subtree(top.path), retired_at=None).count()
    data = {"year": tree.year, "count": count}
    record(actor, "unit.load", unit_path=top.path, about=top, data=data)
    return top, count


def _count_rows() -> None:
    """Tell PostgreSQL's planner about the new rows: until its next analysis it takes the tables for empty."""
    if connection.vendor == "postgresql":
        tables = [m._meta.db_table for m in (Unit, UnitVersion, ReorgLink, HeldPath, Identifier, Involvement)]
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {', '.join(map(connection.ops.quote_name, tables))}")


def _top(held: dict[str, Unit]) -> Unit:
    province = next(unit for code, unit in held.items() if len(code) == 2)
    if province.parent_id is None:
        raise TreeRefusedError("national_other")
    return Unit.rows.get(pk=province.parent_id)


def _unit(place: Place, parent: Unit, position: int, since: date | None) -> Unit:
    unit = Unit(
        parent=parent,
        name=place.name,
        search_key=search_key(place.name),
        kind=_KINDS[len(place.code)],
        doc_abbr="UBND",
        code=place.code,
        position=position,
        valid_from=since,
    )
    unit.path = parent.path + path_segment(unit.pk)
    return unit


def _number(unit: Unit, code: str, since: date | None) -> Identifier:
    return Identifier(unit=unit, scheme=_SCHEMES[len(code)], value=code, valid_from=since)


def _load(tree: NationalTree) -> Unit:
    since = DAY if tree.year == 2025 else None
    top = Unit(name=ROOT, search_key=search_key(ROOT), kind=Unit.Kind.OTHER)
    top.path = path_segment(top.pk)
    top.save(force_insert=True)
    units: dict[str | None, Unit] = {None: top}
    for position, place in enumerate(tree.places):
        units[place.code] = _unit(place, units[place.parent], position, since)
    Unit.rows.bulk_create([u for u in units.values() if u is not top], batch_size=_BATCH)
    numbers = [_number(unit, code, since) for code, unit in units.items() if code is not None]
    Identifier.rows.bulk_create(numbers, batch_size=_BATCH)
    return top


@dataclass
class _Rows:
    """The rows to write."""

    made: list[Unit] = field(default_factory=list)
    events: list[ReorgEvent] = field(default_factory=list)
    links: list[ReorgLink] = field(default_factory=list)
    versions: list[UnitVersion] = field(default_factory=list)
    numbers: list[Identifier] = field(default_factory=list)
    involved: dict[tuple[object, object], Involvement] = field(default_factory=dict)
    inherits: list[tuple[ReorgEvent, Unit, Unit]] = field(default_factory=list)


class _Reorganisation:
    def __init__(self, actor: User | None, tree: NationalTree, held: dict[str, Unit], top: Unit) -> None:
        self.actor, self.tree, self.top = actor, tree, top
        self.units = {unit.pk: unit for unit in Unit.rows.filter(subtree(top.path))}
        self.units[top.pk] = top
        self.before = {code: self.units[unit.pk] for code, unit in held.items()}
        self.old_paths = {unit.pk: unit.path for unit in self.units.values()}
        self.below: dict[object, list[Unit]] = {}
        for unit in self.units.values():
            if not unit.is_retired:
                self.below.setdefault(unit.parent_id, []).append(unit)
        self.now: dict[str, Unit] = {}
        self.rows = _Rows()
        self.places = {place.code: (n, place) for n, place in enumerate(tree.places)}
        self.level = self._event(Kind.ABOLISH_LEVEL)
        self.renames = self._event(Kind.RENAME)

    def _event(self, kind: ReorgEvent.Kind) -> ReorgEvent:
        event = ReorgEvent(kind=kind, effective_on=DAY, legal_basis=BASIS, by=self.actor, can_be_undone=False)
        self.rows.events.append(event)
        return event

    def write(self) -> None:
        for unit in self.before.values():
            if unit.valid_from is not None and unit.valid_from >= DAY:
                raise TreeRefusedError("before_last_change", unit.name)
        for origin in self.tree.origins:
            self._form(origin)
        self._end()
        self._save()

    def _form(self, origin: Origin) -> None:
        """A unit with one whole origin continues that unit, under its new name and place; others are new."""
        position, place = self.places[origin.code]
        parent = self.now[place.parent] if place.parent else self.top
        whole = [self.before[code] for code in origin.whole]
        part = [self.before[code] for code in origin.part]
        if len(whole) == 1 and not part:
            unit = whole[0]
            is_renamed = unit.name != place.name or unit.kind != _KINDS[len(place.code)]
            self._alter(unit, self.renames if is_renamed else self.level, parent, place.name)
            unit.kind, unit.code, unit.position = _KINDS[len(place.code)], place.code, position
        else:
            unit = _unit(place, parent, position, DAY)
            self.units[unit.pk] = unit
            self.rows.made.append(unit)
            event = self._event(Kind.MERGE)
            self._involve(event, unit, made=True)
            for old in whole:
                self._link(event, old, unit, Portion.WHOLE)
            for old in part:
                self._link(event, old, unit, Portion.PART)
        self.now[place.code] = unit
        self.rows.numbers.append(_number(unit, place.code, DAY))

    def _alter(self, unit: Unit, event: ReorgEvent, parent: Unit, name: str = "") -> None:
        if unit.parent_id == parent.pk and name in {"", unit.name}:
            return
        self._involve(event, unit)
        self.rows.versions.append(
            UnitVersion(
                unit=unit,
                event=event,
                valid_from=unit.valid_from,
                valid_to=DAY,
                search_key=unit.search_key,
                parent_id=unit.parent_id,
                **{key: getattr(unit, key) for key in VERSIONED},
            )
        )
        unit.parent, unit.valid_from = parent, DAY
        if name:
            unit.name, unit.search_key = name, search_key(name)

    def _involve(self, event: ReorgEvent, unit: Unit, made: bool = False) -> None:
        before = None if made else state_of(unit)
        row = Involvement(event=event, unit=unit, before=before)
        self.rows.involved.setdefault((event.pk, unit.pk), row)

    def _link(self, event: ReorgEvent, old: Unit, new: Unit, portion: ReorgLink.Portion) -> None:
        inherits = portion == Portion.WHOLE
        self.rows.links.append(
            ReorgLink(event=event, from_unit=old, to_unit=new, portion=portion, inherits=inherits)
        )
        if inherits:
            self.rows.inherits.append((event, old, new))

    def _end(self) -> None:
        """Retire the units that do not continue; other units below them move to the successors."""
        lasting = {unit.pk for unit in self.now.values()}
        ended = [(code, unit) for code, unit in self.before.items() if unit.pk not in lasting]
        heirs = {o.code: self.now[o.code] for o in self.tree.origins}
        successor = {code: heirs[o.code] for o in self.tree.origins for code in o.whole}
        parts = {code: heirs[new] for code, new in national.first_parts(self.tree.origins).items()}
        national_units = {unit.pk for unit in self.before.values()} | lasting
        places = {place.code: place for place in national.load(2022).places}
        for code, unit in ended:
            province = code
            while places[province].parent is not None:
                province = places[province].parent or ""
            heir = successor.get(code) or parts.get(code) or successor[province]
            for child in self.below.get(unit.pk, []):
                if child.pk not in national_units:
                    self._alter(child, self.level, heir)
            self._involve(self.level, unit)
            if len(code) == 3:
                self._link(self.level, unit, heir, Portion.WHOLE)
            unit.retired_at = midnight(DAY)

    def _save(self) -> None:
        rows = self.rows
        order = {unit.pk: unit for unit in self.units.values()}
        for unit in order.values():
            unit.path = self._path(unit)
        used = {key[0] for key in rows.involved}
        ReorgEvent.rows.bulk_create([e for e in rows.events if e.pk in used], batch_size=_BATCH)
        Unit.rows.bulk_create(rows.made, batch_size=_BATCH)
        made = {unit.pk for unit in rows.made}
        _update([unit for unit in self.units.values() if unit.pk not in made])
        for batch in _batches([unit.pk for unit in self.before.values()]):
            numbers = Identifier.rows.filter(unit__in=batch, valid_to=None, scheme__in=_SCHEMES.values())
            numbers.update(valid_to=DAY)
        Identifier.rows.bulk_create(rows.numbers, batch_size=_BATCH)
        UnitVersion.rows.bulk_create(rows.versions, batch_size=_BATCH)
        Involvement.rows.bulk_create(rows.involved.values(), batch_size=_BATCH)
        ReorgLink.rows.bulk_create(rows.links, batch_size=_BATCH)
        HeldPath.rows.bulk_create(self._held(), batch_size=_BATCH, ignore_conflicts=True)

    def _path(self, unit: Unit) -> str:
        above = self.units.get(unit.parent_id) if unit.parent_id else None
        return (self._path(above) if above else "") + path_segment(unit.pk)

    def _held(self) -> list[HeldPath]:
        earlier: dict[object, list[str]] = {}
        for pk, path in HeldPath.rows.filter(subtree(self.top.path, "unit__path")).values_list(
            "unit", "path"
        ):
            earlier.setdefault(pk, []).append(path)
        held = [
            HeldPath(unit_id=pk, path=old, event=self.level)
            for pk, old in self.old_paths.items()
            if self.units[pk].path != old
        ]
        for event, old, new in self.rows.inherits:
            paths = {self.old_paths[old.pk], *earlier.get(old.pk, [])}
            held += [HeldPath(unit=new, path=path, event=event) for path in sorted(paths)]
        return held


def _batches(pks: list[UUID]) -> Iterable[list[UUID]]:
    for start in range(0, len(pks), 500):
        yield pks[start : start + 500]


_COLUMNS = (
    "parent", "path", "name", "search_key", "kind", "code", "position", "valid_from", "retired_at",
)  # fmt: skip


def _update(units: list[Unit]) -> None:
    """One prepared statement for all: that of `bulk_update` would hold the whole tree in one text."""
    quote = connection.ops.quote_name
    fields: list[Any] = [Unit._meta.get_field(name) for name in (*_COLUMNS, "id")]
    *columns, key = (f"{quote(field.column)} = %s" for field in fields)
    rows = [
        [field.get_db_prep_save(getattr(unit, field.attname), connection) for field in fields]
        for unit in units
    ]
    with connection.cursor() as cursor:
        statement = f"UPDATE {quote(Unit._meta.db_table)} SET {', '.join(columns)} WHERE {key}"  # noqa: S608
        cursor.executemany(statement, rows)
