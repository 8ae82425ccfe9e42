"""Writes reports so that a report that comes again changes nothing, in any order of arrival.

One statement stores many rows. Django's own insert with an update on conflict cannot keep the earlier of two
times; both databases understand the condition below (SQLite 3.24, PostgreSQL 9.5).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from quetsach.portal.cases.models import VictimFile, VictimReport, VictimTelling
from quetsach.portal.kit.inserting import create, insert, spelled, uuid
from quetsach.portal.sightings.owners import Owners
from quetsach.victims.report import Report

_AS_TOLD = (
    "publisher", "kind", "address", "family", "is_day", "events", "port", "protocol", "severity", "host"
)  # fmt: skip
_MOST_KNOWN = 500_000
"""Addresses whose owner is remembered while one file is read."""


def key_of(one: Report) -> str:
    """What tells this report from others: of an infection each event, of a risk the service."""
    parts: tuple[object, ...] = (one.publisher, one.kind, one.address, one.port, one.protocol)
    if one.meaning.is_case:
        parts += (one.family, one.first.timestamp(), one.is_day)
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


class Places:
    """The owner of each address, or the reason that there is none; looked up once for an address."""

    def __init__(self, owners: Owners) -> None:
        self._owners = owners
        self._known: dict[str | tuple[str, date], tuple[UUID | None, str]] = {}
        self._same: dict[tuple[UUID | None, str], tuple[UUID | None, str]] = {}

    def of(self, address: str, seen: datetime) -> tuple[UUID | None, str]:
        """The owner's node and ""; or None and `nobody` or `several`. Ranges may have days."""
        day = timezone.localdate(seen) if self._owners.is_dated else None
        asked = address if day is None else (address, day)
        found = self._known.get(asked)
        if found is None:
            holders = self._owners.holders(address, day or date.max)
            owner = next(iter(holders)) if len(holders) == 1 else None
            found = owner, "" if owner else "several" if holders else "nobody"
            found = self._same.setdefault(found, found)
            if len(self._known) < _MOST_KNOWN:
                self._known[asked] = found
        return found


def store(file: VictimFile, some: Sequence[Report], places: Places) -> int:
    """Write the reports; returns how many rows are new or changed. Runs inside the caller's transaction."""
    best: dict[str, Report] = {}
    for one in some:
        key = key_of(one)
        before = best.get(key)
        best[key] = one if before is None else _joined(before, one)
    if not best:
        return 0
    told: dict[str, Sequence[Any]] = dict(zip(Report._fields, zip(*best.values(), strict=True), strict=True))
    owners, reasons = zip(*map(places.of, told["address"], told["last"]), strict=True)
    own = {
        **{name: told[name] for name in _AS_TOLD},
        "key": list(best),
        "owner_id": owners,
        "why": reasons,
        "meaning": [one.value for one in told["meaning"]],
        "first_seen": told["first"],
        "last_seen": told["last"],
        "is_waiting": [
            owner is not None and one.is_case for one, owner in zip(told["meaning"], owners, strict=True)
        ],
    }
    same = {"file_id": file.pk, "node_id": file.node_id, "case_id": None, "received_at": timezone.now()}
    _tell_apart(file, best)
    return insert(VictimReport, spelled(VictimReport, own, same), unique=("node", "key"), change=_change())


_TOLD = ("first_seen", "last_seen", "events", "severity", "host")


def _tell_apart(file: VictimFile, best: Mapping[str, Report]) -> None:
    """Note what this file and the file before say of reports that are here by another file. Both stay known
    apart, so that either can be taken back."""
    known = VictimReport.rows.filter(node=file.node_id, key__among=best.keys())
    own_again = Exists(VictimTelling.rows.filter(report=OuterRef("pk"), file=file))
    known = known.filter(~Q(file=file) | own_again)
    rows = list(known.order_by().values_list("pk", "key", "file", *_TOLD))
    if not rows:
        return
    create(
        (VictimTelling(report_id=pk, file_id=other, **dict(zip(_TOLD, told, strict=True)))
         for pk, _key, other, *told in rows),
        unique=("report", "file"),
    )  # fmt: skip
    own = VictimTelling.rows.filter(file=file, report__in=[row[0] for row in rows])
    before = {one.report_id: one for one in own}
    fresh = []
    for pk, key, *_other in rows:
        one, said = best[key], before.get(pk)
        row = VictimTelling(
            report_id=pk, file=file, first_seen=one.first, last_seen=one.last, events=one.events,
            severity=one.severity, host=one.host,
        )  # fmt: skip
        if said is not None:
            if said.last_seen > row.last_seen:
                row.last_seen, row.events = said.last_seen, said.events
                row.severity, row.host = said.severity, said.host
            row.first_seen = min(row.first_seen, said.first_seen)
        fresh.append(row)
    create(fresh, unique=("report", "file"), replaced=_TOLD)


def _joined(one: Report, other: Report) -> Report:
    later = other if (other.last, other.events) >= (one.last, one.events) else one
    return later._replace(first=min(one.first, other.first), last=max(one.last, other.last))


@cache
def _change() -> str:
    """What becomes of a stored report that comes again."""
    table = connection.ops.quote_name(VictimReport._meta.db_table)
    later = f"excluded.last_seen > {table}.last_seen"
    earlier = f"excluded.first_seen < {table}.first_seen"
    found = f"({table}.owner_id IS NULL AND excluded.owner_id IS NOT NULL)"
    sets = [
        f"first_seen = CASE WHEN {earlier} THEN excluded.first_seen ELSE {table}.first_seen END",
        *(
            f"{name} = CASE WHEN {later} THEN excluded.{name} ELSE {table}.{name} END"
            for name in ("last_seen", "severity", "events", "host")
        ),
        f"why = CASE WHEN {found} THEN '' ELSE {table}.why END",
        f"owner_id = COALESCE({table}.owner_id, excluded.owner_id)",
        f"is_waiting = {table}.meaning IN ('infection', 'compromise')"
        f" AND COALESCE({table}.owner_id, excluded.owner_id) IS NOT NULL",
    ]
    return f"UPDATE SET {', '.join(sets)} WHERE {later} OR {earlier} OR {found}"


def link(pairs: Iterable[tuple[int, UUID]]) -> None:
    """Note in each report the case that it was taken into; inside the caller's transaction."""
    rows = list(pairs)
    if not rows:
        return
    table = connection.ops.quote_name(VictimReport._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"UPDATE {table} SET case_id = told.c, is_waiting = FALSE"  # noqa: S608
                f" FROM unnest(%s::bigint[], %s::uuid[]) AS told(i, c) WHERE {table}.id = told.i",
                [[pk for pk, _case in rows], [case for _pk, case in rows]],
            )
            return
        cursor.executemany(
            f"UPDATE {table} SET case_id = %s, is_waiting = 0 WHERE id = %s",  # noqa: S608
            [(uuid(case), pk) for pk, case in rows],
        )


def link_machines(node: UUID, rows: Sequence[tuple[str, str, UUID]], holder: UUID | None = None) -> None:
    """Note in all waiting reports of these machines (address, malware) their new case; of one unit's where
    `holder` is given. Inside the caller's transaction."""
    table = connection.ops.quote_name(VictimReport._meta.db_table)
    of_holder = "" if holder is None else f" AND {table}.owner_id = %s"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"UPDATE {table} SET case_id = told.c, is_waiting = FALSE"  # noqa: S608
                " FROM unnest(%s::text[], %s::text[], %s::uuid[]) AS told(a, f, c)"
                f" WHERE {table}.is_waiting AND {table}.node_id = %s"
                f" AND {table}.address = told.a AND {table}.family = told.f{of_holder}",
                [*([one[at] for one in rows] for at in range(3)), node, *([holder] if holder else [])],
            )
            return
        cursor.executemany(
            f"UPDATE {table} SET case_id = %s, is_waiting = FALSE"  # noqa: S608
            f" WHERE is_waiting AND node_id = %s AND address = %s AND family = %s{of_holder}",
            [
                (uuid(case), uuid(node), address, family, *([uuid(holder)] if holder else []))
                for address, family, case in rows
            ],
        )
