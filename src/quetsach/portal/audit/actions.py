"""Writes the audit trail, inside the transaction of the action that an entry describes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.models import Entry
from quetsach.portal.kit.inserting import create

GENESIS = "0" * 64
_LOCK = 0x5155_4554  # any constant: one chain, one writer at a time


def record(
    actor: User | None,
    action: str,
    *,
    unit_path: str = "",
    about: models.Model | None = None,
    data: dict[str, Any] | None = None,
    ip: str | None = None,
    actor_name: str = "",
) -> Entry:
    """Append one entry. `action` is `noun.verb`, such as `report.submit`.

    Raises TransactionManagementError outside a transaction: an action and its entry stand or fall together.
    """
    named = actor_name or (actor.get_full_name() if actor else "system")
    return _append(actor, named, action, [Told(about, unit_path, data or {})], ip)[0]


@dataclass(frozen=True, slots=True)
class Told:
    """The subject of one entry, where many entries have the same action."""

    about: models.Model | None
    unit_path: str
    data: dict[str, Any]


def record_all(action: str, subjects: Sequence[Told], actor: User | None = None) -> None:
    """Append one entry for each subject, all in one writing: thousands would take too long. Without an
    `actor` they are the system's."""
    _append(actor, actor.get_full_name() if actor else "system", action, subjects, None)


def _append(
    actor: User | None, actor_name: str, action: str, subjects: Sequence[Told], ip: str | None
) -> list[Entry]:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("record() belongs inside the action's transaction")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    previous = Entry.objects.order_by("-pk").values_list("hash", flat=True).first() or GENESIS
    entries = []
    for one in subjects:
        entry = Entry(
            at=timezone.now(),
            actor=actor,
            actor_name=actor_name,
            action=action,
            unit_path=one.unit_path,
            object_type=one.about._meta.label_lower if one.about is not None else "",
            object_id=str(one.about.pk) if one.about is not None else "",
            data=one.data,
            ip=ip,
            previous_hash=previous,
        )
        entry.hash = previous = seal(entry)
        entries.append(entry)
    if len(entries) == 1:
        entries[0].save(force_insert=True)
    else:
        create(entries)
    return entries


def seal(entry: Entry) -> str:
    """SHA-256 over the entry's content and the hash of the entry before it."""
    content = [
        entry.previous_hash,
        entry.at.isoformat(),
        entry.actor_id,
        entry.actor_name,
        entry.action,
        entry.unit_path,
        entry.object_type,
        entry.object_id,
        entry.data,
        entry.ip,
    ]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def first_broken_entry() -> Entry | None:
    """The first entry whose seal does not fit its content or the entry before it; None if all seals fit."""
    previous = GENESIS
    for entry in Entry.objects.order_by("pk").iterator():
        if entry.previous_hash != previous or entry.hash != seal(entry):
            return entry
        previous = entry.hash
    return None
