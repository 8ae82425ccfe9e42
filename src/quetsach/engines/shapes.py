"""A line becomes named fields with values (docs/log-formats.md 2). Bad lines give None."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from quetsach.logformat import LogFormat, Recognise, Shape

Values = Callable[[str], tuple[bytes, ...]]
"""The values of a field by its name; empty where the line has none."""

JSON_PREFIX = 256
JSON_DEPTH = 100
_DIRECTIVES = (
    b"separator",
    b"set_separator",
    b"empty_field",
    b"unset_field",
    b"path",
    b"fields",
    b"types",
    b"open",
    b"close",
)
_HEX = re.compile(rb"\\x([0-9A-Fa-f]{2})")


class Header:
    """What the directives of a Zeek log have said so far (docs.zeek.org, the ASCII writer).

    A changed header is a new object, so that a line keeps the one it was read under.
    """

    __slots__ = ("empty", "fields", "index", "path", "separator", "set_separator", "unset")

    def __init__(self, separator: bytes = b"\t") -> None:
        self.separator = separator
        self.set_separator = b","
        self.empty = b"(empty)"
        self.unset = b"-"
        self.path: bytes | None = None
        self.fields: tuple[str, ...] = ()
        self.index: dict[str, int] = {}

    def _copy(self) -> Header:
        new = Header(self.separator)
        for slot in self.__slots__:
            setattr(new, slot, getattr(self, slot))
        return new

    def read(self, line: bytes) -> Header | None:
        """The header after this line, or None if the line is no directive."""
        if line.startswith(b"#separator "):
            value = _HEX.sub(lambda m: bytes([int(m[1], 16)]), line[11:])
            return Header(value or b"\t")
        word, found, value = line[1:].partition(self.separator)
        if not found or word not in _DIRECTIVES or word == b"separator":
            return None
        new = self._copy()
        if word == b"fields":
            new.fields = tuple(_text(v) for v in value.split(self.separator))
            new.index = {name: i for i, name in reversed(list(enumerate(new.fields)))}
        elif word == b"path":
            new.path = value
        elif word == b"set_separator":
            new.set_separator = value or b","
        elif word == b"empty_field":
            new.empty = value
        elif word == b"unset_field":
            new.unset = value
        return new


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def _recognised(rule: Recognise, exists: Callable[[str], bool], path: bytes | None) -> bool:
    if path is not None and path not in rule.path:
        return False
    if not all(map(exists, rule.all)):
        return False
    return path is not None or not rule.any or any(map(exists, rule.any))


class DelimitedReader:
    """Splits the lines of one format under one header after the other."""

    def __init__(self, log_format: LogFormat) -> None:
        self._rule = log_format.recognise
        self._split = log_format.split_fields
        self._header: Header | None = None
        self._fits = False

    def read(self, line: bytes, header: Header) -> Values | None:
        if header is not self._header:
            self._header = header
            self._fits = bool(header.fields) and _recognised(
                self._rule, header.index.__contains__, header.path
            )
        if not self._fits:
            return None
        columns = line.split(header.separator)
        if len(columns) < len(header.fields):
            return None
        index, split = header.index, self._split
        nothing = (header.unset, header.empty, b"")

        def values(name: str) -> tuple[bytes, ...]:
            at = index.get(name)
            if at is None:
                return ()
            value = columns[at]
            if value in nothing:
                return ()
            if name in split and header.set_separator in value:
                return tuple(v for v in value.split(header.set_separator) if v not in nothing)
            return (value,)

        return values


def load_object(line: bytes) -> dict[str, Any] | None:
    """The one JSON object of a line, numbers as their source text; None if there is none."""
    start = line.find(b"{", 0, JSON_PREFIX)
    if start < 0:
        return None
    try:
        found = json.loads(
            line[start:].decode("utf-8", "surrogateescape"),
            parse_int=str,
            parse_float=str,
            parse_constant=_refuse,
        )
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not _shallow(found, JSON_DEPTH):
        return None
    return found


def _refuse(text: str) -> str:
    raise ValueError(text)


def _shallow(value: Any, left: int) -> bool:
    if isinstance(value, dict):
        return left > 0 and all(_shallow(v, left - 1) for v in value.values() if isinstance(v, (dict, list)))
    if isinstance(value, list):
        return left > 0 and all(_shallow(v, left - 1) for v in value if isinstance(v, (dict, list)))
    return True


def _scalars(value: Any, into: list[bytes]) -> None:
    if isinstance(value, str):
        if value:
            into.append(encode(value))
    elif value is True or value is False:
        into.append(b"true" if value else b"false")
    elif isinstance(value, list):
        for item in value:
            _scalars(item, into)


def encode(text: str) -> bytes:
    """UTF-8; a lone surrogate becomes U+FFFD, a byte that was not UTF-8 itself again."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        clean = "".join(
            "\ufffd" if 0xD800 <= ord(c) < 0xDC80 or 0xDD00 <= ord(c) < 0xE000 else c for c in text
        )
        return clean.encode("utf-8", "surrogateescape")


_SEGMENT = re.compile(r"([^\[\].]+)(\[\])?(?:\[([^\[\]!]+)!=([^\[\]]*)\])?")


@lru_cache(maxsize=512)
def _segments(path: str) -> tuple[tuple[str, bool, str, str], ...]:
    found = tuple((m[1], bool(m[2]), m[3] or "", m[4] or "") for m in _SEGMENT.finditer(path))
    if ".".join(m[0] for m in _SEGMENT.finditer(path)) != path:
        raise ValueError(f"not a JSON path: {path}")
    return found


def _walk(value: Any, segments: tuple[tuple[str, bool, str, str], ...]) -> list[Any]:
    level = [value]
    for key, each, unlike, word in segments:
        below: list[Any] = []
        for item in level:
            if not isinstance(item, dict) or key not in item:
                continue
            inner = item[key]
            if each:
                below.extend(inner if isinstance(inner, list) else ())
            else:
                below.append(inner)
        if unlike:
            below = [b for b in below if isinstance(b, dict) and b.get(unlike) != word]
        level = below
        if not level:
            break
    return level


class JsonReader:
    """Reads one object a line; `nested` walks paths, else names are top-level keys, dots and all."""

    def __init__(self, log_format: LogFormat, nested: bool) -> None:
        self._rule = log_format.recognise
        self._nested = nested

    def read(self, found: dict[str, Any]) -> Values | None:
        rule = self._rule
        path: bytes | None = None
        if rule.path_key is not None and found.get(rule.path_key) is not None:
            shown = found[rule.path_key]
            path = encode(shown) if isinstance(shown, str) else b""
        if not _recognised(rule, lambda key: found.get(key) is not None, path):
            return None
        nested = self._nested

        def values(name: str) -> tuple[bytes, ...]:
            into: list[bytes] = []
            if not nested:
                _scalars(found.get(name), into)
            else:
                for item in _walk(found, _segments(name)):
                    _scalars(item, into)
            return tuple(into)

        return values


class PatternReader:
    """Matches whole lines against anchored expressions, the first that fits."""

    def __init__(self, log_format: LogFormat, patterns: tuple[re.Pattern[bytes], ...]) -> None:
        self._unset = log_format.unset
        self._patterns = patterns

    def read(self, line: bytes) -> Values | None:
        for pattern in self._patterns:
            found = pattern.fullmatch(line)
            if found is None:
                continue
            return self._values(found.groupdict())
        return None

    def _values(self, groups: Mapping[str, bytes | None]) -> Values:
        unset = self._unset

        def values(name: str) -> tuple[bytes, ...]:
            value = groups.get(name)
            return (value,) if value and value not in unset else ()

        return values


class ShapeReader:
    """One shape of one format; `json_object` is shared by all formats of a line."""

    def __init__(self, log_format: LogFormat, shape: Shape) -> None:
        self.is_json = shape.type == "json"
        self._delimited = DelimitedReader(log_format) if shape.type == "delimited" else None
        self._json = JsonReader(log_format, shape.nested) if self.is_json else None
        self._pattern = PatternReader(log_format, shape.patterns) if shape.type == "pattern" else None

    def read(
        self, line: bytes, header: Header, json_object: Callable[[], dict[str, Any] | None]
    ) -> Values | None:
        if self._delimited is not None:
            return self._delimited.read(line, header)
        if self._json is not None:
            found = json_object()
            return self._json.read(found) if found is not None else None
        assert self._pattern is not None
        return self._pattern.read(line)
