"""Ending what the table says, and the requests of people about their data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.privacy.models import ErasureRequest
from quetsach.portal.privacy.retention import due, emptied
from quetsach.portal.privacy.table import table
from quetsach.portal.units.models import Unit


@dataclass(frozen=True)
class Ended:
    """How many rows of one model ended, by which row of the table and how."""

    row: str
    model: str
    act: str
    count: int


def retain(*, dry_run: bool = False, now: datetime | None = None) -> list[Ended]:
    """Delete or empty exactly what the table says, all or nothing; with `dry_run` only count."""
    at = now or timezone.now()
    told = []
    with transaction.atomic():
        for row in table().rows:
            for end in row.ends:
                rows = due(end, at)
                count = rows.count()
                if count and not dry_run:
                    if end.act == "delete":
                        rows.delete()
                    else:
                        rows.update(**emptied(end))
                told.append(Ended(row.id, end.model._meta.label, end.act, count))
        if not dry_run and any(ended.count for ended in told):
            counts = {f"{ended.model} {ended.act}": ended.count for ended in told if ended.count}
            total = sum(counts.values())
            record(None, "privacy.retain", data={"count": total, "by_model": counts})
    return told


@transaction.atomic
def ask(
    unit: Unit, name: str, contact: str, text: str, user: User | None, *, ip: str | None
) -> ErasureRequest:
    """Take a request. Its text stays out of the audit trail, which is never emptied."""
    request = ErasureRequest.rows.create(unit=unit, name=name, contact=contact, text=text, user=user)
    record(user, "privacy.ask", unit_path=unit.path, about=request, ip=ip, actor_name="" if user else "?")
    return request


@transaction.atomic
def answer(request: ErasureRequest, text: str, actor: User, *, ip: str | None) -> None:
    """Note what was done or why not. A second answer replaces nothing."""
    locked = ErasureRequest.rows.select_for_update().get(pk=request.pk)
    if locked.answered_at is None:
        locked.answer, locked.answered_at, locked.answered_by = text, timezone.now(), actor
        locked.save(update_fields=["answer", "answered_at", "answered_by"])
        record(actor, "privacy.answer", unit_path=request.unit.path, about=request, ip=ip)
