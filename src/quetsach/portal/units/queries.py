"""Reads of the tree: places, today and on a day; search; heirs of ended units."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, Min, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.units.change_actions import midnight
from quetsach.portal.units.models import (
    HeldPath,
    Identifier,
    Involvement,
    Membership,
    ReorgEvent,
    ReorgLink,
    Role,
    SectorRelation,
    Unit,
    UnitVersion,
    path_segment,
    subtree,
)
from quetsach.portal.units.role_term import in_force
from quetsach.text.vietnamese import SortKey, nfc, search_key, sort_key
from quetsach.units.columns import NEAREST_FIRST

SEGMENT = len(path_segment(UUID(int=0)))
FOUND_AT_MOST = 60
FORMER_AT_MOST = 500
RECENT = 10


@dataclass(frozen=True)
class Standing:
    """A unit's state on a day: its name, and the unit above it."""

    name: str
    kind: str
    parent: UUID | None


@dataclass(frozen=True)
class Hit:
    """A unit found by a search: with the names above it, and the former name that matched."""

    unit: Unit
    above: tuple[str, ...]
    former: str = ""


def tree_as_of(day: date, top: Unit | None = None) -> dict[UUID, Standing]:
    """Every unit of a day, as of that day; with `top` only units whose present or last place is below it."""
    inside = Q() if top is None else subtree(top.path)
    past = UnitVersion.rows.filter(valid_to__gt=day).order_by("-valid_to")
    if top is not None:
        past = past.filter(subtree(top.path, "unit__path"))
    versions = {version.unit_id: version for version in past}  # the earliest that ends after the day
    standing: dict[UUID, Standing] = {}
    alive = Unit.rows.filter(inside).filter(Q(retired_at=None) | Q(retired_at__gt=midnight(day)))
    for unit in alive.order_by("position", "name"):
        state: Unit | UnitVersion = versions.get(unit.pk, unit)
        if state.valid_from is None or state.valid_from <= day:
            standing[unit.pk] = Standing(state.name, state.kind, state.parent_id)
    return standing


def successors_of(units: Iterable[UUID]) -> dict[UUID, list[ReorgLink]]:
    """The links from units to their successors, by unit, without those of undone events."""
    found: dict[UUID, list[ReorgLink]] = {}
    links = ReorgLink.rows.filter(from_unit__in=list(units), event__undone_at=None)
    for link in links.select_related("to_unit", "event").order_by("event__effective_on", "pk"):
        found.setdefault(link.from_unit_id, []).append(link)
    return found


def heirs_at(paths: Iterable[str]) -> dict[str, dict[UUID, str]]:
    """The living successors at each path, with their names; no query without a path."""
    found: dict[str, dict[UUID, str]] = {}
    wanted = list(paths)
    if wanted:
        held = HeldPath.rows.filter(path__in=wanted, unit__retired_at=None)
        rows = held.values_list("path", "unit", "unit__name")
        for path, unit, name in sorted(rows, key=lambda row: sort_key(row[2])):
            found.setdefault(path, {})[unit] = name
    return found


def above(units: Iterable[Unit]) -> dict[UUID, tuple[Unit, ...]]:
    """The units above each unit, the highest first: one query for all."""
    units = list(units)
    prefixes = {unit.path[:end] for unit in units for end in range(SEGMENT, len(unit.path), SEGMENT)}
    by_path = {unit.path: unit for unit in Unit.rows.filter(path__in=prefixes)}
    return {
        unit.pk: tuple(
            by_path[unit.path[:end]]
            for end in range(SEGMENT, len(unit.path), SEGMENT)
            if unit.path[:end] in by_path
        )
        for unit in units
    }


def around(unit: Unit) -> tuple[list[Unit], list[Unit]]:
    """The units above it, the highest first, and the living units directly below. One query."""
    prefixes = {unit.path[:end] for end in range(SEGMENT, len(unit.path), SEGMENT)}
    rows = list(Unit.rows.filter(Q(path__in=prefixes) | Q(parent=unit, retired_at=None)))
    up = sorted((row for row in rows if row.path in prefixes), key=lambda row: len(row.path))
    return up, in_order(row for row in rows if row.path not in prefixes)


_KIND_RANK = {kind: n for n, kind in enumerate(Unit.Kind.values)}


def order_key(kind: str, name: str) -> tuple[int, SortKey]:
    """The common sort key of units: by kind, offices before the units below, then alphabetical."""
    return _KIND_RANK.get(kind, len(_KIND_RANK)), sort_key(name)


def in_order(units: Iterable[Unit]) -> list[Unit]:
    """Units in their common order."""
    return sorted(units, key=lambda unit: order_key(unit.kind, unit.name))


def highest(units: Iterable[Unit]) -> list[Unit]:
    """The given units without a superior that has a coordinator in force: nobody above them runs campaigns.

    They speak for the portal. A province without a coordinator leaves that to its districts, and the unit "Cả
    nước" of the national tree to the provinces. One query for all.
    """
    units = list(units)
    ups = {unit.pk: {unit.path[:end] for end in range(SEGMENT, len(unit.path), SEGMENT)} for unit in units}
    asked = {path for paths in ups.values() for path in paths}
    coordinators = Membership.in_force.filter(role=Role.COORDINATOR, unit__path__in=asked)
    led = set(coordinators.values_list("unit__path", flat=True))
    return [unit for unit in units if led.isdisjoint(ups[unit.pk])]


def children_of(unit: Unit) -> list[Unit]:
    """The living units directly below."""
    return in_order(Unit.rows.filter(parent=unit, retired_at=None))


def search(user: User | AnonymousUser, text: str) -> tuple[list[Hit], int]:
    """Living units whose name or former name has the text, with or without marks; and the number of all hits.

    Exact names come first, then names with the exact letters, then the others. Within each group whole names
    come first, then beginnings, then parts, each in alphabetical order. `Xã Tân Lập / Tỉnh Tây Ninh`: only
    below units with the other names in theirs.
    """
    wanted, *outer = nfc("".join(char for char in text if char.isprintable())).split(NEAREST_FIRST)
    key = search_key(wanted)
    if not key:
        return [], 0
    visible = Unit.objects.visible_to(user).filter(retired_at=None)
    named = list(visible.filter(search_key__contains=key))
    known = {unit.pk for unit in named}
    former: dict[UUID, str] = {}
    for version in UnitVersion.rows.filter(search_key__contains=key):
        former[version.unit_id] = version.name
    links = ReorgLink.rows.filter(
        from_unit__search_key__contains=key, from_unit__retired_at__isnull=False, event__undone_at=None
    )
    for link in links.select_related("from_unit"):
        former.setdefault(link.to_unit_id, link.from_unit.name)
    former = {pk: name for pk, name in former.items() if pk not in known}
    renamed = list(visible.filter(pk__in=list(former)[:FORMER_AT_MOST]))

    def rank(unit: Unit) -> tuple[object, ...]:
        name = former.get(unit.pk, unit.name)
        folded, exact = search_key(name), wanted.casefold() in name.casefold()
        return (
            unit.pk in former,
            name.casefold() != wanted.casefold(),
            not exact,
            folded != key,
            not folded.startswith(key),
            sort_key(name),
            unit.path,
        )

    ranked = sorted([*named, *renamed], key=rank)
    if outer:
        superiors = above(ranked)
        ranked = [unit for unit in ranked if stands_below(superiors[unit.pk], outer)]
    shown = ranked[:FOUND_AT_MOST]
    paths = above(shown)
    hits = [Hit(unit, tuple(u.name for u in paths[unit.pk]), former.get(unit.pk, "")) for unit in shown]
    return hits, len(ranked)


def stands_below(superiors: Iterable[Unit], wanted: Iterable[str]) -> bool:
    """Whether the names, from the nearest on, are found in those of the superiors, in that order."""
    left = iter([unit.search_key for unit in superiors][::-1])
    return all(any(search_key(name) in one for one in left) for name in wanted)


def people_at(unit: Unit, children: Iterable[Unit]) -> tuple[list[Membership], set[UUID]]:
    """The unit's roles in force, coordinators first, and those of the given units that have no people."""
    pks = {child.pk for child in children}
    rows = list(Membership.in_force.filter(unit__in={unit.pk, *pks}).select_related("user"))
    rank = {role: n for n, role in enumerate(Role.values)}
    own = [row for row in rows if row.unit_id == unit.pk and row.user.is_active]
    own.sort(key=lambda row: (rank[row.role], sort_key(row.user.get_full_name())))
    return own, pks - {row.unit_id for row in rows}


def identifiers_of(unit: Unit) -> QuerySet[Identifier]:
    """All present and former numbers of the unit."""
    return Identifier.rows.filter(unit=unit)


def sectors_of(unit: Unit) -> tuple[list[Unit], list[Unit]]:
    """The units above and below in the line of work, today."""
    now = SectorRelation.rows.filter(Q(unit=unit) | Q(parent=unit), valid_to=None)
    rows = list(now.select_related("parent", "unit"))
    up = [row.parent for row in rows if row.unit_id == unit.pk]
    down = [row.unit for row in rows if row.parent_id == unit.pk]
    return in_order(up), in_order(down)


def events_of(unit: Unit) -> list[ReorgEvent]:
    """The unit's events, the newest first, with their links and units."""
    rows = (
        ReorgEvent.rows.filter(Q(involvements__unit=unit) | Q(links__from_unit=unit) | Q(links__to_unit=unit))
        .distinct()
        .select_related("by", "undone_by")
        .prefetch_related(Prefetch("links", queryset=ReorgLink.rows.select_related("from_unit", "to_unit")))
    )
    return sorted(rows, key=lambda event: (event.effective_on, event.at), reverse=True)


def without_contact(units: Iterable[Unit]) -> set[UUID]:
    """Units without any contact."""
    return {unit.pk for unit in units if not unit.contact_phone}


def stamp(top: Unit) -> str:
    """A hash of all data that a table of units shows of a subtree; it differs if the tree has changed."""
    digest = hashlib.sha256()
    fields = (
        "pk", "parent_id", "name", "short_name", "doc_abbr", "kind", "code", "staff_count",
        "contact_name", "contact_phone", "contact_email", "retired_at",
    )  # fmt: skip
    for row in Unit.rows.filter(subtree(top.path)).order_by("pk").values_list(*fields):
        digest.update(repr(row).encode())
    numbers = Identifier.rows.filter(subtree(top.path, "unit__path"), valid_to=None).order_by("pk")
    for number in numbers.values_list("unit", "scheme", "value"):
        digest.update(repr(number).encode())
    return digest.hexdigest()


def tops_of(user: User | AnonymousUser) -> list[Unit]:
    """The person's units, without those below another of them; only living units, if there is one."""
    if not isinstance(user, User):
        return []
    served = Unit.rows.filter(in_force("memberships__"), memberships__user=user).distinct().order_by("path")
    units = [unit for unit in served if not unit.is_retired] or list(served)
    tops: list[Unit] = []
    for unit in units:
        if not any(unit.path.startswith(top.path) for top in tops):
            tops.append(unit)
    return in_order(tops)


def event(event_id: UUID) -> ReorgEvent | None:
    """One event."""
    return ReorgEvent.rows.filter(pk=event_id).first()


def changed_today(unit: Unit) -> list[tuple[ReorgEvent, str, int]]:
    """Today's changes of units strictly below that can be undone: the name of one unit, and how many more.

    The newest first, RECENT at most. One query, for any number of units in a change.
    """
    inside = Involvement.rows.filter(subtree(unit.path, "unit__path"), event=OuterRef("pk"))
    rows = ReorgEvent.rows.filter(
        Exists(inside.exclude(unit=unit)),
        at__gte=midnight(timezone.localdate()),
        undone_at=None,
        can_be_undone=True,
    )
    changes = rows.annotate(named=Min("involvements__unit__name"), units=Count("involvements"))
    return [(one, one.named, one.units - 1) for one in changes.select_related("by").order_by("-at")[:RECENT]]


def units_in(event: ReorgEvent) -> list[Unit]:
    """The units that an event changed or made, the highest first."""
    return sorted(
        Unit.rows.filter(involvements__event=event).distinct(), key=lambda unit: (len(unit.path), unit.path)
    )


def link(link_id: int) -> ReorgLink | None:
    """One link from a unit to its successor in an event."""
    return ReorgLink.rows.select_related("from_unit", "to_unit").filter(pk=link_id).first()
