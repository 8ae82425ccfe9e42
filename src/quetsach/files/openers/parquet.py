"""A Parquet file as one JSON object a row; `--fields` says what its columns mean."""

from __future__ import annotations

import datetime
import importlib
from collections.abc import Iterator
from typing import Any

from quetsach.errors import SourceError
from quetsach.files.openers import jsonlines
from quetsach.files.openers.ondisk import path_of
from quetsach.files.openers.opened import Opened

_ROWS = 4096


def open(file: Opened) -> Iterator[Opened]:
    """Its only stream: the rows."""
    yield jsonlines.opened(file, lines(file))


def lines(file: Opened) -> Iterator[bytes]:
    """Every row as one line of JSON.

    Raises:
        SourceError: the package pyarrow is missing, or, after all rows that could be read, the file is
        damaged.
    """
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise SourceError(
            "is a Parquet file, which needs the package pyarrow (quetsach[table]); or save it as "
            "CSV and scan that"
        ) from None
    try:
        with path_of(file) as path, parquet.ParquetFile(path) as table:
            for batch in table.iter_batches(batch_size=_ROWS, use_threads=False):
                for row in batch.to_pylist():
                    yield jsonlines.line({name: _plain(value) for name, value in row.items()})
    except (OSError, ValueError, RuntimeError, NotImplementedError, OverflowError) as error:
        # pyarrow's own errors are among these.
        raise SourceError(
            f"Parquet: damaged ({' '.join(str(error).split())[:200]}); what came before was scanned,"
            " copy the file again from its origin"
        ) from error


def _plain(value: Any) -> Any:
    match value:
        case datetime.datetime():
            return value.isoformat(sep="T")
        case bytes():
            return value.decode("utf-8", "replace")
        case bool():
            return "true" if value else "false"
        case int() | str() | None:
            return value
        case float():
            return f"{value:.6f}"
        case list():
            return [_plain(one) for one in value]
        case dict():
            return {str(key): _plain(one) for key, one in value.items()}
        case _:
            return str(value)
