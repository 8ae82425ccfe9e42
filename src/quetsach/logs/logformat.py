"""Log formats read from `logs/formats/*.toml` into frozen values (schema: docs/log-formats.md).

A mistake in a file is found when it is loaded, with the file's name; reading logs guesses nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from quetsach.errors import ScanError
from quetsach.logs.roles import IDENTITY, ROLES, SINGLE_ROLES

TIME_KINDS = (
    "epoch",
    "iso8601",
    "iso8601_utc",
    "syslog",
    "ctime",
    "epoch_auto",
    "slash",
    "asa",
    "routeros",
    "snort",
    "sophos",
    "utc",
    "epoch_us",
    "bind",
    "asa_utc",
    "bind_utc",
    "checkpoint",
    "clf",
    "windows",
    "us_utc",
)
ACTION_WORDS = ("allowed", "blocked", "attempt", "unknown")
DECODERS = (
    "labels",
    "records",
    "listed",
    "target",
    "trigger",
    "unquoted",
    "threat",
    "windows_results",
    "mentioned",
    "address",
)
_REPEATS = "\nrepeats = true\n"
TESTS = ("present", "in", "not_in", "prefix", "address_in", "words")
HEADERS = ("zeek", "csv", "w3c")
PAIRS = ("quoted", "cef", "cells", "colon")


@dataclass(frozen=True, slots=True)
class Condition:
    """One test on the values of some fields, or of a role of the variant."""

    sources: tuple[str, ...]
    is_role: bool
    test: str
    wanted: tuple[bytes, ...] | bool


@dataclass(frozen=True, slots=True)
class ActionRule:
    action: str
    when: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """The meaning of a line's fields when the conditions in `when` hold."""

    name: str
    when: tuple[Condition, ...]
    roles: Mapping[str, tuple[str, ...]]
    time_fields: tuple[str, ...]
    time_join: tuple[str, ...]
    time_kinds: tuple[str, ...]
    identity: Mapping[str, tuple[str, ...]]
    nat_port: tuple[str, ...]
    server_ports: frozenset[int]
    actions: tuple[ActionRule, ...]
    decode: Mapping[str, str]
    """Field → name of its decoder (`quetsach.scanning.engines.decoders`)."""


@dataclass(frozen=True, slots=True)
class Recognise:
    path_key: str | None = None
    path: frozenset[bytes] = frozenset()
    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """`type` is delimited, pairs, json or pattern.

    `header` and `columns` belong to delimited (at least `least` columns must be there; a line with the
    columns of `named` is taken for a header of type csv), `pairs` to pairs, `nested` to json, `patterns` to
    pattern; `separator` and `head`, the text before the columns or pairs, belong to the first two.
    """

    type: str
    header: str = ""
    columns: tuple[str, ...] = ()
    least: int = 0
    named: tuple[str, ...] = ()
    separator: bytes = b","
    head: re.Pattern[bytes] | None = None
    pairs: str = "quoted"
    nested: bool = False
    patterns: tuple[re.Pattern[bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """A real line and the values that must be read from it: test and documentation in one."""

    line: str
    header: tuple[str, ...]
    file_time: str | None
    expect: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogFormat:
    name: str
    unset: frozenset[bytes]
    recognise: Recognise
    shapes: tuple[Shape, ...]
    variants: tuple[Variant, ...]
    samples: tuple[Sample, ...] = field(default=(), repr=False)
    repeats: bool = False
    """A line about a name that shows no client repeats a question whose line shows the client."""
    title: str = ""
    """The programs that write the log: product names, the same in every language."""

    @property
    def split_fields(self) -> frozenset[str]:
        """Columns that hold several values: the columns of the role `answers`."""
        return frozenset(name for v in self.variants for name in v.roles.get("answers", ()))


class _Reader:
    """Takes keys out of a table; an unknown key or a wrong type raises ScanError."""

    def __init__(self, table: Mapping[str, Any], where: str) -> None:
        self.left = dict(table)
        self.where = where

    def fail(self, problem: str) -> ScanError:
        return ScanError(f"log format {self.where}: {problem}")

    def take[T](self, key: str, kind: type[T], default: T | None = None) -> T:
        value = self.left.pop(key, default)
        if not isinstance(value, kind):
            raise self.fail(f"'{key}' must be {kind.__name__}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.take(key, list, [])
        if not all(isinstance(v, str) for v in values):
            raise self.fail(f"'{key}' must be a list of strings")
        return tuple(values)

    def done(self) -> None:
        if self.left:
            raise self.fail(f"unknown key {', '.join(sorted(self.left))}")


def parse(text: str, where: str) -> LogFormat:
    """Read one format. Raises ScanError naming `where` when the file does not keep to the schema."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScanError(f"log format {where}: {error}") from error
    reader = _Reader(table, where)
    result = LogFormat(
        name=reader.take("name", str),
        title=reader.take("title", str, ""),
        repeats=reader.take("repeats", bool, False),
        unset=frozenset(v.encode() for v in reader.texts("unset")),
        recognise=_recognise(_Reader(reader.take("recognise", dict, {}), where)),
        shapes=tuple(_shape(_Reader(t, where)) for t in reader.take("shape", list)),
        variants=tuple(_variant(_Reader(t, where)) for t in reader.take("variant", list)),
        samples=tuple(_sample(_Reader(t, where)) for t in reader.take("sample", list, [])),
    )
    reader.done()
    return result


def _recognise(reader: _Reader) -> Recognise:
    result = Recognise(
        path_key=reader.take("path_key", str, "") or None,
        path=frozenset(v.encode() for v in reader.texts("path")),
        all=reader.texts("all"),
        any=reader.texts("any"),
    )
    reader.done()
    return result


def _shape(reader: _Reader) -> Shape:
    kind = reader.take("type", str)
    define = reader.take("define", dict, {})
    if kind == "delimited":
        result = _delimited(reader, define)
    elif kind == "pairs":
        style = reader.take("pairs", str, "quoted")
        if style not in PAIRS:
            raise reader.fail("'pairs' must be quoted, cef, cells or colon")
        result = Shape(kind, separator=_separator(reader, " "), head=_head(reader, define), pairs=style)
    elif kind == "json":
        keys = reader.take("keys", str)
        if keys not in ("flat", "nested"):
            raise reader.fail("'keys' must be flat or nested")
        result = Shape(kind, nested=keys == "nested")
    elif kind == "pattern":
        result = Shape(kind, patterns=tuple(_expression(reader, p, define) for p in reader.texts("patterns")))
    else:
        raise reader.fail(f"unknown shape '{kind}'")
    reader.done()
    return result


def _delimited(reader: _Reader, define: Mapping[str, str]) -> Shape:
    columns = reader.texts("columns")
    header = "" if columns else reader.take("header", str)
    if not columns and header not in HEADERS:
        raise reader.fail("a delimited shape needs 'columns', or a 'header' of zeek, csv or w3c")
    separator = _separator(reader, ",") if header in ("", "csv") else b","
    head = _head(reader, define) if columns else None
    least = reader.take("least", int, len(columns)) if columns else 0
    named = reader.texts("named") if header == "csv" else ()
    if header == "csv" and not named:
        raise reader.fail("a header of csv needs 'named'")
    return Shape(
        "delimited", header=header, columns=columns, least=least, named=named, separator=separator, head=head
    )


def _separator(reader: _Reader, usual: str) -> bytes:
    separator = reader.take("separator", str, usual).encode()
    if len(separator) != 1:
        raise reader.fail("'separator' must be one byte")
    return separator


def _head(reader: _Reader, define: Mapping[str, str]) -> re.Pattern[bytes] | None:
    text = reader.take("head", str, "")
    return _expression(reader, text, define) if text else None


def _expression(reader: _Reader, text: str, define: Mapping[str, str]) -> re.Pattern[bytes]:
    for key, value in define.items():
        text = text.replace(f"<<{key}>>", value)
    try:
        return re.compile(text.encode())
    except re.error as error:
        raise reader.fail(f"pattern: {error}") from error


def _variant(reader: _Reader) -> Variant:
    roles = {role: reader.texts(role) for role in (*ROLES, *SINGLE_ROLES) if role in reader.left}
    time = _Reader(reader.take("time", dict, {}), reader.where)
    identity = _Reader(reader.take("identity", dict, {}), reader.where)
    result = Variant(
        name=reader.take("name", str),
        when=_conditions(reader, reader.take("when", list, [])),
        roles=roles,
        time_fields=time.texts("fields"),
        time_join=time.texts("join"),
        time_kinds=time.texts("as"),
        identity={key: identity.texts(key) for key in IDENTITY if key in identity.left},
        nat_port=identity.texts("nat_port"),
        server_ports=frozenset(reader.take("server_ports", list, [])),
        actions=tuple(_action(_Reader(t, reader.where)) for t in reader.take("actions", list, [])),
        decode=reader.take("decode", dict, {}),
    )
    if unknown := set(result.decode.values()) - set(DECODERS):
        raise reader.fail(f"unknown decoder {', '.join(sorted(unknown))}")
    if unknown := set(result.time_kinds) - set(TIME_KINDS):
        raise reader.fail(f"unknown kind of time {', '.join(sorted(unknown))}")
    for rest in (time, identity, reader):
        rest.done()
    return result


def _action(reader: _Reader) -> ActionRule:
    action = reader.take("action", str)
    if action not in ACTION_WORDS:
        raise reader.fail(f"unknown action '{action}'")
    result = ActionRule(action, _conditions(reader, reader.take("when", list, [])))
    reader.done()
    return result


def _conditions(parent: _Reader, tables: list[Any]) -> tuple[Condition, ...]:
    result = []
    for table in tables:
        reader = _Reader(table, parent.where)
        role = reader.take("role", str, "")
        if role and role not in (*ROLES, *SINGLE_ROLES):
            raise reader.fail(f"unknown role '{role}'")
        name = reader.take("field", str, "")
        sources = (role or name,) if role or name else reader.texts("fields")
        if not sources:
            raise reader.fail("a condition without a field")
        test = next((t for t in TESTS if t in reader.left), None)
        if test is None:
            raise reader.fail(f"a condition on '{sources[0]}' without a test")
        wanted: tuple[bytes, ...] | bool = (
            reader.take("present", bool)
            if test == "present"
            else tuple(v.encode() for v in reader.texts(test))
        )
        reader.done()
        result.append(Condition(sources, bool(role), test, wanted))
    return tuple(result)


def _sample(reader: _Reader) -> Sample:
    result = Sample(
        line=reader.take("line", str),
        header=reader.texts("header"),
        file_time=reader.take("file_time", str, "") or None,
        expect=reader.take("expect", dict),
    )
    reader.done()
    return result


@cache
def load_all() -> Mapping[str, LogFormat]:
    """Every format of the package by its name, in the order of the names."""
    found = {}
    for name, text in texts().items():
        one = parse(text, name)
        found[one.name] = one
    return dict(sorted(found.items()))


def digest() -> str:
    """A digest of all format files: where digests are equal, a number means the same format."""
    told = json.dumps(texts(), sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def texts() -> dict[str, str]:
    """The texts of all formats, by the names of their files."""
    files = resources.files("quetsach.logs").joinpath("formats").iterdir()
    return {file.name: file.read_text(encoding="utf-8") for file in files if file.name.endswith(".toml")}


def names() -> list[str]:
    """The names for `--format`: every format, without reading it, and free text."""
    files = resources.files("quetsach.logs").joinpath("formats").iterdir()
    found = sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))
    return [*found, "text"]


@cache
def repeating() -> frozenset[str]:
    """The formats whose lines repeat a question where they show no client. No file is parsed: a page of the
    portal asks."""
    told = (name.removesuffix(".toml") for name, text in texts().items() if _REPEATS in text)
    return frozenset(told)


def check(name: str) -> None:
    """Raises ScanError, with all known names, for an unknown name."""
    if name not in names():
        raise ScanError(f"{name} is not a log format; there are {', '.join(names())}.")


def get(name: str) -> LogFormat:
    """The format of that name; free text is no format. Raises ScanError with all known names."""
    check(name)
    return load_all()[name]
