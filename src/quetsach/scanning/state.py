"""Keeps the finished units of a long scan on disk, so that the scan can be stopped at any moment and go on.

One SQLite file. The mark that a unit has ended becomes durable only together with its last rows, so after a
power cut a unit is either there as a whole or read again.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from quetsach.bypass import providers
from quetsach.errors import ScanError
from quetsach.files.inputs import identity
from quetsach.files.source import is_address
from quetsach.logs import logformat
from quetsach.logs.fieldmap import FieldMap
from quetsach.scanning.engine import ScanOptions
from quetsach.scanning.executor import Outcome, Unit
from quetsach.scanning.transfer import Row, to_outcomes, to_rows
from quetsach.sightings.sighting import Scan

_APPLICATION = 0x51534154
"""Marks the file as ours, for SQLite and for `file`."""
_VERSION = 6
"""Rises when the layout of kept rows changes, also of the engine's own part."""
_TABLES = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE unit (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, digest TEXT NOT NULL DEFAULT '');
CREATE TABLE outcome (number INTEGER, place INTEGER, kind TEXT, data BLOB, PRIMARY KEY (number, place))
"""


class State:
    """Open for one scan; another scan that wants the same file is refused.

    `about` must be equal for old results to count: the program, the set, the options.
    """

    def __init__(self, path: Path, about: Mapping[str, str]) -> None:
        self.path = path
        self._places: dict[Unit, tuple[int, int]] = {}
        self._keys: dict[Unit, str | None] = {}
        self._digests: dict[Unit, hashlib._Hash] = {}
        self.problem = ""
        """Why no further outcome can be kept."""
        try:
            self._file = sqlite3.connect(path, isolation_level=None, timeout=0)
            try:
                self._open(about)
            except BaseException:
                self._file.close()
                raise
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise ScanError(f"{path}: another scan is using this state file") from error
            raise ScanError(
                f"{path}: the state file cannot be used: {error}; choose another place for it"
            ) from error
        except sqlite3.DatabaseError as error:
            raise ScanError(f"{path}: is no state file of quetsach, or is damaged; choose another") from error

    @staticmethod
    def about(header: Scan, options: ScanOptions, fields: FieldMap | None = None) -> dict[str, str]:
        """All that results depend on, except the files."""
        return {
            "program": header.tool,
            # Kept rows name log formats by their numbers, and a new or changed format reads other lines.
            "set of log formats": logformat.digest(),
            "list of providers": providers.load().digest,
            "list": header.set_id,
            "source name": options.source_name,
            "time zone": options.tz,
            "format": options.format or "",
            "devices": str(options.devices),
            "machines asked about": hashlib.sha256("\n".join(options.asked).encode()).hexdigest(),
            "fields": repr(fields and (sorted(fields.columns.items()), sorted(fields.optional))),
        }

    def _open(self, about: Mapping[str, str]) -> None:
        run = self._file.execute
        run("PRAGMA locking_mode = EXCLUSIVE")
        # EXTRA: the folder is synced, too, when SQLite deletes the journal.
        run("PRAGMA synchronous = EXTRA")
        run("BEGIN EXCLUSIVE")
        application, version = (run(f"PRAGMA {p}").fetchone()[0] for p in ("application_id", "user_version"))
        if not run("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            run(f"PRAGMA application_id = {_APPLICATION}")
            run(f"PRAGMA user_version = {_VERSION}")
            for statement in _TABLES.split(";"):
                run(statement)
            self._file.executemany("INSERT INTO about VALUES (?, ?)", about.items())
        elif application != _APPLICATION:
            raise ScanError(f"{self.path}: is no state file of quetsach, or is damaged; choose another")
        elif version != _VERSION:
            raise ScanError(
                f"{self.path}: was kept by another version of quetsach; give another state file, or delete "
                "this one to begin anew"
            )
        old = dict(run("SELECT name, value FROM about"))
        for name, value in about.items():
            if old.get(name) != value:
                raise ScanError(
                    f"{self.path}: belongs to a scan with another {name} ({old.get(name)}, now {value}); "
                    "give another state file, or delete this one to begin anew"
                )
        unfinished = "(SELECT number FROM unit WHERE digest = '')"
        run(f"DELETE FROM outcome WHERE number IN {unfinished}")  # noqa: S608
        run("DELETE FROM unit WHERE digest = ''")
        run("COMMIT")

    def finished(self, unit: Unit) -> Iterator[Outcome] | None:
        """The outcomes of the unit, if it ended in an earlier run and its file has not changed since."""
        try:
            key = self._key(unit)
            found = self._file.execute("SELECT number, digest FROM unit WHERE key = ?", (key,)).fetchone()
            if found is None:
                return None
            number, digest = found
            hasher = hashlib.sha256()
            for row in self._rows(number):
                _add(hasher, row)
            if hasher.hexdigest() == digest:
                return to_outcomes(self._rows(number))
            # The rows on disk are not the rows that were written: read the unit again.
            self._drop(number)
        except sqlite3.DatabaseError as error:
            self._fail(error)
        return None

    def _drop(self, number: int) -> None:
        self._file.execute("DELETE FROM outcome WHERE number = ?", (number,))
        self._file.execute("DELETE FROM unit WHERE number = ?", (number,))

    def _rows(self, number: int) -> Iterator[Row]:
        order = "SELECT kind, data FROM outcome WHERE number = ? ORDER BY place"
        yield from self._file.execute(order, (number,))

    def keep(self, unit: Unit, outcome: Outcome) -> None:
        """Write down an outcome of a unit; it counts when `end` is called."""
        if self.problem or self._key(unit) is None:
            return
        try:
            self._write()
            number, place = self._places.get(unit) or (self._begin(unit), 0)
            for row in to_rows(outcome):
                _add(self._digests[unit], row)
                self._file.execute("INSERT INTO outcome VALUES (?, ?, ?, ?)", (number, place, *row))
                place += 1
            self._places[unit] = (number, place)
        except sqlite3.Error as error:
            self._fail(error)

    def _write(self) -> None:
        # The end of another unit may have closed this unit's transaction.
        if not self._file.in_transaction:
            self._file.execute("BEGIN IMMEDIATE")

    def _begin(self, unit: Unit) -> int:
        self._digests[unit] = hashlib.sha256()
        key = self._keys[unit]
        self._file.execute("DELETE FROM unit WHERE key = ?", (key,))
        return self._file.execute("INSERT INTO unit (key) VALUES (?)", (key,)).lastrowid or 0

    def end(self, unit: Unit, *, is_complete: bool) -> None:
        """The unit has ended; now its outcomes are durable. Outcomes of a unit cut short are forgotten."""
        place = self._places.pop(unit, None)
        if place is None or self.problem:
            return
        try:
            self._write()
            # A file that grew meanwhile has another key now, and will be read again.
            key = self._keys[unit]
            if is_complete and key is not None and self._fresh_key(unit) == key:
                digest = self._digests.pop(unit).hexdigest()
                self._file.execute("UPDATE unit SET digest = ? WHERE number = ?", (digest, place[0]))
                self._drop_earlier(key)
            else:
                self._drop(place[0])
            self._file.execute("COMMIT")
        except sqlite3.Error as error:
            self._fail(error)

    def _drop_earlier(self, key: str) -> None:
        """Forget the outcomes of the log's earlier versions: a log that grows daily would be kept once a
        day."""
        log, version = _log_and_version(key)
        numbers = self._found.get(log, {})
        for number in [number for number, old in numbers.items() if old != version]:
            self._drop(number)
            del numbers[number]

    @cached_property
    def _found(self) -> dict[str, dict[int, str]]:
        """What earlier runs kept: the versions of each log by the numbers of their units."""
        found: dict[str, dict[int, str]] = {}
        for number, key in self._file.execute("SELECT number, key FROM unit WHERE digest != ''"):
            log, version = _log_and_version(key)
            found.setdefault(log, {})[number] = version
        return found

    def _fail(self, error: sqlite3.Error) -> None:
        self.problem = f"cannot be used: {error}; the scan went on without it"

    def close(self) -> None:
        """Close the file; units that have not ended are dropped."""
        self._file.close()

    def _key(self, unit: Unit) -> str | None:
        if unit not in self._keys:
            self._keys[unit] = self._fresh_key(unit)
        return self._keys[unit]

    def _fresh_key(self, unit: Unit) -> str | None:
        """Names the unit and the version of its file; None for a source that can be read only once."""
        log, span = unit.log, unit.span
        if log.stored is not None:
            version: list[object] = [log.stored.size, log.stored.mtime, log.stored.mark]
        else:
            try:
                found = log.path.stat()
            except OSError:
                return None
            if not log.path.is_file():
                return None
            # No program can set the ctime back, so a log changed in its middle has a new version even where
            # its size and mtime are the same.
            version = [found.st_size, found.st_mtime_ns, found.st_ctime_ns]
        part = [log.part.only, sorted(log.part.without)]
        cut = [span.start, span.end, (span.header or b"").hex()] if span is not None else None
        return json.dumps([log.shown, identity(log), version, part, cut])


def _log_and_version(key: str) -> tuple[str, str]:
    """The parts of a unit's key that name the log, and those that name its version."""
    shown, source, version, part, _cut = json.loads(key)
    # From two folders the same relative path names two logs, whose first bytes differ.
    is_one_place = is_address(shown) or Path(shown).is_absolute()
    return json.dumps([shown, part, None if is_one_place else source]), json.dumps([source, version])


def _add(digest: hashlib._Hash, row: Row) -> None:
    kind, data = row
    digest.update(f"{kind} {len(data)} ".encode() + data)
