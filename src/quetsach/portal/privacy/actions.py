"""Deletes data by the table's terms, and handles people's requests about their data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.cases.following_actions import forget_networks
from quetsach.portal.kit import limits, visits
from quetsach.portal.kit.refusals import counting
from quetsach.portal.privacy.files import delete, unnamed
from quetsach.portal.privacy.models import ErasureRequest
from quetsach.portal.privacy.outside import outside
from quetsach.portal.privacy.retention import due, emptied
from quetsach.portal.privacy.table import Ends, Stored, Table, table
from quetsach.portal.units.models import Unit


@dataclass(frozen=True)
class Ended:
    """The number of rows of one model that ended, with the row of the table and the way of ending."""

    row: str
    model: str
    act: str
    count: int


def retain(*, dry_run: bool = False, now: datetime | None = None) -> list[Ended]:
    """Delete or empty exactly the rows that the table names, all or nothing; then files that no row names.

    With `dry_run` only count.
    """
    at, privacy_table = now or timezone.now(), table()
    ended = []
    with transaction.atomic():
        for row in privacy_table.rows:
            for end in row.ends:
                rows = due(end, at)
                if end.outside:
                    ended.append(
                        Ended(row.id, end.model._meta.label, end.act, _outside(rows, end, at, dry_run))
                    )
                    continue
                count = rows.count()
                if count and not dry_run:
                    if end.act == "delete":
                        rows.delete()
                    else:
                        rows.update(**emptied(end))
                ended.append(Ended(row.id, end.model._meta.label, end.act, count))
        if not dry_run:
            forget_networks()
            _note(ended)
    files = [_files(privacy_table, stored, at, dry_run) for stored in privacy_table.stored]
    if not dry_run:
        with transaction.atomic():
            limits.forget(at)
            counting.forget(at)
            visits.forget(at)
            _note(files)
    return ended + files


def _outside(rows: QuerySet[Any], end: Ends, at: datetime, dry_run: bool) -> int:
    """Delete the rows that no case and no coverage needs; returns their number. All are found before the
    first goes: one row may keep another."""
    found = list(outside(rows, at - timedelta(days=end.days)))
    if not dry_run:
        for some in found:
            end.model._base_manager.filter(pk__in=some).delete()
    return sum(map(len, found))


def _files(privacy_table: Table, stored: Stored, at: datetime, dry_run: bool) -> Ended:
    gone = [file for file in unnamed(privacy_table, stored, at) if dry_run or delete(file, at)]
    return Ended("files", stored.folder, "delete", len(gone))


def _note(rows: list[Ended]) -> None:
    counts: dict[str, int] = {}
    for ended in rows:
        if ended.count:
            key = f"{ended.model} {ended.act}"
            counts[key] = counts.get(key, 0) + ended.count
    if counts:
        record(None, "privacy.retain", data={"count": sum(counts.values()), "by_model": counts})


@transaction.atomic
def ask(
    unit: Unit, name: str, contact: str, kind: str, text: str, user: User | None, *, ip: str | None
) -> ErasureRequest:
    """Store a request. Its text stays out of the audit trail, which is never emptied."""
    request = ErasureRequest.rows.create(
        unit=unit, name=name, contact=contact, kind=kind, text=text, user=user
    )
    record(user, "privacy.ask", unit_path=unit.path, about=request, ip=ip, actor_name="" if user else "?")
    return request


@transaction.atomic
def note_received(request: ErasureRequest, actor: User, *, ip: str | None) -> None:
    """Record that the person was told that the request has arrived. A second time changes nothing."""
    locked = ErasureRequest.rows.select_for_update(no_key=True).get(pk=request.pk)
    if locked.received_at is None and locked.answered_at is None:
        locked.received_at, locked.received_by = timezone.now(), actor
        locked.save(update_fields=["received_at", "received_by"])
        record(actor, "privacy.received", unit_path=request.unit.path, about=request, ip=ip)


@transaction.atomic
def take_received_back(request: ErasureRequest, actor: User, *, ip: str | None) -> None:
    """The person was not told after all; only while the request has no answer."""
    locked = ErasureRequest.rows.select_for_update(no_key=True).get(pk=request.pk)
    if locked.received_at is not None and locked.answered_at is None:
        locked.received_at = locked.received_by = None
        locked.save(update_fields=["received_at", "received_by"])
        record(actor, "privacy.not_received", unit_path=request.unit.path, about=request, ip=ip)


@transaction.atomic
def answer(request: ErasureRequest, text: str, actor: User, *, ip: str | None) -> None:
    """Record the answer: what was done, or the reason against it. A second answer changes nothing."""
    locked = ErasureRequest.rows.select_for_update(no_key=True).get(pk=request.pk)
    if locked.answered_at is None:
        locked.answer, locked.answered_at, locked.answered_by = text, timezone.now(), actor
        locked.save(update_fields=["answer", "answered_at", "answered_by"])
        record(actor, "privacy.answer", unit_path=request.unit.path, about=request, ip=ip)
