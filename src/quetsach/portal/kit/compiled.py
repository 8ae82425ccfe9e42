"""Compiled queries for busy pages: made into SQL once, then run with other values.

Django builds a query and writes its SQL anew each time, and on pages with many small queries that takes most
of a request's time. Here the building function runs only for the first call; later calls put their values
into the SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from secrets import randbelow, token_hex
from typing import Any, Protocol
from uuid import UUID, uuid4

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler

is_checked = False
"""Whether each call is compared with the query built afresh: tests switch this on."""

_LONG_AGO = date(1000, 1, 1)
_STAND_INS: dict[type, Callable[[], Any]] = {
    UUID: uuid4,
    str: lambda: token_hex(16),
    int: lambda: 2**30 + randbelow(2**30),
    date: lambda: _LONG_AGO + timedelta(days=randbelow(100_000)),
    datetime: lambda: datetime(1000, 1, 1, tzinfo=UTC) + timedelta(microseconds=randbelow(10**15)),
}
"""The types of arguments that may vary between calls, also within tuples."""
_VARIED = tuple(_STAND_INS)


class HiddenInputError(TypeError):
    """The query depends on a hidden input, which would be frozen in it, or changes an argument."""


@dataclass(frozen=True)
class _Statement:
    """`slots`: for each value of the SQL, the index of its argument; None for a constant."""

    like: QuerySet[Any]
    compiler: SQLCompiler
    sql: str
    values: tuple[Any, ...]
    slots: tuple[int | None, ...]
    converters: Any

    def bound(self, given: list[Any]) -> tuple[Any, ...]:
        """The values of the SQL for these arguments."""
        return tuple(
            # A driver may use its own class for a number, which gives the database its width.
            value if slot is None else type(value)(given[slot]) if isinstance(value, int) else given[slot]
            for value, slot in zip(self.values, self.slots, strict=True)
        )

    def ask(self, given: list[Any]) -> Iterator[Any]:
        asked: Any = _Asked(self.like, _BoundQuery(self, self.bound(given)))
        rows: Any = self.like._iterable_class(asked)
        yield from rows


class _BoundQuery:
    """Takes the place of a query to compile: returns the compiled SQL, with the values of one call."""

    def __init__(self, statement: _Statement, values: tuple[Any, ...]) -> None:
        self._statement, self._values = statement, values

    def get_compiler(self, using: str, *_more: Any, **_named: Any) -> SQLCompiler:
        statement = self._statement
        compiler: Any = copy(statement.compiler)
        compiler.connection = connections[using]
        compiler.as_sql = lambda *_more, **_named: (statement.sql, self._values)
        compiler.get_converters = lambda _expressions: statement.converters
        asking: SQLCompiler = compiler
        return asking

    def __getattr__(self, name: str) -> Any:
        return getattr(self._statement.like.query, name)


class _Asked:
    """The part of a query set that its iterators use."""

    def __init__(self, like: QuerySet[Any], query: _BoundQuery) -> None:
        self.query, self._like = query, like

    def __getattr__(self, name: str) -> Any:
        return getattr(self._like, name)


class Compiled[**P, T](Protocol):
    """Runs the query and returns its rows; `built` builds the query set itself, for callers that vary it."""

    built: Callable[P, QuerySet[Any, T]]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> list[T]: ...


def compiled[**P, T](build: Callable[P, QuerySet[Any, T]]) -> Compiled[P, T]:
    """Decorator for a function that builds a query set; a call returns the list of its rows.

    A UUID, string, number, date or time may differ in each call, also within tuples; each value of None,
    True, False and a frozenset gets a query of its own. The function must put its arguments into the query
    unchanged and must not look at the clock. Raises HiddenInputError if it does, as far as building it twice
    shows that.
    """
    known: dict[tuple[Any, ...], _Statement | None] = {}

    @wraps(build)
    def ask(*args: P.args, **kwargs: P.kwargs) -> list[T]:
        given = (*args, *kwargs.values())
        key = (_shape(given), *kwargs)
        if key not in known:
            known[key] = _compile(build, args, kwargs)
        statement = known[key]
        if statement is None:
            return []
        values = _adapted(given, statement.like.db)
        if is_checked:
            _check(statement, values, build(*args, **kwargs))
        return list(statement.ask(values))

    ask.built = build  # type: ignore[attr-defined]
    return ask  # type: ignore[return-value]


def _shape(value: Any) -> Any:
    if type(value) is tuple:
        return tuple(_shape(one) for one in value)
    if type(value) in _STAND_INS:
        return type(value)
    # Other types may have endless values, and a query for each would stay in memory.
    if not isinstance(value, bool | frozenset | None):
        raise TypeError(f"{value!r} cannot be given to a query that is kept")
    return (value,)


def _stand_in(value: Any) -> Any:
    if type(value) is tuple:
        return tuple(_stand_in(one) for one in value)
    make = _STAND_INS.get(type(value))
    return value if make is None else make()


def _flat(value: Any) -> Iterator[Any]:
    if type(value) is tuple:
        for one in value:
            yield from _flat(one)
    else:
        yield value


def _adapted(given: tuple[Any, ...], using: str) -> list[Any]:
    """Each argument as the database takes it; tuples are flattened."""
    connection = connections[using]
    adapt: dict[type, Callable[[Any], Any]] = {
        datetime: connection.ops.adapt_datetimefield_value,
        date: connection.ops.adapt_datefield_value,
    }
    if not connection.features.has_native_uuid_field:
        adapt[UUID] = lambda value: value.hex
    return [adapt[type(value)](value) if type(value) in adapt else value for value in _flat(given)]


def _written(found: QuerySet[Any]) -> tuple[SQLCompiler, str, tuple[Any, ...]]:
    compiler = found.query.get_compiler(using=found.db)
    sql, values = compiler.as_sql()
    return compiler, sql, tuple(values)


def _compile(build: Callable[..., QuerySet[Any]], args: Any, kwargs: Any) -> _Statement | None:
    """The statement; None for a query without possible rows. Built twice, so that hidden inputs show."""
    given, found = _tried(build, args, kwargs)
    others_given, other = _tried(build, args, kwargs)
    assert not found._prefetch_related_lookups, "rows that bring others along are not compiled"  # type: ignore[attr-defined]
    try:
        compiler, sql, values = _written(found)
        _other_compiler, other_sql, other_values = _written(other)
    except EmptyResultSet:
        return None
    stood_in = enumerate(_adapted(given, found.db))
    places = {value: place for place, value in stood_in if _is_varied(value)}
    slots = tuple(places.get(value) if _is_varied(value) else None for value in values)
    expressions = [column[0] for column in compiler.select[: compiler.col_count]]
    made = _Statement(found, compiler, sql, values, slots, compiler.get_converters(expressions))
    is_same = sql == other_sql and made.bound(_adapted(others_given, found.db)) == other_values
    if not is_same or any(
        slot is None and isinstance(value, date) for value, slot in zip(values, slots, strict=True)
    ):
        raise HiddenInputError(f"it depends on more than it is given: {sql} {values} {other_values}")
    return made


def _is_varied(value: Any) -> bool:
    return isinstance(value, _VARIED) and not isinstance(value, bool)


def _tried(
    build: Callable[..., QuerySet[Any]], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], QuerySet[Any]]:
    """Stand-in arguments, and the query built with them."""
    given = tuple(_stand_in(value) for value in (*args, *kwargs.values()))
    return given, build(*given[: len(args)], **dict(zip(kwargs, given[len(args) :], strict=True)))


def _check(statement: _Statement, given: list[Any], fresh: QuerySet[Any]) -> None:
    _compiler, sql, expected = _written(fresh)
    kept = statement.bound(given)
    if (sql, expected) != (statement.sql, kept):
        raise HiddenInputError(
            f"built afresh it is another query: {sql} {expected}, not {statement.sql} {kept}"
        )
