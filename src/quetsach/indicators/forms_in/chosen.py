"""Columns that the reader chose by `--column`: a column that no part of the list has is an error."""

from __future__ import annotations

from collections.abc import Mapping

from quetsach.errors import IndicatorError


class Chosen:
    """The chosen columns that were not found yet; each form checks the column of indicators itself."""

    def __init__(self, columns: Mapping[str, str] | None) -> None:
        self._left = {column: name for column, name in (columns or {}).items() if column != "indicator"}

    def found(self, places: Mapping[str, int], width: int) -> Chosen:
        """Note the columns of one header or record with `width` cells; returns itself."""
        self._left = {c: name for c, name in self._left.items() if not places.get(c, width) < width}
        return self

    def refuse(self, source: str) -> None:
        """Raise IndicatorError if a chosen column is nowhere."""
        for name in self._left.values():
            raise IndicatorError(f"{source}: has no column '{name}'; look at its header line")
