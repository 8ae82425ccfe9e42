"""A line becomes named fields with values (docs/log-formats.md 2). Bad lines give None."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from quetsach.engines.shapes.delimited import DelimitedReader
from quetsach.engines.shapes.header import Header
from quetsach.engines.shapes.objects import JsonReader, encode, load_object
from quetsach.engines.shapes.patterns import PatternReader
from quetsach.engines.shapes.values import Values
from quetsach.logformat import LogFormat, Shape

__all__ = ["Header", "ShapeReader", "Values", "encode", "load_object"]


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
