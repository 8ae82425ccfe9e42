"""Sorted stretches of rows in temporary files, merged into one order.

A *run* is something else here: hits that follow each other closely (docs/contract.md 4).
"""

from __future__ import annotations

import heapq
import pickle
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO, Any

from quetsach.errors import ScanError
from quetsach.files.spool import no_room
from quetsach.indicators.indicator import Indicator


class SpillError(ScanError):
    """Rows could not be written to a temporary file, or not read again."""

    def __init__(self, error: OSError) -> None:
        super().__init__(no_room(error))


type _Entry[Value] = tuple[Indicator, tuple[str | None, str], Value]


def stretch_key(entry: _Entry[Any]) -> tuple[str, bool, str, str]:
    """The sort key of entries: the indicator as the wire spells it, then the device, then `who`."""
    indicator, (device, who), _ = entry
    return (indicator.canonical, device is not None, device or "", who)


class Stretches[Value]:
    """Sorted stretches of (indicator, (device, who), value), each in a file.

    The files are this process's own and have no names.
    """

    def __init__(self) -> None:
        self._files: list[IO[bytes]] = []

    def spill(self, entries: Iterable[_Entry[Value]]) -> None:
        """Write a sorted stretch. Raises SpillError."""
        try:
            file = tempfile.TemporaryFile()  # noqa: SIM115
            for entry in entries:
                pickle.dump(entry, file, pickle.HIGHEST_PROTOCOL)
            file.flush()
        except OSError as error:
            raise SpillError(error) from error
        self._files.append(file)

    def merged(self, last: Iterable[_Entry[Value]]) -> Iterator[_Entry[Value]]:
        """All stretches, and the stretch in memory, in one order; the files are closed at the end.

        Raises SpillError.
        """
        return heapq.merge(*map(_read, self._files), last, key=stretch_key)


def _read(file: IO[bytes]) -> Iterator[Any]:
    with file:
        try:
            file.seek(0)
            while True:
                yield pickle.load(file)  # noqa: S301 - written by this process to a file without a name
        except EOFError:
            return
        except OSError as error:
            raise SpillError(error) from error
