"""Evidence as the pure functions take it: rows that hang together, with the paths of today as their scope."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import batched
from typing import Any

from django.db.models import Q, QuerySet

from quetsach.machines.evidence import Binding, Claim, Decision, Key
from quetsach.machines.identity.clocks import Difference, Pair
from quetsach.machines.identity.components import Evidence, Link, Row, component
from quetsach.machines.identity.devices import Devices
from quetsach.machines.identity.scopes import lineage
from quetsach.portal.machines.models import (
    ClockDifference,
    StoredBinding,
    StoredClaim,
    StoredDecision,
    StoredLink,
)
from quetsach.portal.machines.spelling import of_today
from quetsach.portal.units.models import subtree

_AT_ONCE = 2000
"""Links in one question."""


def ask(links: Collection[Link]) -> Iterable[Row]:
    """The rows that have one of the links; for local links those of the unit, above and below."""
    for some in batched(sorted(links), _AT_ONCE):
        yield from _ask(some)


def evidence_for(links: Iterable[Link]) -> Evidence:
    """All rows that hang together with these links."""
    return component(links, ask)


def devices_for(links: Iterable[Link]) -> Devices:
    """The machines that these rows make."""
    return evidence_for(links).devices()


def related(path: str, field: str = "unit__path") -> Q:
    """Rows of the unit, of those above it and of those below."""
    return Q((f"{field}__in", lineage(path))) | (subtree(path, field) if path else Q())


def claims_of(rows: QuerySet[StoredClaim], *, gone: bool = False) -> Iterable[Claim]:
    """Claims of stored rows; with `gone` those that were taken back."""
    fields = ("keys", "begin", "end", "source", "unit__path", "about")
    for keys, begin, end, source, scope, about in rows.filter(is_gone=gone).values_list(*fields):
        names = tuple(Key(kind, value) for kind, value in keys)
        yield Claim(names, begin, end, source, scope, tuple(sorted(about.items())))


def bindings_of(
    rows: QuerySet[StoredBinding], *, gone: bool = False, most: int | None = None
) -> Iterable[Binding]:
    """Bindings of stored rows, at most so many; with `gone` those that were taken back."""
    fields = (
        "address", "key_kind", "key_value", "begin", "end", "source", "kind", "unit__path", "protocol",
        "port",
    )  # fmt: skip
    told: QuerySet[StoredBinding, tuple[Any, ...]] = rows.filter(is_gone=gone).values_list(*fields)
    for address, kind, value, *others in told[:most]:
        yield Binding(address, Key(kind, value), *others)


def decisions_of(rows: QuerySet[StoredDecision]) -> Iterable[Decision]:
    """Decisions of stored rows; those that were taken back too, with what took them back."""
    many = list(rows.select_related("unit", "by"))
    keys = {left_of(row) for row in many} | {right for row in many if (right := right_of(row))}
    today = of_today(keys)
    for row in many:
        right = right_of(row)
        yield Decision(
            row.verdict, today[left_of(row)], today[right] if right else None,
            round(row.at.timestamp() * 1_000_000), str(row.by_id), rank_of(row.unit.path), row.reason,
            str(row.pk), str(row.withdraws_id or ""), row.machine, row.begin, row.end,
        )  # fmt: skip


def clocks_of(scopes: Collection[str]) -> dict[Pair, Difference]:
    """How far the clocks of these units' logs lie from those of tables of translations."""
    rows = ClockDifference.rows.filter(unit__path__in=scopes) if scopes else ClockDifference.rows.none()
    fields = ("unit__path", "log", "table_unit__path", "table", "add", "pairs")
    return {Pair(*told): Difference(add, pairs) for *told, add, pairs in rows.values_list(*fields)}


def left_of(row: StoredDecision) -> Key:
    """The first key of a decision, as it is stored."""
    return Key(row.left_kind, row.left_value)


def right_of(row: StoredDecision) -> Key | None:
    """The other key of a decision, as it is stored."""
    return Key(row.right_kind, row.right_value) if row.right_kind else None


def rank_of(path: str) -> int:
    """The level of a unit: 0 is the top."""
    return path.count("/") - 1


def _ask(links: Iterable[Link]) -> Iterable[Row]:
    linked, bound = Q(pk__in=[]), Q(pk__in=[])
    by_kind: dict[str, list[str]] = {}
    local: dict[tuple[str, str], list[str]] = {}
    for link in links:
        if link.is_local:
            local.setdefault((link.kind, link.scope), []).append(link.value)
        else:
            by_kind.setdefault(link.kind, []).append(link.value)
    for (kind, scope), values in local.items():
        told = Q(kind=kind, value__among=set(values), is_local=True)
        linked |= told & (related(scope, "claim__unit__path") | related(scope, "decision__unit__path"))
        name = (
            Q(~Q(label=""), label__among=set(values))
            if kind == "name"
            else Q(key_kind=kind, key_value__among=set(values))
        )
        bound |= name & related(scope)
    for kind, values in by_kind.items():
        linked |= Q(kind=kind, value__among=set(values), is_local=False)
        bound |= Q(key_kind=kind, key_value__among=set(values))
    pairs = list(StoredLink.rows.filter(linked).values_list("claim", "decision"))
    for some in batched({claim for claim, _ in pairs if claim}, 500):
        yield from claims_of(StoredClaim.rows.filter(pk__in=some))
    for those in batched({decision for _, decision in pairs if decision}, 500):
        yield from decisions_of(StoredDecision.rows.filter(pk__in=those))
    yield from bindings_of(StoredBinding.rows.filter(bound))
