"""Writes many rows at once: a tenth of the time of Django's `bulk_create` and `bulk_update`, and of their
instances."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import repeat
from operator import attrgetter, itemgetter
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import AutoField, BooleanField, Field, ForeignKey, GeneratedField, JSONField, Model
from django.db.models.fields import CharField, DateTimeField, IntegerField, TextField, UUIDField

from quetsach.text.json_values import writer

AT_ONCE = 1000
"""Rows in one transaction: other writers wait until it is over."""
_AS_THEY_ARE = (BooleanField, CharField, IntegerField, TextField)
"""Kinds of fields whose values both databases take as they are."""
_MOST_KNOWN = 4096
"""Times and ids whose spelling is remembered."""
_json = writer()
_listed = json.JSONEncoder(ensure_ascii=False, default=str).encode


def spelled(
    model: type[Model], columns: Mapping[str, Sequence[Any]], same: Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    """Rows as `insert` takes them, of all columns but an id that the database numbers. `columns` has the
    values of the rows by attribute, `same` what all rows share."""
    found: list[Iterable[Any]] = []
    for field in _fields(model):
        column = columns.get(field.attname)
        if column is None:
            found.append(repeat(*_spelled_as(field, [(same or {})[field.attname]])))
        else:
            found.append(_spelled_as(field, column))
    return list(zip(*found, strict=False))


def _spelled_as(field: Field[Any, Any], column: Sequence[Any]) -> Sequence[Any]:
    """The values of a column as the database takes them."""
    spell = _spelling(field)
    return column if spell is None else [None if one is None else spell(one) for one in column]


def values_of(rows: Iterable[Model]) -> list[tuple[Any, ...]]:
    """Rows of one model as `insert` takes them."""
    rows = list(rows)
    if not rows:
        return []
    names = [one.attname for one in _fields(type(rows[0]))]
    return spelled(
        type(rows[0]), dict(zip(names, zip(*map(attrgetter(*names), rows), strict=True), strict=True))
    )


def insert(
    model: type[Model],
    rows: Sequence[tuple[Any, ...]],
    *,
    unique: Collection[str] = (),
    replaced: Collection[str] = (),
    change: str = "",
) -> int:
    """Insert rows that `spelled` or `values_of` prepared; returns how many rows are new or changed. Where a
    stored row has equal `unique` fields, it takes the fields `replaced` from the new row, which is the last
    one of these, or changes as the SQL `change` says; without `unique` such a row is an IntegrityError."""
    if not rows:
        return 0
    quoted, fields = connection.ops.quote_name, _fields(model)
    is_postgresql = connection.vendor == "postgresql"
    target = f"{quoted(model._meta.db_table)} ({', '.join(quoted(str(one.column)) for one in fields)})"
    if is_postgresql and not unique:
        _copy(target, rows)
        return len(rows)
    known = ""
    if unique:
        columns = {one.name: quoted(str(one.column)) for one in fields}
        taken = ", ".join(f"{columns[name]} = excluded.{columns[name]}" for name in replaced)
        change = change or (f"UPDATE SET {taken}" if taken else "NOTHING")
        known = f" ON CONFLICT ({', '.join(columns[name] for name in unique)}) DO {change}"
        places = itemgetter(*(at for at, one in enumerate(fields) if one.name in unique))
        rows = list({places(row): row for row in rows}.values())
    with connection.cursor() as cursor:
        if is_postgresql:
            source = _of_columns([_type_of(one) for one in fields])
            cursor.execute(
                f"INSERT INTO {target} {source}{known}", list(map(_columned, zip(*rows, strict=True)))
            )
        else:
            source = f"VALUES ({', '.join(['%s'] * len(fields))})"
            cursor.executemany(f"INSERT INTO {target} {source}{known}", rows)
        return max(0, int(cursor.rowcount))


def create[Row: Model](
    rows: Iterable[Row], *, unique: Collection[str] = (), replaced: Collection[str] = ()
) -> None:
    """Write new rows of one model as `insert` does. An id that the database numbers stays unknown. A model
    that keeps something elsewhere has a class method `written`, which is called with the rows."""
    rows = list(rows)
    if not rows:
        return
    insert(type(rows[0]), values_of(rows), unique=unique, replaced=replaced)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias
    if (written := getattr(type(rows[0]), "written", None)) is not None:
        written(rows)


def rewrite[Row: Model](rows: Iterable[Row], fields: Collection[str]) -> None:
    """Write some fields of stored rows of one model anew, as `bulk_update` does. A model that keeps something
    elsewhere has a class method `written`, which is called with the rows."""
    rows = list(rows)
    if not rows:
        return
    model = type(rows[0])
    own = [one for one in model._meta.concrete_fields if one.name in fields]
    told = [*own, model._meta.pk]
    columns = {one.attname: list(map(attrgetter(one.attname), rows)) for one in told}
    values = [_spelled_as(one, columns[one.attname]) for one in told]
    quoted = connection.ops.quote_name
    table, names = quoted(model._meta.db_table), [quoted(str(one.column)) for one in told]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            taken = ", ".join(f"{name} = new.c{number}" for number, name in enumerate(names[:-1]))
            source = _of_columns([_type_of(one) for one in told])
            cursor.execute(
                f"UPDATE {table} SET {taken} FROM ({source}) AS new"  # noqa: S608
                f" WHERE {table}.{names[-1]} = new.c{len(own)}",
                list(map(_columned, values)),
            )
        else:
            taken = ", ".join(f"{name} = %s" for name in names[:-1])
            cursor.executemany(
                f"UPDATE {table} SET {taken} WHERE {names[-1]} = %s",  # noqa: S608
                list(zip(*values, strict=True)),
            )
    if (written := getattr(model, "written", None)) is not None:
        written(rows)


def _copy(target: str, rows: Iterable[Sequence[Any]]) -> None:
    """PostgreSQL's own way for many new rows: a quarter of the time of INSERT."""
    errors = connection.wrap_database_errors
    with errors, connection.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def moments() -> Callable[[datetime], Any]:
    """Spells times of UTC as the database takes them; Django's own way looks up two zones each time. Many
    rows and columns share a time, so that the last ones are remembered."""
    if connection.vendor == "sqlite" and connection.timezone == UTC:
        return _without_zone
    if connection.vendor == "postgresql":
        return _with_zone
    return connection.ops.adapt_datetimefield_value


@lru_cache(_MOST_KNOWN)
def _without_zone(moment: datetime) -> str:
    return str((moment if moment.tzinfo is UTC else moment.astimezone(UTC)).replace(tzinfo=None))


_with_zone = lru_cache(_MOST_KNOWN)(str)


def uuid(value: UUID | None) -> Any:
    """An id as the database takes it."""
    if value is None or connection.features.has_native_uuid_field:
        return value
    return value.hex


def _fields(model: type[Model]) -> list[Field[Any, Any]]:
    """All columns but those that the database fills."""
    return [one for one in model._meta.concrete_fields if not isinstance(one, AutoField | GeneratedField)]


def _columned(values: Iterable[Any]) -> str:
    """The values of a column as one parameter for PostgreSQL's `json_array_elements_text`: a tenth of the
    time of psycopg's own lists, which are written by Python."""
    return _listed(list(values))


def _of_columns(types: Sequence[str]) -> str:
    """The rows of columns that `_columned` spells, for one statement: else each row is a journey."""
    names = [f"c{number}" for number in range(len(types))]
    wanted = ", ".join(f"told.{name}::{kind}" for name, kind in zip(names, types, strict=True))
    columns = ", ".join(["json_array_elements_text(%s::json)"] * len(types))
    return f"SELECT {wanted} FROM ROWS FROM ({columns}) AS told({', '.join(names)})"  # noqa: S608


def _type_of(field: Field[Any, Any]) -> str:
    """The column's type without its length: a cast to the length would cut a text that is too long."""
    return str(field.db_type(connection)).partition("(")[0]


def _spelling(field: Field[Any, Any]) -> Callable[[Any], Any] | None:
    target = field.target_field if isinstance(field, ForeignKey) else field
    if isinstance(target, UUIDField):
        return lru_cache(_MOST_KNOWN)(uuid)
    if isinstance(target, DateTimeField):
        return moments()
    if isinstance(target, JSONField):
        return _json
    if isinstance(target, _AS_THEY_ARE):
        return None
    return lambda value: field.get_db_prep_save(value, connection)
