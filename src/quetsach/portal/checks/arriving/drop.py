"""The files that a person dropped onto the portal: results, folders of results, ZIP files of results.

File names are hostile text and never become paths here. One request has one account for all its files
together, which counts the bytes really read, not the sizes that a file states.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from django.core.files.uploadedfile import UploadedFile

from quetsach.endpoint import suffixes
from quetsach.portal.checks.arriving.reading import MOST_BYTES, ResultError
from quetsach.text.escape import escape

ENDINGS = (".json", suffixes.RESULT)
"""A plain result, and a sealed one."""
MOST_RESULTS, MOST_ENTRIES = 1_000, 10_000
"""The most results that are opened, and entries that ZIP files list, in one request."""
MOST_UNPACKED = 64 << 20
"""Bytes read for one request: a thousand results of 64 KB each. Bytes unpacked from a seal count too."""
_PIECE = 64 << 10
"""Bytes of one reading, and so the most that an entry with a false size can yield at once."""
_LONGEST_LIST = 4 << 20
"""Bytes of a ZIP's list of entries, which `zipfile` reads at once, however long it is."""
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""The methods that pack results. With others Python unpacks all that it has read, without a bound."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """One file: its name, made safe to show, and its content or the problem with it.

    The opener of the content reports unpacked bytes to `charge`; ResultError `too_many` ends the opening.
    """

    name: str
    content: bytes = b""
    problem: ResultError | None = None
    charge: Callable[[int], None] = lambda _size: None


class _UsedUpError(Exception):
    """The request holds more than one request may."""


@dataclass
class _Account:
    """The amounts that may still be opened for this request."""

    results: int = MOST_RESULTS
    entries: int = MOST_ENTRIES
    bytes: int = MOST_UNPACKED

    def take(self, *, results: int = 0, entries: int = 0, read: int = 0) -> None:
        self.results -= results
        self.entries -= entries
        self.bytes -= read
        if min(self.results, self.entries, self.bytes) < 0:
            raise _UsedUpError

    def open(self, size: int) -> None:
        """Charge the bytes unpacked from a result that was yielded already."""
        try:
            self.take(read=size)
        except _UsedUpError as error:
            raise ResultError("too_many") from error

    @property
    def is_used_up(self) -> bool:
        """Whether the last result exceeded the account."""
        return self.bytes < 0


def dropped(files: Iterable[UploadedFile[bytes]]) -> Iterator[Dropped]:
    """Every result among the files, one at a time; other files of a folder are skipped.

    If the request holds too much, the file that exceeds the account has the problem `too_many`, and is the
    last.
    """
    account = _Account(MOST_RESULTS, MOST_ENTRIES, MOST_UNPACKED)
    for file in files:
        if account.is_used_up:
            return
        name = _shown(file.name or "")
        assert file.file is not None
        try:
            if name.lower().endswith(".zip"):
                yield from _members(name, file.file, account)
            elif name.lower().endswith(ENDINGS):
                account.take(results=1)
                yield _read(name, file.file, account)
        except _UsedUpError:
            yield Dropped(name, problem=ResultError("too_many"))
            return


def _shown(name: str) -> str:
    return escape(name.encode("utf-8", "surrogateescape"), 200)


def _read(name: str, file: IO[bytes], account: _Account) -> Dropped:
    """Read up to the bound: the stated size of a file or entry proves nothing.

    Each piece is charged when it is read, so an entry that breaks at its end is charged as well.
    """
    content = bytearray()
    while piece := file.read(_PIECE):
        content += piece
        account.take(read=len(piece))
        if len(content) > MOST_BYTES:
            return Dropped(name, problem=ResultError("too_large"))
    return Dropped(name, bytes(content), charge=account.open)


def _members(name: str, file: IO[bytes], account: _Account) -> Iterator[Dropped]:
    try:
        with zipfile.ZipFile(_Sparing(file)) as archive:
            entries = archive.infolist()
            account.take(entries=len(entries))
            for entry in entries:
                if account.is_used_up:
                    return
                if entry.filename.lower().endswith(ENDINGS):
                    account.take(results=1)
                    yield _member(archive, entry, f"{name} › {_shown(entry.filename)}", account)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        yield Dropped(name, problem=ResultError("broken_zip"))


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, account: _Account) -> Dropped:
    if entry.compress_type not in _METHODS:
        return Dropped(name, problem=ResultError("broken_zip"))
    try:
        with archive.open(entry) as member:
            return _read(name, member, account)
    except RuntimeError:
        return Dropped(name, problem=ResultError("locked_zip"))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError):
        return Dropped(name, problem=ResultError("broken_zip"))


class _Sparing:
    """A file as `zipfile` reads it, with a bound for each reading."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, lambda: True

    def read(self, size: int = -1) -> bytes:
        """Raises BadZipFile for a reading that is longer than the longest list of entries."""
        content = self._file.read(size if 0 <= size <= _LONGEST_LIST else _LONGEST_LIST + 1)
        if len(content) > _LONGEST_LIST:
            raise zipfile.BadZipFile("the list of entries is too long")
        return content
