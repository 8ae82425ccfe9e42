"""Lines of columns; a header, or the format itself, names the columns."""

from __future__ import annotations

from collections.abc import Container, Mapping

from quetsach.logs.logformat import LogFormat, Recognise, Shape
from quetsach.scanning.engines.shapes.cells import cells
from quetsach.scanning.engines.shapes.header import Header
from quetsach.scanning.engines.shapes.values import Values, recognised


class ColumnsReader:
    """Splits lines into columns that the format names; further columns are ignored, too few do not fit."""

    def __init__(self, log_format: LogFormat, shape: Shape) -> None:
        self._unset = log_format.unset
        self._separator = shape.separator
        self._index = {name: i for i, name in enumerate(shape.columns) if name}
        self._least = shape.least

    def read(self, line: bytes) -> Values | None:
        # A line that Filebeat or another shipper wraps is read when it is peeled.
        columns = [] if line.startswith(b"{") else cells(line, self._separator)
        return by_index(columns, self._index, self._unset) if len(columns) >= self._least else None


def by_index(columns: list[bytes], index: Mapping[str, int], unset: Container[bytes]) -> Values:
    """The value of a column by its name."""

    def values(name: str) -> tuple[bytes, ...]:
        at = index.get(name)
        value = columns[at] if at is not None and at < len(columns) else b""
        return (value,) if value and value not in unset else ()

    return values


class DelimitedReader:
    """Splits the lines of one format under one header after the other."""

    def __init__(self, log_format: LogFormat, shape: Shape) -> None:
        self._rule = Recognise(all=shape.named) if shape.named else log_format.recognise
        self._unset = log_format.unset
        self._kind = shape.header
        self._separator = shape.separator
        self._split = log_format.split_fields
        self._header: Header | None = None
        self._fits = False

    def read(self, line: bytes, header: Header) -> Values | None:
        if header is not self._header:
            self._header = header
            self._fits = (
                header.kind == self._kind
                and (self._kind != "csv" or header.separator == self._separator)
                and bool(header.fields)
                and recognised(self._rule, header.index.__contains__, header.path)
            )
        if not self._fits:
            return None
        if self._kind == "zeek":
            columns = line.split(header.separator)
        else:
            columns = cells(line, header.separator) if self._kind == "csv" else line.split()
        if len(columns) < len(header.fields):
            return None
        return (
            self._zeek(columns, header)
            if self._kind == "zeek"
            else by_index(columns, header.index, self._unset)
        )

    def _zeek(self, columns: list[bytes], header: Header) -> Values:
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
