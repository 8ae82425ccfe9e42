"""Inserts many rows with one statement: a tenth of the time of Django's `bulk_create`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, Field, ForeignKey, Model
from django.db.models.fields import CharField, DateTimeField, IntegerField, TextField, UUIDField

AT_ONCE = 500
"""Rows in one transaction: other writers wait until it is over."""
_AS_THEY_ARE = (BooleanField, CharField, IntegerField, TextField)
"""Kinds of fields whose values both databases take as they are."""


def values_of(rows: Iterable[Model]) -> list[list[Any]]:
    """The values of rows of one model without their ids, as the database takes them."""
    prepared: list[list[Any]] = []
    takes: list[tuple[str, Callable[[Any], Any] | None]] = []
    for row in rows:
        takes = takes or [(one.attname, _spelling(one)) for one in _fields(type(row))]
        prepared.append([
            value if spell is None or value is None else spell(value)
            for spell, value in ((spell, getattr(row, name)) for name, spell in takes)
        ])  # fmt: skip
    return prepared


def insert(
    model: type[Model],
    rows: Sequence[Sequence[Any]],
    *,
    unique: Collection[str] = (),
    replaced: Collection[str] = (),
) -> None:
    """Insert rows that `values_of` prepared. Where a stored row has equal `unique` fields, it takes
    the fields `replaced` from the new row; without `unique` such a row is an IntegrityError."""
    if not rows:
        return
    quoted = connection.ops.quote_name
    names = [quoted(str(one.column)) for one in _fields(model)]
    statement = (
        f"INSERT INTO {quoted(model._meta.db_table)} ({', '.join(names)})"  # noqa: S608  (names of the model)
        f" VALUES ({', '.join(['%s'] * len(names))})"
    )
    if unique:
        columns = {one.name: quoted(str(one.column)) for one in _fields(model)}
        known = ", ".join(columns[name] for name in unique)
        taken = ", ".join(f"{columns[name]} = excluded.{columns[name]}" for name in replaced)
        statement += f" ON CONFLICT ({known}) DO UPDATE SET {taken}"
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)


def moments() -> Callable[[datetime], Any]:
    """Spells times of UTC as the database takes them; Django's own way looks up two zones each time."""
    if connection.vendor == "sqlite" and connection.timezone == UTC:
        return lambda moment: str(moment.replace(tzinfo=None))
    return connection.ops.adapt_datetimefield_value


def uuid(value: UUID | None) -> Any:
    """An id as the database takes it."""
    if value is None or connection.features.has_native_uuid_field:
        return value
    return value.hex


def _fields(model: type[Model]) -> list[Field[Any, Any]]:
    return [one for one in model._meta.concrete_fields if not one.primary_key]


def _spelling(field: Field[Any, Any]) -> Callable[[Any], Any] | None:
    target = field.target_field if isinstance(field, ForeignKey) else field
    if isinstance(target, UUIDField):
        return uuid
    if isinstance(target, DateTimeField):
        return moments()
    if isinstance(target, _AS_THEY_ARE):
        return None
    return lambda value: field.get_db_prep_save(value, connection)
