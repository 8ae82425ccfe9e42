"""Sightings as tables of Apache Arrow and Polars, block by block, so memory never holds all rows as
objects."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING, Any

from quetsach.errors import ScanError
from quetsach.logs.roles import IDENTITY
from quetsach.sightings.sighting import Sighting

if TYPE_CHECKING:
    import polars
    import pyarrow

_BLOCK_ROWS = 50_000
_TIMES = ("first_seen", "last_seen")


def to_arrow(sightings: Iterable[Sighting]) -> pyarrow.Table:
    """Columns as in the wire format; `identity` is a struct. Raises ScanError where pyarrow is missing."""
    arrow = _library("pyarrow")
    time = arrow.timestamp("us", tz="UTC")
    kinds = {"count": arrow.int64(), **dict.fromkeys(_TIMES, time)}
    kinds["runs"] = arrow.list_(arrow.list_(arrow.int64()))
    kinds["identity"] = arrow.struct([(name, arrow.string()) for name in IDENTITY])
    schema = arrow.schema([(name, kinds.get(name, arrow.string())) for name in Sighting._fields])
    blocks = (arrow.RecordBatch.from_pydict(columns, schema=schema) for columns in _columns(sightings))
    table: pyarrow.Table = arrow.Table.from_batches(blocks, schema=schema)
    return table


def to_polars(sightings: Iterable[Sighting]) -> polars.DataFrame:
    """The same table as a data frame. Raises ScanError where polars is missing."""
    library = _library("polars")
    kinds = {"count": library.Int64, **dict.fromkeys(_TIMES, library.Datetime("us", "UTC"))}
    kinds["runs"] = library.List(library.List(library.Int64))
    kinds["identity"] = library.Struct(dict.fromkeys(IDENTITY, library.String))
    schema = {name: kinds.get(name, library.String) for name in Sighting._fields}
    blocks = [library.DataFrame(columns, schema=schema) for columns in _columns(sightings)]
    frame: polars.DataFrame = library.concat(blocks) if blocks else library.DataFrame(schema=schema)
    return frame


def _columns(sightings: Iterable[Sighting]) -> Iterator[dict[str, list[Any]]]:
    for block in batched(sightings, _BLOCK_ROWS):
        columns: dict[str, list[Any]] = {
            name: [getattr(seen, name) for seen in block] for name in Sighting._fields
        }
        for name in _TIMES:
            columns[name] = [datetime.fromisoformat(text) if text else None for text in columns[name]]
        columns["identity"] = [{name: found.get(name) for name in IDENTITY} for found in columns["identity"]]
        yield columns


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ScanError(f"this needs {name}; install it with: pip install {name}") from error
    except ImportError as error:
        raise ScanError(f"{name} is installed but cannot be used here: {error}") from error
