"""The file of a watcher's state: its tables, its transactions, and values that belong to the whole."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from quetsach.errors import ScanError

_APPLICATION = 0x51535741
_VERSION = 7
"""Rises when the tables change."""
_TABLES = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE version (number INTEGER PRIMARY KEY, set_id TEXT NOT NULL, program TEXT NOT NULL,
    count INTEGER NOT NULL, since REAL NOT NULL, asked TEXT NOT NULL DEFAULT '[]', UNIQUE (set_id, program));
CREATE TABLE generation (number INTEGER PRIMARY KEY, is_whole INTEGER NOT NULL, source TEXT NOT NULL,
    was TEXT NOT NULL DEFAULT '[]', head TEXT NOT NULL, head_size INTEGER NOT NULL, tail TEXT NOT NULL,
    place INTEGER NOT NULL, base INTEGER NOT NULL, base_header BLOB NOT NULL,
    path TEXT NOT NULL, shown TEXT NOT NULL, is_ended INTEGER NOT NULL DEFAULT 0, seen REAL NOT NULL,
    format TEXT NOT NULL DEFAULT '', last_lines TEXT NOT NULL DEFAULT '[]');
CREATE INDEX generation_head ON generation (head);
CREATE INDEX generation_source ON generation (source);
CREATE TABLE looked (generation INTEGER NOT NULL, version INTEGER NOT NULL, place INTEGER NOT NULL,
    is_settled INTEGER NOT NULL, header BLOB NOT NULL, coverage TEXT NOT NULL, rest TEXT NOT NULL DEFAULT '',
    change INTEGER NOT NULL, text INTEGER NOT NULL DEFAULT 0, record INTEGER NOT NULL DEFAULT 0,
    moment REAL NOT NULL DEFAULT 0, first INTEGER NOT NULL DEFAULT 0,
    counted TEXT NOT NULL DEFAULT '', holes TEXT NOT NULL DEFAULT '[]',
    damage TEXT NOT NULL DEFAULT '[]', PRIMARY KEY (generation, version)) WITHOUT ROWID;
CREATE TABLE found (generation INTEGER NOT NULL, version INTEGER NOT NULL, part INTEGER NOT NULL,
    kind TEXT NOT NULL, key TEXT NOT NULL, day TEXT NOT NULL, data BLOB NOT NULL, change INTEGER NOT NULL,
    grown INTEGER NOT NULL,
    PRIMARY KEY (generation, version, kind, key, part)) WITHOUT ROWID;
CREATE INDEX found_change ON found (version, change);
CREATE TABLE whole (path TEXT NOT NULL, version INTEGER NOT NULL, mark TEXT NOT NULL, said TEXT NOT NULL,
    PRIMARY KEY (path, version)) WITHOUT ROWID;
CREATE TABLE trouble (path TEXT PRIMARY KEY, said TEXT NOT NULL, since REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE lease (place TEXT NOT NULL, data TEXT NOT NULL, change INTEGER NOT NULL,
    PRIMARY KEY (place, data)) WITHOUT ROWID;
INSERT INTO about VALUES ('rows', '0')
"""
_COUNTING = (
    "CREATE TEMP TRIGGER row_added AFTER INSERT ON main.found BEGIN"
    " UPDATE about SET value = value + 1 WHERE name = 'rows'; END",
    "CREATE TEMP TRIGGER row_gone AFTER DELETE ON main.found BEGIN"
    " UPDATE about SET value = value - 1 WHERE name = 'rows'; END",
)
"""A watcher counts its rows. The triggers belong to its connection: what others delete is not counted, and
the next start notices it."""
_FROM_1 = """
ALTER TABLE generation ADD COLUMN format TEXT NOT NULL DEFAULT '';
UPDATE generation SET was = (SELECT json_group_array(json_array(value, 1 << 62)) FROM json_each(was));
ALTER TABLE version ADD COLUMN asked TEXT NOT NULL DEFAULT '[]';
ALTER TABLE lease RENAME TO old_lease;
CREATE TABLE lease (place TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (place, data)) WITHOUT ROWID;
INSERT INTO lease SELECT '', data FROM old_lease;
DROP TABLE old_lease;
INSERT INTO about SELECT 'rows', count(*) FROM found
"""
"""What makes a state of version 1 one of version 2. Earlier ids are told again at each sending: nobody knows
which of them a portal has seen."""
_FROM_2 = "ALTER TABLE lease ADD COLUMN change INTEGER NOT NULL DEFAULT 1"
"""What makes a state of version 2 one of version 3: no portal has its leases yet."""
_FROM_3 = """
ALTER TABLE looked ADD COLUMN text INTEGER NOT NULL DEFAULT 0;
UPDATE looked SET text = place;
ALTER TABLE looked ADD COLUMN record INTEGER NOT NULL DEFAULT 0;
ALTER TABLE looked ADD COLUMN moment REAL NOT NULL DEFAULT 0
"""
"""What makes a state of version 3 one of version 4: until then only text in UTF-8 was read
by place."""
_FROM_4 = "ALTER TABLE looked ADD COLUMN first INTEGER NOT NULL DEFAULT 0"
"""What makes a state of version 4 one of version 5."""
_FROM_5 = """
ALTER TABLE looked ADD COLUMN counted TEXT NOT NULL DEFAULT '';
ALTER TABLE looked ADD COLUMN holes TEXT NOT NULL DEFAULT '[]';
ALTER TABLE looked ADD COLUMN damage TEXT NOT NULL DEFAULT '[]'
"""
"""What makes a state of version 5 one of version 6."""
_FROM_6 = "ALTER TABLE generation ADD COLUMN last_lines TEXT NOT NULL DEFAULT '[]'"
"""What makes a state of version 6 one of version 7."""


_TOGETHER_SECONDS = 0.2
"""Others that write wait no longer: the outbox."""


_DISK = frozenset(
    (
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
    )
)
_SURROGATE = re.compile("[\ud800-\udfff\U0010fffe]")
_SPELLED = re.compile("\U0010fffe(00d[89a-f][0-9a-f]{2}|10fffe)")
"""SQLite takes no lone surrogate, which stands for a byte of a file name that is not UTF-8. It is kept as a
character that nothing uses, with the number of the surrogate behind it."""


class _Connection(sqlite3.Connection):
    """Takes and gives any text that a path can be."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        return super().execute(sql, _spelled(parameters))

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        return super().executemany(sql, map(_spelled, parameters))


def _spelled(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(
        value
        if not isinstance(value, str) or value.isascii()
        else _SURROGATE.sub(lambda found: f"\U0010fffe{ord(found[0]):06x}", value)
        for value in values
    )


def _text(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise sqlite3.DatabaseError("a text is not UTF-8") from error
    if text.isascii() or "\U0010fffe" not in text:
        return text
    return _SPELLED.sub(lambda found: chr(int(found[1], 16)), text)


_DAMAGE = (sqlite3.Error, json.JSONDecodeError)
_PUZZLED = (TypeError, AttributeError, LookupError, ValueError)
"""What the program raises where a value has another kind than it must have."""


def trouble(path: Path, error: Exception) -> ScanError:
    """What to do about a state that failed: a full disk is another thing than a damaged file."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DISK:
        return ScanError(
            f"{path}: the state cannot be written: {error}; make room on that disk and start again; nothing"
            " is lost"
        )
    why = str(error) or type(error).__name__
    return ScanError(
        f"{path}: the state is damaged: {why}; keep a copy of its folder and start with another --state: the"
        " logs that are still kept are read again"
    )


@contextmanager
def checked(path: Path, *more: type[Exception]) -> Iterator[None]:
    """Failures of a state in here, and errors of the kinds `more`, become ScanError. So do errors for which a
    value of another kind than a state must hold is the reason."""
    try:
        yield
    except _PUZZLED as error:
        from quetsach.watching import shapes

        why = str(error) if isinstance(error, (*_DAMAGE, *more)) else shapes.wrong(path)
        if not why and not isinstance(error, (*_DAMAGE, *more)):
            raise
        raise trouble(path, LookupError(why)) from error
    except Exception as error:
        if not isinstance(error, (*_DAMAGE, *more)):
            raise
        raise trouble(path, error) from error


class Store:
    """Open for one watcher, or for reading beside it."""

    def __init__(self, path: Path, *, is_read_only: bool = False) -> None:
        self.path = path
        self._is_together, self._since = False, 0.0
        self._number: int | None = None
        """That of the change at hand, once something asked for it."""
        if is_read_only and not path.is_file():
            raise ScanError(f"{path.parent}: holds no state of a watcher; start quetsach watch with it first")
        try:
            self._file = sqlite3.connect(path, isolation_level=None, timeout=10, factory=_Connection)
            self._file.text_factory = _text
            try:
                self._open(is_read_only=is_read_only)
            except BaseException:
                self._file.close()
                raise
        except sqlite3.DatabaseError as error:
            raise ScanError(f"{path}: the state cannot be used: {error}; give another --state") from error

    def _open(self, *, is_read_only: bool) -> None:
        run = self._file.execute
        run("PRAGMA query_only = ON" if is_read_only else "PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        application, version = (run(f"PRAGMA {p}").fetchone()[0] for p in ("application_id", "user_version"))
        if not is_read_only and not run("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            self.path.chmod(0o600)
            run("BEGIN IMMEDIATE")
            run(f"PRAGMA application_id = {_APPLICATION}")
            run(f"PRAGMA user_version = {_VERSION}")
            for statement in _TABLES.split(";\n"):
                run(statement)
            run("COMMIT")
        elif application != _APPLICATION:
            raise ScanError(f"{self.path}: is no state of a watcher, or is damaged; give another --state")
        elif version > _VERSION:
            raise ScanError(
                f"{self.path}: was kept by a newer quetsach (state {version}, this one knows {_VERSION});"
                " install that version again, or give another --state"
            )
        elif version < _VERSION and is_read_only:
            raise ScanError(f"{self.path}: was kept by an older quetsach; start quetsach watch with it first")
        elif version < _VERSION:
            run("BEGIN IMMEDIATE")
            for step in (_FROM_1, _FROM_2, _FROM_3, _FROM_4, _FROM_5, _FROM_6)[version - 1 :]:
                for statement in step.split(";\n"):
                    run(statement)
            run(f"PRAGMA user_version = {_VERSION}")
            run("COMMIT")

        with checked(self.path):
            self._check_rows(counts=not is_read_only)

    def _check_rows(self, *, counts: bool) -> None:
        run = self._file.execute
        run("BEGIN")
        counted = run("SELECT value FROM about WHERE name = 'rows'").fetchone()
        there = run("SELECT count(*) FROM found").fetchone()[0]
        run("COMMIT")
        if counted is None or int(counted[0]) != there:
            raise trouble(self.path, LookupError("rows were deleted or added by another program"))
        if counts:
            # A row that replaces another counts once.
            run("PRAGMA recursive_triggers = ON")
            for trigger in _COUNTING:
                run(trigger)

    def close(self) -> None:
        self._file.close()

    def about(self) -> dict[str, str]:
        """Names and values that belong to the whole state."""
        return dict(self._file.execute("SELECT name, value FROM about"))

    def note(self, values: Mapping[str, str]) -> None:
        """Keep such values."""
        with self._writing():
            self._file.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", values.items())

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """What is written in here becomes durable together, at the latest with the end of `together`."""
        if not self._file.in_transaction:
            self._file.execute("BEGIN IMMEDIATE")
            self._since, self._number = time.monotonic(), None
        try:
            yield
        except BaseException:
            # A full disk may have ended the transaction already.
            if self._file.in_transaction:
                self._file.execute("ROLLBACK")
            raise
        if not self._is_together or time.monotonic() - self._since > _TOGETHER_SECONDS:
            self.flush()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written in here shares few transactions: each waits for the disk."""
        self._is_together = True
        try:
            yield
            self.flush()
        finally:
            self._is_together = False
            if self._file.in_transaction:
                self._file.execute("ROLLBACK")

    def flush(self) -> None:
        """Make durable what was written."""
        if self._file.in_transaction:
            self._file.execute("COMMIT")

    def _change(self) -> int:
        """The number of the change at hand: all that becomes durable together has one."""
        if self._number is None:
            row = self._file.execute("SELECT value FROM about WHERE name = 'change'").fetchone()
            self._number = int(row[0]) + 1 if row is not None else 1
            self._file.execute("INSERT OR REPLACE INTO about VALUES ('change', ?)", (str(self._number),))
        return self._number

    def last_change(self) -> int:
        """The number of the last change of a row, of coverage or of a lease."""
        return int(self.about().get("change", "0"))

    def troubles(self) -> dict[str, str]:
        """Paths that cannot be followed, and why."""
        return dict(self._file.execute("SELECT path, said FROM trouble ORDER BY path"))

    def set_troubles(self, troubles: Mapping[str, str], now: float) -> None:
        """Those that there are now."""
        if troubles == self.troubles():
            return
        with self._writing():
            self._file.execute("DELETE FROM trouble")
            rows = [(path, said, now) for path, said in troubles.items()]
            self._file.executemany("INSERT INTO trouble VALUES (?, ?, ?)", rows)

    def say(self, path: str, version: int, said: str) -> None:
        """Keep in words what is wrong with a file that was read as a whole."""
        with self._writing():
            self._file.execute(
                "UPDATE whole SET said = ? WHERE path = ? AND version = ?", (said, path, version)
            )

    def leases(self, place: str) -> Iterator[list[Any]]:
        """Leases as they were kept: those of a place, "" for those that count for all places."""
        for (data,) in self._file.execute("SELECT data FROM lease WHERE place = ? ORDER BY data", (place,)):
            yield json.loads(data)

    def keep_leases(self, place: str, leases: Iterable[Iterable[Any]]) -> None:
        """Keep leases; those that are known change nothing."""
        texts = [json.dumps(list(lease)) for lease in leases]
        with self._writing():
            change = self._change()
            rows = [(place, text, change) for text in texts]
            self._file.executemany("INSERT OR IGNORE INTO lease VALUES (?, ?, ?)", rows)

    def lease_places(self) -> list[str]:
        """The places that have leases of their own, and "" where some count for all places."""
        return [row[0] for row in self._file.execute("SELECT DISTINCT place FROM lease ORDER BY place")]

    def leases_after(self, place: str, change: int) -> int:
        """How many leases of a place came after a change."""
        query = "SELECT count(*) FROM lease WHERE place = ? AND change > ?"
        return int(self._file.execute(query, (place, change)).fetchone()[0])

    def lease_changes(self, place: str, change: int) -> Iterator[tuple[list[Any], bool]]:
        """The leases of a place, each with whether it came after a change."""
        query = "SELECT data, change > ? FROM lease WHERE place = ? ORDER BY data"
        for data, is_new in self._file.execute(query, (change, place)):
            yield json.loads(data), bool(is_new)
