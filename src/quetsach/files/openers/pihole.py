"""Pi-hole's query database (pihole-FTL.db, SQLite) as one JSON object a line.

Tables of all versions: `queries` itself until FTL 5.16, then `query_storage`, where numbers stand for names.
Only tables are read, never a view or a trigger of the file. Codes:
https://docs.pi-hole.net/database/query-database/
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from quetsach.errors import SourceError
from quetsach.files.openers import jsonlines
from quetsach.files.openers.ondisk import path_of
from quetsach.files.openers.opened import Opened

MAGIC = b"SQLite format 3\0"
CHANGED = "changed while it was read; scan it again"
"""The error of a database that was written meanwhile: what was read may be half a transaction."""
DAMAGED = "SQLite: damaged"
"""In the error of a database that could be read up to its damage."""
NAMELESS = "queries without a name"
"""In the error of a database that holds queries, but not the names that they asked for."""
_NAME = "pihole-FTL"
_MOST_TEXT = 4096
_CNAME_STATUS = (9, 10, 11)
_NAMED = {
    "domain": ("domain_by_id", "domain"),
    "client": ("client_by_id", "ip"),
    "forward": ("forward_by_id", "forward"),
    "additional_info": ("addinfo_by_id", "content"),
}


def open(file: Opened) -> Iterator[Opened]:
    """Its only stream: the queries."""
    yield jsonlines.opened(file, lines(file), format="pihole.ftl")


def lines(file: Opened) -> Iterator[bytes]:
    """Every query as one line of JSON, oldest first.

    Raises:
        SourceError: the file is no such database or, after all queries that could be read, it is damaged,
            newer queries lie in its write-ahead log, it was written meanwhile, or names of queries are lost.
    """
    return (line for _number, _moment, line in numbered(file))


def latest(file: Opened) -> tuple[bytes, int, int]:
    """The line that names the database, and the numbers of its oldest and its latest query; no bytes and 0
    where it has none, or where damage hides them.

    Raises SourceError where the file is no such database.
    """
    with _opened(file) as db:
        tables = _tables(db)
        began, (table, columns) = _began(db, tables), _table(db, tables)
        order = _order(columns)
        # Two questions, because SQLite looks at each row for both in one.
        first, last = (
            _number(db, f"SELECT {end}({order}) FROM {table} AS q")  # noqa: S608
            for end in ("min", "max")
        )
        # The table that gives the numbers knows the last one, too.
        last = last or _number(db, "SELECT seq FROM sqlite_sequence WHERE name = ?", table)
    return jsonlines.store(_NAME, began) if began is not None else b"", first, last


def numbered(file: Opened, behind: tuple[int, float] | None = None) -> Iterator[tuple[int, float, bytes]]:
    """The same lines with the numbers of their queries, which FTL gives in order, and their times in seconds
    since 1970 UTC; with `behind` those of a higher number or a later time. The line that names the database,
    and a query without a whole number, have the number 0.

    Raises SourceError as `lines` does.
    """
    with _opened(file) as db:
        lost = yield from _queries(db, behind)
    if lost:
        raise SourceError(
            f"SQLite: {lost} {NAMELESS}, so nobody can tell what they asked for; copy the database again with"
            " sqlite3 FILE '.backup COPY' and scan the copy"
        )


def beside(path: Path) -> tuple[Path, Path]:
    """The rollback journal and the write-ahead log of a database; SQLite looks for them beside the file that
    a link leads to."""
    real = os.path.realpath(path)
    return Path(f"{real}-journal"), Path(f"{real}-wal")


def _is_hot(journal: Path) -> bool:
    """Whether a rollback journal holds what an unfinished transaction overwrote, by SQLite's rule: its first
    byte is not zero (https://www.sqlite.org/fileformat2.html#the_rollback_journal). True where nobody may
    look."""
    try:
        if not journal.is_file():
            return False
        with journal.open("rb") as file:
            return file.read(1) not in (b"", b"\0")
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _mark(path: Path) -> tuple[int, int, int]:
    try:
        about = path.stat()
    except OSError as error:
        raise SourceError(CHANGED) from error
    return about.st_ino, about.st_size, about.st_mtime_ns


@contextmanager
def _opened(file: Opened) -> Iterator[sqlite3.Connection]:
    with path_of(file) as path:
        journal, log = beside(path)
        if _is_hot(journal):
            raise SourceError(
                f"SQLite: a write to it was not finished, as {journal.name} beside it shows, so nothing of it"
                " was read; start the program that writes it, or copy the database with sqlite3 FILE"
                " '.backup COPY' and scan the copy"
            )
        before = _mark(path)
        problem: sqlite3.Error | OverflowError | None = None
        try:
            # "immutable" neither locks nor writes beside the file, and leaves the write-ahead log unread.
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as db:
                db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1 << 20)
                db.text_factory = lambda data: data.decode("utf-8", "replace")
                yield db
        except (sqlite3.Error, OverflowError) as error:
            problem = error
        if _mark(path) != before or _is_hot(journal):
            raise SourceError(CHANGED) from problem
        if problem is not None:
            raise SourceError(
                f"{DAMAGED} ({problem}); what came before was scanned, copy the file again from its origin"
            ) from problem
        if log.is_file() and log.stat().st_size:
            raise SourceError(
                f"SQLite: newer queries lie in {log.name} and were not read; copy the database with"
                " sqlite3 FILE '.backup COPY' and scan the copy"
            )


def _tables(db: sqlite3.Connection) -> set[str]:
    return {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")}


def _table(db: sqlite3.Connection, tables: set[str]) -> tuple[str, set[str]]:
    """The table of queries and its columns. Raises SourceError where there is none."""
    table = next((name for name in ("query_storage", "queries") if name in tables), None)
    columns = _columns(db, table) if table else set()
    if table is None or not {"timestamp", "domain", "client", "status"} <= columns:
        raise SourceError(
            "is a SQLite database without Pi-hole's queries, which is not read; save its records as "
            "CSV and scan that"
        )
    return table, columns


def _number(db: sqlite3.Connection, query: str, *values: str) -> int:
    """The whole number that answers a question; 0 where there is none, also because of damage."""
    try:
        found = db.execute(query, values).fetchone()
    except sqlite3.DatabaseError:
        return 0
    return found[0] if found is not None and isinstance(found[0], int) else 0


def _order(columns: set[str]) -> str:
    return "q.id" if "id" in columns else "q.rowid"


def _queries(
    db: sqlite3.Connection, behind: tuple[int, float] | None
) -> Generator[tuple[int, float, bytes], None, int]:
    """The lines with numbers and times. Returns how many queries have no name that can be read."""
    tables = _tables(db)
    table, columns = _table(db, tables)
    is_split = table == "query_storage"
    chosen = {name: _column(db, tables, columns, name, is_split) for name in _NAMED}
    chosen |= {
        name: f"q.{name}" if name in columns else "NULL"
        for name in ("timestamp", "status", "type", "reply_type")
    }
    # A number that stands for no text gives NULL in `additional_info`.
    chosen["info"] = "q.additional_info" if "additional_info" in columns else "NULL"
    lost = 0
    if (began := _began(db, tables)) is not None:
        yield 0, 0.0, jsonlines.store(_NAME, began)
    machines = _machines(db, tables)
    names = _names(db, tables)
    order = _order(columns)
    select = ", ".join(f"{expression} AS {name}" for name, expression in chosen.items())
    where = "" if behind is None else f" WHERE {order} > ? OR q.timestamp > ?"
    db.row_factory = sqlite3.Row
    query = f"SELECT {order} AS number, {select} FROM {table} AS q{where} ORDER BY {order}"  # noqa: S608
    for row in db.execute(query, behind or ()):
        status, client = row["status"], row["client"]
        mac, name = machines.get(client, (None, None))
        number, moment = row["number"], row["timestamp"]
        is_cname_lost = status in _CNAME_STATUS and row["info"] is not None
        is_cname_lost = is_cname_lost and not isinstance(row["additional_info"], str)
        lost += is_cname_lost or not isinstance(row["domain"], str)
        yield (
            number if isinstance(number, int) else 0,
            float(moment) if isinstance(moment, int | float) else 0.0,
            jsonlines.line(
                {
                    "timestamp": _time(row["timestamp"]),
                    "client": _text(client),
                    "client_name": _text(names.get(client) or name),
                    "client_mac": _text(mac),
                    "type": row["type"],
                    "domain": _text(row["domain"]),
                    "status": str(status),
                    "reply_type": None if row["reply_type"] is None else str(row["reply_type"]),
                    "cname": _text(row["additional_info"]) if status in _CNAME_STATUS else None,
                    "forward": _text(row["forward"]),
                }
            ),
        )
    return lost


def _began(db: sqlite3.Connection, tables: set[str]) -> str | None:
    """When the database began to count (its table `ftl`, id 2): that stays when FTL deletes old queries."""
    if "ftl" not in tables or not {"id", "value"} <= _columns(db, "ftl"):
        return None
    row = db.execute("SELECT value FROM ftl WHERE id = 2").fetchone()
    return str(row[0]) if row is not None and isinstance(row[0], int) and row[0] > 0 else None


def _columns(db: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in db.execute(f"PRAGMA table_info({table})")}


def _column(db: sqlite3.Connection, tables: set[str], columns: set[str], name: str, is_split: bool) -> str:
    """The column, or the text that its number stands for; a text in it stands for itself."""
    if name not in columns:
        return "NULL"
    table, value = _NAMED[name]
    if not is_split or table not in tables or not {"id", value} <= _columns(db, table):
        return f"q.{name}"
    return (
        f"CASE typeof(q.{name}) WHEN 'integer' THEN (SELECT {value} FROM {table} WHERE id = q.{name})"  # noqa: S608
        f" ELSE q.{name} END"
    )


def _machines(db: sqlite3.Connection, tables: set[str]) -> dict[str, tuple[str | None, str | None]]:
    """Hardware address and name of each address, as last seen."""
    if not {"network", "network_addresses"} <= tables or "network_id" not in _columns(
        db, "network_addresses"
    ):
        return {}
    name = "a.name" if "name" in _columns(db, "network_addresses") else "NULL"
    rows = db.execute(
        f"SELECT a.ip, n.hwaddr, {name} FROM network_addresses AS a JOIN network AS n"  # noqa: S608
        " ON n.id = a.network_id ORDER BY a.lastSeen"
    )
    # A machine without a known hardware address stands there as "ip-192.0.2.1".
    return {
        ip: (None if not isinstance(mac, str) or mac.startswith("ip-") else mac, host)
        for ip, mac, host in rows
    }


def _names(db: sqlite3.Connection, tables: set[str]) -> dict[str, str]:
    if "client_by_id" not in tables or not {"ip", "name"} <= _columns(db, "client_by_id"):
        return {}
    return {ip: name for ip, name in db.execute("SELECT ip, name FROM client_by_id") if name}


def _time(value: Any) -> str | None:
    return f"{value:.6f}" if isinstance(value, float) else str(value) if isinstance(value, int) else None


def _text(value: Any) -> str | None:
    return value[:_MOST_TEXT] if isinstance(value, str) else None
