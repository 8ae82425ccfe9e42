"""One JSON object a line (RFC 8259)."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from quetsach.logs.logformat import LogFormat
from quetsach.scanning.engines.shapes.values import Values, recognised

JSON_PREFIX = 256
JSON_DEPTH = 100


def load_object(line: bytes) -> dict[str, Any] | None:
    """The JSON object that is the whole line, numbers as their source text; None if the line is no object."""
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
    """UTF-8; a lone surrogate becomes U+FFFD, a byte that was not UTF-8 becomes itself again."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        clean = "".join(
            "\ufffd" if 0xD800 <= ord(c) < 0xDC80 or 0xDD00 <= ord(c) < 0xE000 else c for c in text
        )
        return clean.encode("utf-8", "surrogateescape")


_SEGMENT = re.compile(r"([^\[\].]+)(\[\])?(?:\[([^\[\]!=]+)(!?=)([^\[\]]*)\])?")
_Segment = tuple[str, bool, str, str, str]
"""A key, whether each element counts, and which objects: a key of theirs, `=` or `!=` and a word."""


@lru_cache(maxsize=512)
def _segments(path: str) -> tuple[_Segment, ...]:
    """The steps of a path. A text with a space is one key: the name of a column."""
    if " " in path:
        return ((path, False, "", "", ""),)
    found = tuple((m[1], bool(m[2]), m[3] or "", m[4] or "", m[5] or "") for m in _SEGMENT.finditer(path))
    if ".".join(m[0] for m in _SEGMENT.finditer(path)) != path:
        raise ValueError(f"not a JSON path: {path}")
    return found


def _counts(found: Any, sign: str, word: str) -> bool:
    """Whether an object counts whose key has that value; `=` takes ASCII letters of any case."""
    if sign == "!=":
        return bool(found != word)
    return isinstance(found, str) and encode(found).lower() == word.encode().lower()


def _walk(value: Any, segments: tuple[_Segment, ...]) -> list[Any]:
    level = [value]
    for key, each, other, sign, word in segments:
        below: list[Any] = []
        for item in level:
            if not isinstance(item, dict) or key not in item:
                continue
            inner = item[key]
            if each:
                below.extend(inner if isinstance(inner, list) else ())
            else:
                below.append(inner)
        if other:
            below = [b for b in below if isinstance(b, dict) and _counts(b.get(other), sign, word)]
        level = below
        if not level:
            break
    return level


def inside(text: bytes, path: str) -> tuple[bytes, ...]:
    """The values at a path in the JSON object that a text is; none for any other text."""
    found = load_object(text)
    into: list[bytes] = []
    for item in _walk(found, _segments(path)) if found is not None else ():
        _scalars(item, into)
    return tuple(into)


class JsonReader:
    """Reads one object a line; `nested` walks paths, else names are top-level keys, dots and all."""

    def __init__(self, log_format: LogFormat, nested: bool) -> None:
        self._rule = log_format.recognise
        self._unset = log_format.unset
        self._nested = nested

    def read(self, found: dict[str, Any]) -> Values | None:
        rule = self._rule
        path: bytes | None = None
        if rule.path_key is not None and found.get(rule.path_key) is not None:
            shown = found[rule.path_key]
            path = encode(shown) if isinstance(shown, str) else b""
        if not recognised(rule, lambda key: found.get(key) is not None, path):
            return None
        nested, unset = self._nested, self._unset

        def values(name: str) -> tuple[bytes, ...]:
            into: list[bytes] = []
            if not nested:
                _scalars(found.get(name), into)
            else:
                for item in _walk(found, _segments(name)):
                    _scalars(item, into)
            return tuple(value for value in into if value not in unset)

        return values
