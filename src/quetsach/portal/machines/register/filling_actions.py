"""Keeps the rows of registers in step with evidence, one component at a time.

Rows of evidence that changed carry `is_listed=False`. Whatever stops a filling, the rest is done by the next
one: a batch marks its rows and writes its machines in one transaction.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from itertools import batched
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from quetsach.machines.evidence import Binding, Claim, Key
from quetsach.machines.identity.components import Evidence, Link, links_of
from quetsach.machines.identity.devices import Device, Devices
from quetsach.machines.identity.entries import Entry, entries
from quetsach.machines.identity.figures import known, standing_of
from quetsach.machines.identity.keys import within
from quetsach.machines.identity.scopes import lineage
from quetsach.portal.kit.micros import moment
from quetsach.portal.machines import queries
from quetsach.portal.machines.models import (
    RegisterFigures,
    RegisterRow,
    StoredBinding,
    StoredClaim,
    StoredDecision,
)
from quetsach.portal.machines.register.queries import SEEN_LATER, Seen, seen_in_logs
from quetsach.portal.machines.spelling import of_today, stored
from quetsach.portal.units.models import Unit
from quetsach.text.vietnamese import search_key

BATCH = 300
"""Links in one batch: some hundred machines with all their leases in memory."""
_ROWS = 500
_LAST = datetime(9999, 1, 1, tzinfo=UTC)
ELSEWHERE = RegisterRow.Standing.ELSEWHERE


def list_waiting(seconds: float | None = None, unit: Unit | None = None) -> int:
    """Bring registers up to date with all evidence that waits, or with that of one unit, for at most about
    `seconds`; returns the rows of evidence that still wait.

    A person or a program that waits for the answer waits for its own unit alone.
    """
    until = None if seconds is None else time.monotonic() + seconds
    touched: set[str] = set()
    seeds = _waiting_seeds(unit)
    for some in batched(sorted(seeds), BATCH):
        touched |= _fill(list(some), {pk for link in some for pk in seeds[link]})
        if until is not None and time.monotonic() > until:
            break
    _count(Unit.rows.filter(path__in=touched))
    return waiting(unit)


def follow_logs() -> int:
    """Compute the machines anew that logs may have seen since; returns the number of rows."""
    rows = [row for later in SEEN_LATER for row in later().select_related("unit")]
    keys = of_today(Key(row.key_kind, row.key_value) for row in rows)
    links = {
        link
        for row in rows
        for link in links_of(Binding("", keys[Key(row.key_kind, row.key_value)], 0, 0, "", "", row.unit.path))
    }
    touched = {row.unit.path for row in rows}
    for some in batched(sorted(links), BATCH):
        touched |= _fill(list(some), ())
    _count(Unit.rows.filter(path__in=touched))
    return len(rows)


def waiting(unit: Unit | None = None) -> int:
    """Rows of evidence that the registers do not follow yet: all, or those of one unit."""
    models = (StoredClaim, StoredBinding, StoredDecision)
    return sum(model.rows.filter(_waits(unit)).count() for model in models)


def _waits(unit: Unit | None) -> Q:
    return Q(is_listed=False) if unit is None else Q(is_listed=False, unit=unit)


def drop_gone() -> None:
    """Delete evidence that was taken back and that both cases and registers have followed."""
    for model in (StoredClaim, StoredBinding):
        model.rows.filter(is_gone=True, is_taken=True, is_listed=True).delete()


def rebuild(unit: Unit) -> None:
    """Compute the unit's register anew from all of its evidence, as after its place in the tree changed."""
    StoredClaim.rows.filter(unit=unit).update(is_listed=False)
    StoredBinding.rows.filter(unit=unit).update(is_listed=False)
    StoredDecision.rows.filter(unit=unit).update(is_listed=False)
    RegisterRow.rows.filter(unit=unit).delete()
    list_waiting()
    _count(Unit.rows.filter(pk=unit.pk))


def follow_tree() -> int:
    """Compute the registers of units anew whose place in the tree is another than when they were filled."""
    moved = [
        one.unit
        for one in RegisterFigures.rows.select_related("unit").iterator()
        if one.path != one.unit.path
    ]
    for unit in moved:
        rebuild(unit)
    return len(moved)


type _Mark = tuple[str, Any]
"""A row of evidence: c with the id of a claim, d with that of a decision, b with kind, value and unit."""


def _waiting_seeds(unit: Unit | None) -> dict[Link, set[_Mark]]:
    """The links of evidence that waits, each with the rows that wait for it. All links of one row lie in one
    component, so a row waits for the first of its links."""
    seeds: dict[Link, set[_Mark]] = {}
    known: dict[tuple[Any, str], Link | None] = {}

    def add(row: Any, told: Any, mark: _Mark) -> None:
        if told not in known:
            known[told] = min(links_of(row), default=None)
        link = known[told]
        seeds.setdefault(link or Link("none", ""), set()).add(mark)

    fields = ("pk", "keys", "unit__path")
    for pk, keys, path in StoredClaim.rows.filter(_waits(unit)).values_list(*fields).iterator():
        names = tuple(Key(kind, value) for kind, value in keys)
        add(Claim(names, 0, 0, "", path), (names, path), ("c", pk))
    bound = StoredBinding.rows.filter(_waits(unit)).order_by()
    for kind, value, of, path in bound.values_list("key_kind", "key_value", "unit", "unit__path").distinct():
        key = Key(kind, value)
        add(Binding("", key, 0, 0, "", "", path), ((key,), path), ("b", (kind, value, of)))
    for pk, row in _waiting_decisions(unit):
        add(row, row, ("d", pk))
    return seeds


def _waiting_decisions(unit: Unit | None) -> Iterable[tuple[Any, Any]]:
    rows = StoredDecision.rows.filter(_waits(unit))
    return [(one.id, one) for one in queries.decisions_of(rows)]


@transaction.atomic
def _fill(links: Collection[Link], marks: Collection[_Mark]) -> set[str]:
    """Write the machines of the components of these links; returns the paths of the units concerned.

    Fillings go one after the other, for a component may lie in several units: the first unit is their lock.
    """
    Unit.rows.select_for_update(no_key=True, of=("self",)).order_by("path").first()
    _mark(marks)
    evidence = queries.evidence_for(link for link in links if link.kind != "none")
    devices = evidence.devices()
    found = entries(evidence, devices)
    scopes = {one.scope for one in found}
    units = {unit.path: unit for unit in Unit.rows.filter(path__in=scopes)}
    kept = _write(found, units)
    return scopes | _drop(evidence, devices, links, kept)


def _mark(marks: Collection[_Mark]) -> None:
    """Mark before reading: what changes from now on waits again."""
    for some in batched([pk for kind, pk in marks if kind == "c"], _ROWS):
        StoredClaim.rows.filter(pk__in=some).update(is_listed=True)
    StoredDecision.rows.filter(pk__in=[pk for kind, pk in marks if kind == "d"]).update(is_listed=True)
    by_unit: dict[tuple[str, Any], list[str]] = {}
    for kind, told in marks:
        if kind == "b":
            by_unit.setdefault((told[0], told[2]), []).append(told[1])
    for (key_kind, unit), values in by_unit.items():
        for these in batched(values, _ROWS):
            waits = StoredBinding.rows.filter(is_listed=False, unit=unit, key_kind=key_kind)
            waits.filter(key_value__in=these).update(is_listed=True)


def _write(found: list[Entry], units: dict[str, Unit]) -> set[tuple[Any, str, str]]:
    here = [(one, units[one.scope], stored(one.device.id)) for one in found if one.scope in units]
    logs = seen_in_logs({(key.kind, key.value) for _one, _unit, key in here})
    rows = [_row(one, unit, key, logs.get((unit.pk, key.kind, key.value))) for one, unit, key in here]
    fields = [
        field.name
        for field in RegisterRow._meta.concrete_fields
        if field.name not in ("id", "unit", "key_kind", "key_value")
    ]
    RegisterRow.rows.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["unit", "key_kind", "key_value"],
        update_fields=fields,
        batch_size=200,
    )
    return {(row.unit_id, row.key_kind, row.key_value) for row in rows}


def _drop(
    evidence: Evidence, devices: Devices, links: Iterable[Link], kept: set[tuple[Any, str, str]]
) -> set[str]:
    """Delete rows of machines that are no more: their ids are keys of another one now, or of none."""
    scopes = {row.scope for row in evidence.claims} | {row.scope for row in evidence.bindings}
    ids = {*devices.owners, *devices.chains, *devices.users, *devices.doubts}
    bare = {Key(link.kind, link.value) for link in links}
    for link in links:
        scopes |= set(lineage(link.scope)) if link.scope else set()
        if link.kind == "name":
            bare |= {Key("host", link.value), Key("domainhost", link.value)}
    bare |= {key for row in evidence.claims for key in row.keys} | {row.key for row in evidence.bindings}
    ids |= bare | {within(key, scope) for key in bare for scope in scopes if scope}
    gone: list[int] = []
    paths: set[str] = set()
    for some in batched(sorted({stored(key).value for key in ids}), _ROWS):
        rows = RegisterRow.rows.filter(key_value__in=some)
        for pk, unit, kind, value, path in rows.values_list(
            "pk", "unit", "key_kind", "key_value", "unit__path"
        ):
            if (unit, kind, value) not in kept:
                gone.append(pk)
                paths.add(path)
    for these in batched(gone, _ROWS):
        RegisterRow.rows.filter(pk__in=these).delete()
    return paths


def _row(one: Entry, unit: Unit, key: Key, logs: Seen | None) -> RegisterRow:
    """The row of a machine. Seen is seen, by a table as by a log."""
    device = one.device
    seen = [_moment(at) for at in (one.first, one.last) if at]
    seen += [min(at, timezone.now()) for at in logs[:2]] if logs else []
    days = device.days | (logs.days if logs else frozenset())
    about = dict(one.about)
    keys = [[kind, value.rpartition(" ")[2]] for kind, value in device.keys]
    names = sorted({(kind, value.rpartition(" ")[2]) for kind, value in device.names} - set(map(tuple, keys)))
    words = [one.name, *about.values(), *(value for _, value in (*keys, *names))]
    words += [address.address for address in one.addresses]
    is_elsewhere = bool(one.home) and one.home != one.scope and device.retired is None
    return RegisterRow(
        unit=unit,
        key_kind=key.kind,
        key_value=key.value,
        name=one.name[:255],
        search=" ".join(search_key(word) for word in words)[:8_000],
        machine=device.machine,
        standing=ELSEWHERE if is_elsewhere else standing_of(device, days),
        is_confirmed=device.is_confirmed,
        is_doubtful=one.is_doubtful,
        first_at=min(seen, default=None),
        last_at=max(seen, default=None),
        retired_at=_moment(device.retired) if device.retired is not None else None,
        days=len(days),
        addresses=[list(address) for address in one.addresses],
        sources=list(one.sources),
        about=about,
        keys=keys,
        names=[list(name) for name in names],
        group=list(stored(one.group)),
        questions=[
            [
                asked.what,
                list(stored(asked.left)),
                list(stored(asked.right)),
                list(stored(asked.name)),
                asked.at,
            ]
            for asked in one.questions
        ],
        is_asked=bool(one.questions),
        events=[[event.what, event.at, list(event.said)] for event in device.events],
        reasons=[
            [why.why, [list(stored(key)) for key in why.keys], why.at, why.source]
            for why in device.reasons[:20]
        ],
    )


def _moment(at: int) -> datetime:
    """The time; a lease may end in the future, and nobody saw the machine there."""
    found = moment(at) if at < 250_000_000_000_000_000 else _LAST
    return min(found, timezone.now())


def _count(units: Iterable[Unit]) -> None:
    """Count the registers of these units anew."""
    for unit in units:
        told = _figures(unit)
        RegisterFigures.rows.update_or_create(unit=unit, defaults=told)


def _figures(unit: Unit) -> dict[str, Any]:
    fields = (
        "key_kind", "key_value", "keys", "names", "machine", "is_confirmed", "retired_at", "days", "group",
        "standing", "first_at", "last_at",
    )  # fmt: skip
    made: list[Device] = []
    groups: dict[Key, Key] = {}
    standings: Counter[str] = Counter()
    for kind, value, keys, names, machine, sure, retired, days, group, standing, first, last in (
        RegisterRow.rows.filter(unit=unit).values_list(*fields).iterator()
    ):
        standings[standing] += 1
        if standing == ELSEWHERE:
            continue
        id = Key(kind, value)
        made.append(
            Device(
                id, tuple(Key(*one) for one in keys), tuple(Key(*one) for one in names), machine, sure,
                0 if retired else None, _micro(first), _micro(last), frozenset(range(days)), (), (), (),
            )
        )  # fmt: skip
        groups[id] = Key(*group)
    told = known(Devices(tuple(made), {}, (), groups, (), {}, {}, {}, {}, {}))
    asked = RegisterRow.rows.filter(unit=unit, is_asked=True).values_list("questions", flat=True)
    return {
        "path": unit.path, "least": told.computers.least, "most": told.computers.most,
        "visitors": told.visitors, "apart": told.apart, "random": told.random,
        "elsewhere": standings[ELSEWHERE], "retired": standings["retired"],
        "asked": len({str(one[:4]) for questions in asked for one in questions}), "at": timezone.now(),
    }  # fmt: skip


def _micro(at: datetime | None) -> int:
    return round(at.timestamp() * 1_000_000) if at else 0


def id_of(row: RegisterRow) -> Key:
    """The machine of a row, as the evidence of today spells it."""
    key = Key(row.key_kind, row.key_value)
    return of_today([key])[key]
