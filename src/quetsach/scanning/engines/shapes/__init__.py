"""A line becomes named fields with values (docs/log-formats.md 2). A line that does not fit gives None."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from quetsach.logs.logformat import LogFormat, Shape
from quetsach.scanning.engines.shapes.delimited import ColumnsReader, DelimitedReader
from quetsach.scanning.engines.shapes.header import HEADING_BYTES, Header, heading
from quetsach.scanning.engines.shapes.objects import JsonReader, encode, inside, load_object
from quetsach.scanning.engines.shapes.pairs import PairsReader
from quetsach.scanning.engines.shapes.patterns import PatternReader, with_head
from quetsach.scanning.engines.shapes.values import Values

__all__ = ["HEADING_BYTES", "Header", "ShapeReader", "Values", "encode", "heading", "inside", "load_object"]


class ShapeReader:
    """One shape of one format; `json_object` is shared by all formats of a line."""

    def __init__(self, log_format: LogFormat, shape: Shape) -> None:
        self.needs_header = bool(shape.header)
        self.takes_head = shape.columns[:1] == ("",)
        self._head = shape.head
        self._unset = log_format.unset
        self._delimited = DelimitedReader(log_format, shape) if shape.header else None
        self._json = JsonReader(log_format, shape.nested) if shape.type == "json" else None
        self._plain: ColumnsReader | PairsReader | PatternReader | None = None
        if shape.columns:
            self._plain = ColumnsReader(log_format, shape)
        elif shape.type == "pairs":
            self._plain = PairsReader(log_format, shape)
        elif shape.type == "pattern":
            self._plain = PatternReader(log_format, shape.patterns)

    def read(
        self, line: bytes, header: Header, json_object: Callable[[], dict[str, Any] | None]
    ) -> Values | None:
        if self._delimited is not None:
            return self._delimited.read(line, header)
        if self._json is not None:
            found = json_object()
            return self._json.read(found) if found is not None else None
        assert self._plain is not None
        if self._head is None:
            return self._plain.read(line)
        head = self._head.match(line)
        if head is None:
            return None
        body = self._plain.read(line[head.end() :])
        return with_head(head.groupdict(), body, self._unset) if body is not None else None
