"""Drafts: files that a person gave, and that wait until this person has looked at their preview and agrees.

The row of a draft has `by`, `accepted_at` (None for a draft) and fields with files. A person has one draft of
a kind: the next upload takes its place. A draft that nobody agrees to goes after a day (`kept.toml`).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import FileField
from django.db.models.fields.files import FieldFile

from quetsach.errors import PortalError


class StaleDraftError(PortalError):
    """The draft is gone: it was taken already, or another file took its place."""


def make_room(kind: Any, person: Any) -> None:
    """Throw away the person's earlier drafts of this model, inside the caller's transaction."""
    # Without the lock a draft that is taken in at this moment would go with all that it says.
    rows = kind.rows.select_for_update(no_key=True, of=("self",))
    for old in rows.filter(by=person, accepted_at=None):
        drop(old)


@transaction.atomic
def throw_away(draft: Any, person: Any) -> bool:
    """Throw the person's draft away; whether it was one. An accepted file stays, and False says so."""
    rows = type(draft).rows.select_for_update(no_key=True, of=("self",))
    found = list(rows.filter(pk=draft.pk, by=person, accepted_at=None))
    for one in found:
        drop(one)
    return bool(found)


def locked(draft: Any) -> Any:
    """The row, locked until the end of the caller's transaction. Raises StaleDraftError if it is no draft."""
    rows = type(draft).rows.select_for_update(no_key=True, of=("self",))
    row = rows.filter(pk=draft.pk, accepted_at=None).first()
    if row is None:
        raise StaleDraftError
    return row


def content(file: FieldFile) -> bytes:
    """What a file of a draft holds. Raises StaleDraftError where it is gone."""
    try:
        with file.open("rb") as stored:
            data: bytes = stored.read()
    except (OSError, ValueError) as error:
        raise StaleDraftError from error
    return data


def forget(file: FieldFile) -> None:
    """Delete a stored file once the caller's transaction is committed."""
    if file.name:
        transaction.on_commit(partial(file.storage.delete, file.name))


def drop(row: Any) -> None:
    """Delete the row and, once that is committed, its files."""
    for field in row._meta.concrete_fields:
        if isinstance(field, FileField):
            forget(getattr(row, field.name))
    row.delete()
