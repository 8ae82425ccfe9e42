"""Writes the audit trail, inside the transaction of the action that an entry describes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.models import Entry
from quetsach.portal.kit.inserting import insert, spelled
from quetsach.text.json_values import writer

GENESIS = "0" * 64
_LOCK = 0x5155_4554  # any constant: one chain, one writer at a time
_SEALED = (
    "previous_hash", "at", "actor_id", "actor_name", "action", "unit_path", "object_type", "object_id",
    "data", "ip",
)  # fmt: skip
_AT = _SEALED.index("at")


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
    (told,) = _chained(actor, named, action, [Told(about, unit_path, data or {})], ip)
    entry = Entry(**told)
    entry.save(force_insert=True)
    return entry


@dataclass(frozen=True, slots=True)
class Told:
    """The subject of one entry, where many entries have the same action."""

    about: models.Model | None
    unit_path: str
    data: dict[str, Any]


def record_all(action: str, subjects: Sequence[Told], actor: User | None = None) -> None:
    """Append one entry for each subject, all in one writing: thousands would take too long. Without an
    `actor` they are the system's."""
    told = _chained(actor, actor.get_full_name() if actor else "system", action, subjects, None)
    if told:
        insert(Entry, spelled(Entry, {name: [one[name] for one in told] for name in told[0]}))


def _chained(
    actor: User | None, actor_name: str, action: str, subjects: Sequence[Told], ip: str | None
) -> list[dict[str, Any]]:
    """The values of new entries, each sealed with the entry before it. No other transaction appends until
    this transaction is over."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("record() belongs inside the action's transaction")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    previous = Entry.objects.order_by("-pk").values_list("hash", flat=True).first() or GENESIS
    at, told = timezone.now(), []
    for one in subjects:
        entry = {
            "previous_hash": previous,
            "at": at,
            "actor_id": actor.pk if actor else None,
            "actor_name": actor_name,
            "action": action,
            "unit_path": one.unit_path,
            "object_type": one.about._meta.label_lower if one.about is not None else "",
            "object_id": str(one.about.pk) if one.about is not None else "",
            "data": one.data,
            "ip": ip,
        }
        entry["hash"] = previous = _sealed(entry)
        told.append(entry)
    return told


_encode = writer(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def seal(entry: Entry) -> str:
    """SHA-256 over the entry's content and the hash of the entry before it."""
    return _sealed({name: getattr(entry, name) for name in _SEALED})


def _sealed(told: Mapping[str, Any]) -> str:
    content = [told[name] for name in _SEALED]
    content[_AT] = told["at"].isoformat()
    return hashlib.sha256(_encode(content).encode()).hexdigest()


def first_broken_entry() -> Entry | None:
    """The first entry whose seal does not fit its content or the entry before it; None if all seals fit."""
    previous = GENESIS
    for entry in Entry.objects.order_by("pk").iterator():
        if entry.previous_hash != previous or entry.hash != seal(entry):
            return entry
        previous = entry.hash
    return None
