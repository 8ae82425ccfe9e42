"""One event of the tree while it is written: the former and new states of units, and heirs of duties.

The only code that changes a unit's place or closes a version; the verbs in `reorg_actions` use it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.models.functions import Concat, Length, Substr
from django.utils import timezone

from quetsach.errors import PortalError
from quetsach.portal.accounts.models import User
from quetsach.portal.units.models import (
    PATH_LENGTH,
    HeldPath,
    Involvement,
    ReorgEvent,
    ReorgLink,
    Unit,
    UnitVersion,
    path_segment,
    subtree,
)
from quetsach.portal.units.networks import Network, held_on
from quetsach.text.vietnamese import nfc, search_key

VERSIONED = ("name", "short_name", "doc_abbr", "kind")
_LOCK = 0x5155_4555  # any constant: the tree has one writer at a time


class TreeRefusedError(PortalError):
    """The tree cannot be changed so; `code` is the reason, for a sentence, `about` names the unit."""

    def __init__(self, code: str, about: str = "") -> None:
        super().__init__(f"{code}: {about}" if about else code)
        self.code = code
        self.about = about


def lock_tree() -> None:
    """Wait until no other transaction changes the tree. SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


class Change:
    """Writes one event: constructor, then `alter`, `make`, `retire`, `link`, in the caller's transaction."""

    def __init__(self, actor: User | None, kind: ReorgEvent.Kind, on: date, legal_basis: str = "") -> None:
        """Raises TreeRefusedError: `future`."""
        if on > timezone.localdate():
            raise TreeRefusedError("future")
        lock_tree()
        self.on = on
        self._ending: set[UUID] = set()
        self.event = ReorgEvent.rows.create(
            kind=kind, effective_on=on, legal_basis=nfc(legal_basis), by=actor
        )

    def current(self, unit: Unit) -> Unit:
        """The unit's present row. Raises TreeRefusedError: `retired`, or `before_last_change`."""
        fresh = (
            Unit.rows.select_for_update(of=("self",), no_key=True).select_related("parent").get(pk=unit.pk)
        )
        if fresh.is_retired:
            raise TreeRefusedError("retired", fresh.name)
        if fresh.valid_from is not None and self.on < fresh.valid_from:
            raise TreeRefusedError("before_last_change", fresh.name)
        return fresh

    def alter(self, unit: Unit, *, parent: Unit | None = None, **fields: Any) -> Unit:
        """Give a unit other fields of VERSIONED, or another superior; its former state stays as a version.

        Raises TreeRefusedError: `cycle`, `too_deep`, `twins`, and those of `current`.
        """
        unit = self.current(unit)
        self._remember(unit)
        self._close(unit)
        old = unit.path
        for field, value in fields.items():
            setattr(unit, field, value)
        if parent is not None:
            if parent.is_retired:
                raise TreeRefusedError("retired", parent.name)
            if parent.path.startswith(old):
                raise TreeRefusedError("cycle", parent.name)
            self._stands(parent)
            unit.parent = parent
            unit.path = parent.path + path_segment(unit.pk)
        unit.search_key = search_key(unit.name)
        check_name(unit)
        unit.valid_from = self.on
        unit.full_clean(exclude=["parent", "path", "position", "staff_count"])
        unit.save()
        if unit.path != old:
            self._relocate(unit, old)
        return unit

    def touch(self, unit: Unit) -> None:
        """Record that the event concerns a unit whose own fields stay."""
        self._remember(self.current(unit))

    def make_apart(self, parent: Unit | None, name: str, ending: Iterable[Unit], **fields: Any) -> Unit:
        """A new unit that may have the name of a unit that ends in the same event."""
        self._ending = {unit.pk for unit in ending}
        try:
            return self.make(parent, name, **fields)
        finally:
            self._ending = set()

    def make(self, parent: Unit | None, name: str, **fields: Any) -> Unit:
        """A new unit. Raises TreeRefusedError: `retired`, `twins`, `too_deep`."""
        if parent is not None:
            parent = Unit.rows.get(pk=parent.pk)
            if parent.is_retired:
                raise TreeRefusedError("retired", parent.name)
            self._stands(parent)
            fields.setdefault("position", Unit.rows.filter(parent=parent).count())
        name = nfc(name)
        unit = Unit(parent=parent, name=name, search_key=search_key(name), valid_from=self.on, **fields)
        unit.path = (parent.path if parent else "") + path_segment(unit.pk)
        check_name(unit, self._ending)
        if len(unit.path) > PATH_LENGTH:
            raise TreeRefusedError("too_deep", name)
        unit.full_clean(exclude=["parent", "path"])
        unit.save(force_insert=True)
        Involvement.rows.create(event=self.event, unit=unit, before=None)
        return unit

    def make_many(self, units: Sequence[Unit]) -> None:
        """Write new units whose places and names were checked; superiors come first."""
        for unit in units:
            unit.search_key = search_key(unit.name)
            unit.valid_from = self.on
            unit.path = (unit.parent.path if unit.parent else "") + path_segment(unit.pk)
            if len(unit.path) > PATH_LENGTH:
                raise TreeRefusedError("too_deep", unit.name)
        Unit.rows.bulk_create(units)
        Involvement.rows.bulk_create([Involvement(event=self.event, unit=unit) for unit in units])

    def retire(self, unit: Unit) -> None:
        """End a unit on the event's day. Raises TreeRefusedError: `has_children`."""
        unit = self.current(unit)
        below = Unit.rows.filter(parent=unit)
        if below.filter(retired_at=None).exists():
            raise TreeRefusedError("has_children", unit.name)
        end = midnight(self.on)
        left_later = UnitVersion.rows.filter(parent=unit, valid_to__gt=self.on)
        if below.filter(retired_at__gt=end).exists() or left_later.exists():
            raise TreeRefusedError("before_last_change", unit.name)
        self._remember(unit)
        unit.retired_at = end
        unit.save(update_fields=["retired_at"])

    def move_children(self, unit: Unit, to: Unit) -> None:
        """Put all units directly below a unit below another one."""
        for child in Unit.rows.filter(parent=unit, retired_at=None).exclude(pk=to.pk).order_by("pk"):
            self.alter(child, parent=to)

    def link(
        self, old: Unit, new: Unit, portion: ReorgLink.Portion, *, inherits: bool, note: str = ""
    ) -> None:
        """Record the successor of a unit; with `inherits` the new unit's people get its duties."""
        ReorgLink.rows.create(
            event=self.event, from_unit=old, to_unit=new, portion=portion, inherits=inherits, note=note
        )
        if inherits:
            hold(self.event, old, new)

    def copy_networks(self, old: Unit, new: Unit) -> None:
        """Give the new unit the old one's addresses; the old unit keeps them for campaigns frozen before."""
        have = set(Network.rows.filter(held_on(self.on), unit=new).values_list("cidr", flat=True))
        for network in Network.rows.filter(held_on(self.on), unit=old).exclude(cidr__in=have):
            Network.rows.create(
                unit=new, cidr=network.cidr, note=network.note, begin=network.begin, end=network.end
            )

    def _stands(self, parent: Unit) -> None:
        since = founded_on(parent)
        if since is not None and since > self.on:
            raise TreeRefusedError("before_last_change", parent.name)

    def _remember(self, unit: Unit) -> None:
        Involvement.rows.get_or_create(event=self.event, unit=unit, defaults={"before": state_of(unit)})

    def _close(self, unit: Unit) -> None:
        """Store the unit's former state as a version, unless it held for no whole day."""
        if unit.valid_from != self.on:
            UnitVersion.rows.create(
                unit=unit,
                event=self.event,
                valid_from=unit.valid_from,
                valid_to=self.on,
                search_key=unit.search_key,
                parent_id=unit.parent_id,
                **{field: getattr(unit, field) for field in VERSIONED},
            )

    def _relocate(self, unit: Unit, old: str) -> None:
        """Move the subtree along; the people in it also keep their former paths."""
        longest = Unit.rows.filter(subtree(old)).aggregate(most=models.Max(Length("path")))["most"] or len(
            old
        )
        if longest - len(old) + len(unit.path) > PATH_LENGTH:
            raise TreeRefusedError("too_deep", unit.name)
        carry(self.event, unit, old)


def carry(event: ReorgEvent, unit: Unit, old: str) -> None:
    """Write new paths for a whole subtree; its units keep their old paths as held paths."""
    below = Unit.rows.filter(subtree(old)).exclude(pk=unit.pk)
    left = [(unit.pk, old), *below.values_list("pk", "path")]
    held = [HeldPath(unit_id=pk, path=path, event=event) for pk, path in left]
    HeldPath.rows.bulk_create(held, ignore_conflicts=True)
    below.update(path=Concat(models.Value(unit.path), Substr("path", len(old) + 1)))


def hold(event: ReorgEvent, old: Unit, new: Unit) -> None:
    """Let the people of `new`, and of units that inherited from it since, act where those of `old` could."""
    paths = sorted({old.path, *HeldPath.rows.filter(unit=old).values_list("path", flat=True)})
    heirs, found = [new.pk], {new.pk}
    while heirs:
        HeldPath.rows.bulk_create(
            [HeldPath(unit_id=heir, path=path, event=event) for heir in heirs for path in paths],
            ignore_conflicts=True,
        )
        links = ReorgLink.rows.filter(from_unit__in=heirs, inherits=True, event__undone_at=None)
        heirs = [pk for pk in links.values_list("to_unit", flat=True) if pk not in found]
        found.update(heirs)


def founded_on(unit: Unit) -> date | None:
    """The first day on which the unit is known to exist; None if it is not known to have a beginning."""
    first = UnitVersion.rows.filter(unit=unit).order_by("valid_to").first()
    return first.valid_from if first else unit.valid_from


def check_name(unit: Unit, apart: Collection[UUID] = ()) -> None:
    """Raises TreeRefusedError `twins` if a live sibling, except those `apart`, has the same name."""
    twins = Unit.rows.filter(parent=unit.parent_id, name=unit.name, retired_at=None)
    twins = twins.exclude(pk__in=[unit.pk, *apart])
    if twins.exists():
        raise TreeRefusedError("twins", unit.name)


def state_of(unit: Unit) -> dict[str, Any]:
    """The data about a unit that undoing needs, as JSON."""
    return {
        **{field: getattr(unit, field) for field in VERSIONED},
        "parent": str(unit.parent_id) if unit.parent_id else None,
        "valid_from": unit.valid_from.isoformat() if unit.valid_from else None,
        "retired_at": unit.retired_at.isoformat() if unit.retired_at else None,
    }


def restore(event: ReorgEvent, unit: Unit, before: dict[str, Any]) -> None:
    """Restore a unit to the state of `state_of`. Raises TreeRefusedError if its superior has ended."""
    parent = Unit.rows.filter(pk=before["parent"]).first() if before["parent"] else None
    if parent is not None and parent.is_retired:
        raise TreeRefusedError("retired", parent.name)
    old = unit.path
    for field in VERSIONED:
        setattr(unit, field, before[field])
    unit.parent = parent
    unit.path = (parent.path if parent else "") + path_segment(unit.pk)
    unit.search_key = search_key(unit.name)
    unit.valid_from = date.fromisoformat(before["valid_from"]) if before["valid_from"] else None
    unit.retired_at = datetime.fromisoformat(before["retired_at"]) if before["retired_at"] else None
    if not unit.is_retired:
        check_name(unit)
    unit.save()
    if unit.path != old:
        carry(event, unit, old)


def midnight(day: date) -> datetime:
    """The day's first moment on the portal's calendar."""
    return timezone.make_aware(datetime.combine(day, time.min))


def names(units: Iterable[Unit]) -> list[str]:
    """The first fifty names, for the audit entry."""
    return [unit.name for unit in units][:50]
