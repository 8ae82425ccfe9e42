"""Lines of columns that a header names."""

from __future__ import annotations

from quetsach.engines.shapes.header import Header
from quetsach.engines.shapes.values import Values, recognised
from quetsach.logformat import LogFormat


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
            self._fits = bool(header.fields) and recognised(
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
