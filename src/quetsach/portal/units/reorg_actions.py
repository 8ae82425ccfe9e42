"""Reorganisations: one verb each, with its event, its transaction and its audit entry.

A campaign published before keeps its frozen nodes; `HeldPath` lets the successor's people act there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.units.change_actions import (
    VERSIONED,
    Change,
    TreeRefusedError,
    hold,
    lock_tree,
    midnight,
    names,
    restore,
)
from quetsach.portal.units.models import (
    HeldPath,
    Involvement,
    ReorgEvent,
    ReorgLink,
    Unit,
    UnitVersion,
    subtree,
)
from quetsach.text.vietnamese import nfc

Kind, Portion = ReorgEvent.Kind, ReorgLink.Portion


@dataclass(frozen=True)
class Part:
    """A new unit that a split makes; `children` move below it."""

    name: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    children: Sequence[UUID] = ()


@transaction.atomic
def found(
    actor: User | None,
    parent: Unit,
    name: str,
    *,
    on: date,
    legal_basis: str = "",
    ip: str | None = None,
    **fields: Any,
) -> ReorgEvent:
    """Add a unit below `parent` from a day on. Raises TreeRefusedError."""
    change = Change(actor, Kind.FOUND, on, legal_basis)
    unit = change.make(parent, name, **fields)
    record(actor, "unit.create", unit_path=unit.path, about=unit, data={"name": unit.name}, ip=ip)
    return change.event


@transaction.atomic
def rename(
    actor: User | None, unit: Unit, *, on: date, legal_basis: str = "", ip: str | None = None, **fields: Any
) -> ReorgEvent:
    """Give a unit another name, short name, abbreviation or kind. Raises TreeRefusedError: `nothing`, …"""
    assert fields.keys() <= set(VERSIONED), fields
    fields = {key: nfc(value) for key, value in fields.items()}
    if all(getattr(unit, key) == value for key, value in fields.items()):
        raise TreeRefusedError("nothing", unit.name)
    old = unit.name
    change = Change(actor, Kind.RENAME, on, legal_basis)
    unit = change.alter(unit, **fields)
    data = {"old": old, "new": unit.name, "fields": sorted(fields)}
    record(actor, "unit.rename", unit_path=unit.path, about=unit, data=data, ip=ip)
    return change.event


@transaction.atomic
def move(
    actor: User | None,
    unit: Unit,
    parent: Unit,
    *,
    on: date,
    legal_basis: str = "",
    ip: str | None = None,
) -> ReorgEvent:
    """Put a unit, with all below it, under another superior. Raises TreeRefusedError."""
    if unit.parent_id == parent.pk:
        raise TreeRefusedError("nothing", unit.name)
    change = Change(actor, Kind.MOVE, on, legal_basis)
    unit = change.alter(unit, parent=Unit.rows.get(pk=parent.pk))
    data = {"name": unit.name, "to": parent.name}
    record(actor, "unit.move", unit_path=unit.path, about=unit, data=data, ip=ip)
    return change.event


@transaction.atomic
def merge(
    actor: User | None,
    sources: Sequence[Unit],
    *,
    into: Unit | None = None,
    parent: Unit | None = None,
    name: str = "",
    on: date,
    legal_basis: str = "",
    ip: str | None = None,
    **fields: Any,
) -> ReorgEvent:
    """Merge whole units into one that exists (`into`), or into a new one of that name below `parent`.

    The units below the sources move below the result, whose people inherit their duties. Raises
    TreeRefusedError: `too_few` sources, and the errors of the other verbs.
    """
    sources = [unit for unit in dict.fromkeys(sources) if unit != into]
    if not sources or (into is None and len(sources) < 2):
        raise TreeRefusedError("too_few")
    change = Change(actor, Kind.MERGE, on, legal_basis)
    sources = [change.current(unit) for unit in sources]
    if into is not None:
        target = change.current(into)
        if any(target.path.startswith(source.path) for source in sources):
            raise TreeRefusedError("cycle", target.name)
        change.touch(target)
    else:
        target = change.make_apart(parent, name, sources, **fields)
    for source in sources:
        change.move_children(source, target)
        change.link(source, target, Portion.WHOLE, inherits=True)
        change.copy_networks(source, target)
        change.retire(source)
    data = {"names": ", ".join(names(sources)), "into": target.name}
    record(actor, "unit.merge", unit_path=target.path, about=target, data=data, ip=ip)
    return change.event


@transaction.atomic
def split(
    actor: User | None,
    unit: Unit,
    parts: Sequence[Part],
    *,
    keep: bool,
    heir: int | None = None,
    on: date,
    legal_basis: str = "",
    ip: str | None = None,
) -> ReorgEvent:
    """Divide a unit. With `keep` it goes on beside its parts. Without, it ends, and `heir` is the index of
    the part that takes over its unfinished duties; no part does if it is None.

    Raises TreeRefusedError: `too_few` parts, `stray` for a child that no part takes.
    """
    if len(parts) < (1 if keep else 2):
        raise TreeRefusedError("too_few")
    change = Change(actor, Kind.SPLIT, on, legal_basis)
    unit = change.current(unit)
    below = {child.pk: child for child in Unit.rows.filter(parent=unit, retired_at=None)}
    if any(pk not in below for part in parts for pk in part.children):
        raise TreeRefusedError("stray")
    for number, part in enumerate(parts):
        made = change.make_apart(unit.parent, part.name, [] if keep else [unit], **part.fields)
        for pk in part.children:
            change.alter(below.pop(pk), parent=made)
        change.link(unit, made, Portion.PART, inherits=not keep and number == heir)
    if keep:
        change.touch(unit)
    elif below:
        raise TreeRefusedError("stray", next(iter(below.values())).name)
    else:
        change.retire(unit)
    data = {"name": unit.name, "into": ", ".join(nfc(part.name) for part in parts)}
    record(actor, "unit.split", unit_path=unit.path, about=unit, data=data, ip=ip)
    return change.event


@transaction.atomic
def abolish(
    actor: User | None,
    unit: Unit,
    *,
    heir: Unit | None = None,
    children_to: Unit | None = None,
    on: date,
    legal_basis: str = "",
    ip: str | None = None,
) -> ReorgEvent:
    """End a unit. The units below it move to `children_to`; `heir` takes over its unfinished duties.

    Raises TreeRefusedError: `has_children`, and the errors of the other verbs.
    """
    change = Change(actor, Kind.ABOLISH, on, legal_basis)
    unit = change.current(unit)
    if children_to is not None:
        change.move_children(unit, Unit.rows.get(pk=children_to.pk))
    if heir is not None:
        change.link(unit, Unit.rows.get(pk=heir.pk), Portion.WHOLE, inherits=True)
    change.retire(unit)
    record(actor, "unit.abolish", unit_path=unit.path, about=unit, data={"name": unit.name}, ip=ip)
    return change.event


@transaction.atomic
def abolish_level(
    actor: User | None, top: Unit, kind: str, *, on: date, legal_basis: str = "", ip: str | None = None
) -> ReorgEvent:
    """End every unit of one kind below `top`: the units below each move up to its superior, which inherits
    its duties.

    Raises TreeRefusedError: `too_few` if there is no unit of that kind.
    """
    change = Change(actor, Kind.ABOLISH_LEVEL, on, legal_basis)
    level = Unit.rows.filter(subtree(top.path), kind=kind, retired_at=None).exclude(pk=top.pk)
    units = sorted(level.select_related("parent"), key=lambda unit: -len(unit.path))
    if not units:
        raise TreeRefusedError("too_few")
    for unit in units:
        assert unit.parent is not None
        superior = Unit.rows.get(pk=unit.parent.pk)
        change.move_children(unit, superior)
        change.link(unit, superior, Portion.WHOLE, inherits=True)
        change.retire(unit)
    data = {"kind": str(Unit.Kind(kind).label), "count": len(units)}
    record(actor, "unit.abolish_level", unit_path=top.path, about=top, data=data, ip=ip)
    return change.event


@transaction.atomic
def choose_heir(actor: User | None, link: ReorgLink, *, ip: str | None = None) -> None:
    """Set the part of a divided unit that takes over its unfinished duties; the earlier choice ends.

    Raises TreeRefusedError: `undone`.
    """
    lock_tree()
    link = ReorgLink.rows.select_related("event", "from_unit", "to_unit").get(pk=link.pk)
    if link.event.undone_at is not None:
        raise TreeRefusedError("undone")
    if link.inherits:
        return
    rivals = ReorgLink.rows.filter(from_unit=link.from_unit, event__undone_at=None, inherits=True)
    paths = {link.from_unit.path, *HeldPath.rows.filter(unit=link.from_unit).values_list("path", flat=True)}
    for rival in rivals:
        HeldPath.rows.filter(unit=rival.to_unit, path__in=paths).delete()
    rivals.update(inherits=False)
    ReorgLink.rows.filter(pk=link.pk).update(inherits=True)
    hold(link.event, link.from_unit, link.to_unit)
    data = {"name": link.from_unit.name, "heir": link.to_unit.name}
    record(actor, "unit.choose_heir", unit_path=link.from_unit.path, about=link.from_unit, data=data, ip=ip)


@transaction.atomic
def undo(actor: User | None, event: ReorgEvent, *, ip: str | None = None) -> None:
    """Undo an event on the day it was entered. Units that it made are retired, never deleted.

    Raises TreeRefusedError: `another_day`, `later_event`, `twins`; for units that it made also `in_campaign`
    or `has_children`, if they have got any since.
    """
    lock_tree()
    event = ReorgEvent.rows.select_for_update(of=("self",), no_key=True).get(pk=event.pk)
    if event.undone_at is not None:
        return
    if not event.is_open_to_undo:
        raise TreeRefusedError("another_day")
    involved = list(Involvement.rows.filter(event=event).select_related("unit").order_by("pk"))
    units = [row.unit_id for row in involved]
    later = Involvement.rows.filter(unit__in=units, event__at__gt=event.at, event__undone_at=None)
    if later.exclude(event=event).exists():
        raise TreeRefusedError("later_event")
    # Restore retired units first: units that move back below them need a living superior.
    changed = [row for row in involved if row.before is not None]
    HeldPath.rows.filter(event=event).delete()
    UnitVersion.rows.filter(event=event).delete()
    made = [row.unit for row in involved if row.before is None]
    for unit in made:
        if unit.nodes.exists():
            raise TreeRefusedError("in_campaign", unit.name)
    # Retired with no day of life: an undone event never happened.
    Unit.rows.filter(pk__in=[unit.pk for unit in made]).update(retired_at=midnight(event.effective_on))
    for row in sorted(changed, key=lambda row: not row.unit.is_retired):
        restore(event, Unit.rows.get(pk=row.unit_id), row.before or {})
    for unit in made:
        if Unit.rows.filter(parent=unit, retired_at=None).exists():
            raise TreeRefusedError("has_children", unit.name)
    event.undone_at, event.undone_by = timezone.now(), actor
    event.save(update_fields=["undone_at", "undone_by"])
    top = min((row.unit for row in involved), key=lambda unit: len(unit.path))
    data = {"kind": str(event.get_kind_display()), "name": top.name}
    record(actor, "unit.undo", unit_path=top.path, about=top, data=data, ip=ip)
