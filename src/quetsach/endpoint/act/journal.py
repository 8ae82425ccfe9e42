"""The journal of acts: one JSON line an act, on the disk before the act, chained to the line before it.

`undo` replays it after a power cut, and it is the audit of every change to a machine. A changed or removed
line breaks the chain. Lines cut off at the end do not, so the last `hash` belongs in the report of the
clean-up.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from quetsach.endpoint.act.errors import ActError, of
from quetsach.endpoint.act.vault import sync_folder

_FIRST = "0" * 64
_LARGEST = 256 << 20

Entry = dict[str, Any]


class Journal:
    """Open for one process. A torn last line, left by a power cut, is removed: its act had not started."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self.entries: list[Entry] = []
        self._restore()

    @property
    def head(self) -> str:
        """The last hash, which stands for the whole journal."""
        return str(self.entries[-1]["hash"]) if self.entries else _FIRST

    def write(self, event: str, **fields: Any) -> Entry:
        """Write one line, durable when this returns.

        Raises:
            ActError: it could not be written, so nothing may be done.
        """
        entry: Entry = {
            "number": len(self.entries),
            "time": _now(),
            "event": event,
            **fields,
            "before": self.head,
        }
        entry["hash"] = _hash(entry)
        start = self._file.seek(0, os.SEEK_END)
        try:
            left = _line(entry)
            while left:
                # A disk that fills up may take part of a line before it refuses the rest.
                left = left[self._file.write(left) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            self._cut(start)
            raise of(error, str(self._path)) from error
        self.entries.append(entry)
        return entry

    def _cut(self, size: int) -> None:
        try:
            self._file.truncate(size)
        except OSError:
            return  # the torn line is removed when the journal is read again

    def _restore(self) -> None:
        self._file.seek(0)
        content = self._file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise ActError("damaged_journal", str(self._path))
        whole = content.rfind(b"\n") + 1
        for number, line in enumerate(content[:whole].splitlines()):
            self.entries.append(self._entry(number, line))
        if whole < len(content):
            self._cut(whole)

    def _entry(self, number: int, line: bytes) -> Entry:
        try:
            entry: Entry = json.loads(line)
            is_right = (
                entry["number"] == number and entry["before"] == self.head and entry["hash"] == _hash(entry)
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            is_right = False
        if not is_right:
            raise ActError("damaged_journal", f"{self._path}:{number + 1}")
        return entry


@contextmanager
def opened(path: Path) -> Iterator[Journal]:
    """The journal at `path`, a new file if missing; raises `ActError("busy")` while another process has
    it."""
    try:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        number = os.open(path, flags, 0o600)
    except OSError as error:
        raise of(error, str(path)) from error
    with os.fdopen(number, "r+b", buffering=0) as file:
        _lock(file, path)
        sync_folder(path.parent)
        yield Journal(path, file)


def _lock(file: BinaryIO, path: Path) -> None:
    try:
        if os.name == "nt":
            import msvcrt

            # Far behind any content: Windows' locks would block our own reads.
            file.seek(1 << 40)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
            file.seek(0)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise ActError("busy", str(path)) from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _hash(entry: Entry) -> str:
    told = {name: value for name, value in entry.items() if name != "hash"}
    return hashlib.sha256(canonical(told)).hexdigest()


def _line(entry: Entry) -> bytes:
    return canonical(entry) + b"\n"


def canonical(told: Any) -> bytes:
    """The spelling of a document under its hash; odd bytes of file names stay as escapes."""
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")
