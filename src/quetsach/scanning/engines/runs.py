"""Sorted runs of rows in temporary files, merged into one order."""

from __future__ import annotations

import heapq
import pickle
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO, Any

from quetsach.errors import ScanError
from quetsach.files.spool import no_room
from quetsach.indicators.indicator import Indicator


class RunError(ScanError):
    """Rows could not be written to a temporary file, or not read again."""

    def __init__(self, error: OSError) -> None:
        super().__init__(no_room(error))


def run_key(entry: tuple[Indicator, str | None, Any]) -> tuple[str, bool, str]:
    """The sort key of runs: the indicator as the wire spells it, then the device."""
    indicator, device, _ = entry
    return (indicator.canonical, device is not None, device or "")


class Runs[Value]:
    """Sorted runs of (indicator, device, value). The files are this process's own and have no names."""

    def __init__(self) -> None:
        self._files: list[IO[bytes]] = []

    def spill(self, entries: Iterable[tuple[Indicator, str | None, Value]]) -> None:
        """Write a sorted run. Raises RunError."""
        try:
            file = tempfile.TemporaryFile()  # noqa: SIM115
            for entry in entries:
                pickle.dump(entry, file, pickle.HIGHEST_PROTOCOL)
            file.flush()
        except OSError as error:
            raise RunError(error) from error
        self._files.append(file)

    def merged(
        self, last: Iterable[tuple[Indicator, str | None, Value]]
    ) -> Iterator[tuple[Indicator, str | None, Value]]:
        """All runs, and the run in memory, in one order; the files are closed at the end. Raises RunError."""
        return heapq.merge(*map(_read, self._files), last, key=run_key)


def _read(file: IO[bytes]) -> Iterator[Any]:
    with file:
        try:
            file.seek(0)
            while True:
                yield pickle.load(file)  # noqa: S301 - written by this process to a file without a name
        except EOFError:
            return
        except OSError as error:
            raise RunError(error) from error
