"""A question that busy pages ask all the time: made into SQL once, then asked with other values.

Django builds a query and writes its SQL anew each time it is asked, and for pages with many small queries
that is where most of a request's time goes. Here the function that builds the query runs for the first asking
only; from then on the values are put where they belong.
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
"""Whether each asking is compared with the query built afresh: the tests do."""

_LONG_AGO = date(1000, 1, 1)
_STAND_INS: dict[type, Callable[[], Any]] = {
    UUID: uuid4,
    str: lambda: token_hex(16),
    int: lambda: 2**30 + randbelow(2**30),
    date: lambda: _LONG_AGO + timedelta(days=randbelow(100_000)),
    datetime: lambda: datetime(1000, 1, 1, tzinfo=UTC) + timedelta(microseconds=randbelow(10**15)),
}
"""What changes from one asking to the next: a value of one of these types, or a tuple of such."""
_VARIED = tuple(_STAND_INS)


class HiddenInputError(TypeError):
    """The query depends on something that would be frozen in it, or changes a value that it is given."""


@dataclass(frozen=True)
class _Statement:
    """`slots` tells of each value of the SQL which of those given it is, None where it is always the same."""

    like: QuerySet[Any]
    compiler: SQLCompiler
    sql: str
    values: tuple[Any, ...]
    slots: tuple[int | None, ...]
    converters: Any

    def bound(self, given: list[Any]) -> tuple[Any, ...]:
        """The values of the SQL for what is given now."""
        return tuple(
            # A driver may have a class of its own for a number, which tells the database how wide it is.
            value if slot is None else type(value)(given[slot]) if isinstance(value, int) else given[slot]
            for value, slot in zip(self.values, self.slots, strict=True)
        )

    def ask(self, given: list[Any]) -> Iterator[Any]:
        asked: Any = _Asked(self.like, _BoundQuery(self, self.bound(given)))
        rows: Any = self.like._iterable_class(asked)
        yield from rows


class _BoundQuery:
    """Stands where a query to compile would: what is compiled already, with the values of one asking."""

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
    """The query set as far as its iterators look at it."""

    def __init__(self, like: QuerySet[Any], query: _BoundQuery) -> None:
        self.query, self._like = query, like

    def __getattr__(self, name: str) -> Any:
        return getattr(self._like, name)


class Compiled[**P, T](Protocol):
    """Asks for the rows; `built` is the query itself, for whoever wants it a little different."""

    built: Callable[P, QuerySet[Any, T]]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> list[T]: ...


def compiled[**P, T](build: Callable[P, QuerySet[Any, T]]) -> Compiled[P, T]:
    """Decorates what builds a query set; asking returns the list of its rows.

    A UUID, string, number, date or time may differ each time, and so may tuples of them; of None, True, False
    and a frozenset each value is a query of its own. The function must put what it is given into the
    query unchanged and must not look at the clock: raises HiddenInputError where it does, as far as that
    shows when it is built twice.
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
    # Of other types there may be no end, and each value would stay here.
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
    """Each value as the database takes it, tuples laid out flat."""
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
    """None for a query that can have no rows. Built twice, so that what else would differ shows."""
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
    """New stand-ins, and the query built with them."""
    given = tuple(_stand_in(value) for value in (*args, *kwargs.values()))
    return given, build(*given[: len(args)], **dict(zip(kwargs, given[len(args) :], strict=True)))


def _check(statement: _Statement, given: list[Any], fresh: QuerySet[Any]) -> None:
    _compiler, sql, expected = _written(fresh)
    kept = statement.bound(given)
    if (sql, expected) != (statement.sql, kept):
        raise HiddenInputError(
            f"built afresh it is another query: {sql} {expected}, not {statement.sql} {kept}"
        )
