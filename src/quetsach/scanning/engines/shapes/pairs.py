"""Lines of `key=value`: plain, quoted, the extension of CEF (ArcSight Common Event Format, 2017), cells,
`key:"value";` of Check Point."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from quetsach.logs.logformat import LogFormat, Shape
from quetsach.scanning.engines.shapes.cells import cells
from quetsach.scanning.engines.shapes.values import Values, recognised

Pair = tuple[bytes, bytes]

# Not the priority of syslog: it would become part of the first key.
_FIRST = re.compile(rb"[^\s\"=<>]+=")
_FIRST_CELL = re.compile(rb"\"[^\s\"=<>]+=")
_COLON = re.compile(rb'(?:\A|[\s;])([^\s":;=<>]{1,64})(?:::?|=)"((?:[^"\\]|\\.)*)"', re.DOTALL)
_CEF_KEY = re.compile(rb"(?:\A| )([A-Za-z0-9_.\-]+)=")
_CEF_ESCAPE = re.compile(rb"\\([\\=|nr])")
_CEF_PLAIN = {b"n": b"\n", b"r": b"\r"}
_QUOTED_ESCAPE = re.compile(rb'\\(["\\])')
_UNQUOTED = re.compile(rb'\A"(.*)"\Z', re.DOTALL)
_QUOTED_END = re.compile(rb'(?:[^"\\]|\\.)*', re.DOTALL)


class PairsReader:
    """Reads the pairs of a line that starts with a pair; of equal keys the first counts."""

    def __init__(self, log_format: LogFormat, shape: Shape) -> None:
        self._rule = log_format.recognise
        self._unset = log_format.unset
        kinds: dict[str, Callable[[bytes], Iterator[Pair]]] = {
            "quoted": partial(_quoted, separator=shape.separator),
            "cef": _extension,
            "cells": _cells,
            "colon": _colon,
        }
        self._pairs = kinds[shape.pairs]
        self._has_labels = shape.pairs == "cef"
        self._first = {"cells": _FIRST_CELL, "colon": _COLON}.get(shape.pairs, _FIRST)

    def read(self, line: bytes) -> Values | None:
        if self._first.match(line) is None:
            return None
        pairs = self._pairs(line)
        found: dict[bytes, bytes] = {}
        for key, value in pairs:
            found.setdefault(key, value)
        if self._has_labels:
            _name_by_labels(found)
        if not recognised(self._rule, lambda name: name.encode() in found, None):
            return None
        unset = self._unset

        def values(name: str) -> tuple[bytes, ...]:
            value = found.get(name.encode())
            return (value,) if value and value not in unset else ()

        return values


def _name_by_labels(found: dict[bytes, bytes]) -> None:
    """`cs4=VALUE cs4Label=NAME`: the value has the label for its name besides, unless a key has that name."""
    for key, value in list(found.items()):
        label = found.get(key + b"Label")
        if label:
            found.setdefault(label, value)


def _quoted(line: bytes, separator: bytes) -> Iterator[Pair]:
    """Pairs between separators; a quoted value may hold separators. A word without `=` is its own value."""
    at = 0
    while at < len(line):
        end = line.find(separator, at)
        end = end if end >= 0 else len(line)
        key, equals, value = line[at:end].partition(b"=")
        start = at + len(key) + 2
        if equals and (stop := _doubled_end(line, start, separator)) is not None:
            value = line[start + 1 : stop]
            end = stop + 2
        elif value.startswith(b'"'):
            inner = _QUOTED_END.match(line, start)
            stop = inner.end() if inner is not None else start
            value = _QUOTED_ESCAPE.sub(rb"\1", line[start:stop])
            end = line.find(separator, stop)
            end = end if end >= 0 else len(line)
        if key:
            yield key, value if equals else key
        at = end + 1


def _doubled_end(line: bytes, start: int, separator: bytes) -> int | None:
    """Where the closing quotes of a value stand whose quotes are doubled; None where they are not."""
    around = (separator, b"")
    if line[start - 1 : start + 1] != b'""' or line[start + 1 : start + 2] in around:
        return None
    stop = line.find(b'""', start + 1)
    return stop if stop >= 0 and line[stop + 2 : stop + 3] in around else None


def _cells(line: bytes) -> Iterator[Pair]:
    """Pairs that are cells of a table, their values perhaps quoted. A cell without `=` is its own value."""
    for cell in cells(line, b","):
        key, equals, value = cell.partition(b"=")
        if key:
            yield key, _UNQUOTED.sub(rb"\1", value) if equals else key


def _colon(line: bytes) -> Iterator[Pair]:
    """Pairs whose values are quoted, wherever they stand; `:`, `::` or `=` parts key and value."""
    for pair in _COLON.finditer(line):
        yield pair[1], _QUOTED_ESCAPE.sub(rb"\1", pair[2])


def _extension(line: bytes) -> Iterator[Pair]:
    """Pairs of a CEF extension: a value goes on to the next space with a key and `=` behind it."""
    keys = list(_CEF_KEY.finditer(line))
    ends = [key.start() for key in keys] + [len(line)]
    for key, end in zip(keys, ends[1:], strict=True):
        value = line[key.end() : end].rstrip(b" ")
        yield key[1], _CEF_ESCAPE.sub(lambda m: _CEF_PLAIN.get(m[1], m[1]), value)
