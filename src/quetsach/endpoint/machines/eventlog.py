"""Event logs of a Windows disk, as lines of JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import Files
from quetsach.errors import SourceError
from quetsach.files.openers import evtx

_FOLDER = r"System32\winevt\Logs"
_MOST_BYTES = 256 << 20


def lines(files: Files, system_root: str, log: str) -> Iterator[bytes]:
    """Every event of a log, by the name of its file.

    Raises:
        Unavailable: the log is missing or, after all readable events, some events could not be read.
    """
    place = f"{system_root}\\{_FOLDER}\\{log}"
    with files.open(place) as file:
        try:
            yield from evtx.lines(_Bounded(file, place))
        except SourceError as error:
            reason = "no_reader" if "needs the package" in str(error) else "damaged"
            raise Unavailable(reason, place) from error
        except OSError as error:
            raise Unavailable("failed", place) from error


class _Bounded:
    """A file whose reading stops after `_MOST_BYTES`."""

    def __init__(self, file: BinaryIO, place: str) -> None:
        self._file = file
        self._place = place
        self._left = _MOST_BYTES

    def read(self, size: int, /) -> bytes:
        self._left -= size
        if self._left < 0:
            raise Unavailable("too_large", self._place)
        return self._file.read(size)
