"""What a state may hold: looked at after a failure, to tell whether the file or the program is at fault."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

from quetsach.sightings.sighting import Bypass, Coverage, Sighting

_NUMBERS = ("rows", "change", "count", "left out", "looked", "begun at", "looked since")
_JSON: dict[str, Any] = {
    "waiting": list[str],
    "as text": list[str],
    "asked": list[str],
    "not followed": dict[str, str],
    "places": dict[str, list[str]],
    "doubled": dict[str, str],
}
"""Values of the table about."""
_COLUMNS: tuple[tuple[str, str, Any], ...] = (
    ("version", "asked", list[str]),
    ("generation", "was", list[list[str | int]]),
    ("generation", "last_lines", list[str]),
    ("looked", "coverage", Coverage),
    ("looked", "rest", Coverage),
    ("looked", "counted", list),
    ("looked", "holes", list[list[int]]),
    ("looked", "damage", list[str]),
    ("found", "key", list[str]),
    ("lease", "data", list),
)
_RECORDS = {"sighting": Sighting, "bypass": Bypass}


def wrong(path: Path) -> str:
    """The first value of a state that is of another kind than it must be; "" where there is none."""
    if not path.is_file():
        return ""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as file:
            return next(_wrong(file), "")
    except sqlite3.Error as error:
        return str(error)


def _wrong(file: sqlite3.Connection) -> Iterator[str]:
    for table, column, kind in _COLUMNS:
        for (text,) in file.execute(f"SELECT {column} FROM {table}"):  # noqa: S608
            if text != "" and not _holds(text, kind):
                yield f"{table}.{column}: {str(text)[:60]!r}"
    for kind, data in file.execute("SELECT kind, data FROM found"):
        if kind not in _RECORDS or not _holds(data, _RECORDS[kind]):
            yield f"found.data: {str(data)[:60]!r}"
    for name, value in file.execute("SELECT name, value FROM about"):
        is_number = name not in _NUMBERS or _is_number(value)
        if not is_number or (name in _JSON and not _holds(value, _JSON[name])):
            yield f"{name}: {str(value)[:60]!r}"
    yield from _columns(file)


def _columns(file: sqlite3.Connection) -> Iterator[str]:
    """Columns with a value of another type than they are declared with."""
    tables = [name for (name,) in file.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    for table in tables:
        for _number, column, declared, *_rest in file.execute(f"PRAGMA table_info({table})").fetchall():
            query = f"SELECT 1 FROM {table} WHERE lower(?) != typeof({column}) LIMIT 1"  # noqa: S608
            if file.execute(query, (declared,)).fetchone():
                yield f"{table}.{column}"


def _is_number(text: Any) -> bool:
    try:
        float(text)
    except (TypeError, ValueError):
        return False
    return True


def _holds(text: Any, kind: Any) -> bool:
    try:
        value = json.loads(text)
    except (TypeError, ValueError):
        return False
    if kind not in (Coverage, *_RECORDS.values()):
        return _fits(value, kind)
    if not isinstance(value, dict):
        return False
    value.pop("type", None)
    try:
        record = kind(**value)
    except TypeError:
        return False
    kinds: Mapping[str, Any] = kind.__annotations__
    return all(_fits(one, kinds[name]) for name, one in record._asdict().items())


def _fits(value: Any, kind: Any) -> bool:
    origin, args = get_origin(kind), get_args(kind)
    if origin is UnionType:
        return any(_fits(value, one) for one in args)
    if origin in (dict, Mapping):
        return isinstance(value, dict) and all(
            _fits(key, args[0]) and _fits(one, args[1]) for key, one in value.items()
        )
    if origin in (list, Sequence):
        return isinstance(value, list | tuple) and all(_fits(one, args[0]) for one in value)
    if kind in (None, NoneType):
        return value is None
    return isinstance(value, kind) and not isinstance(value, bool)
