"""Reports added up: infections by address and family, risks by address and service, leftovers by reason.

A file may name millions of addresses: the sums lie in a temporary database, and some thousands in memory.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from quetsach.victims.report import SEVERITIES, Leftover, Report

MOST_LEFT = 1_000
"""Leftovers that are kept one by one; all are counted."""
HELD = 50_000
"""Sums in memory."""
_CACHE = 16 << 10
"""KiB of the database that stay in memory."""
_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
_STEP = timedelta(microseconds=1)
_NO_PORT = -1
_TABLE = """
CREATE TABLE sums (
    address TEXT, name TEXT, port INTEGER, first INTEGER, last INTEGER, events INTEGER, severity INTEGER,
    PRIMARY KEY (address, name, port)
) WITHOUT ROWID
"""
_ADD = """
INSERT INTO sums VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (address, name, port) DO UPDATE SET
    first = min(first, excluded.first), last = max(last, excluded.last),
    events = events + excluded.events, severity = max(severity, excluded.severity)
"""

type _Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Sum:
    """What all reports say of an address and a `name`: the family of an infection, the type of a risk. `port`
    is that of a risk."""

    address: str
    name: str
    port: int | None
    first: datetime
    last: datetime
    events: int
    severity: str


class Sums:
    """Sums by address, name and port, in bounded memory. Raises OSError where the disk has no room."""

    def __init__(self) -> None:
        self._held: dict[_Key, tuple[datetime, datetime, int, int]] = {}
        # An empty name is a database in a temporary file of its own, which goes with the connection.
        self._database = sqlite3.connect("", isolation_level=None)
        for setting in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{_CACHE}"):
            self._database.execute(f"PRAGMA {setting}")
        self._database.execute(_TABLE)

    def add(self, one: Report, name: str, port: int | None) -> None:
        """Add a report."""
        key = one.address, name, _NO_PORT if port is None else port
        level = SEVERITIES.index(one.severity) if one.severity in SEVERITIES else -1
        held = self._held.get(key)
        if held is None:
            if len(self._held) == HELD:
                self._put_aside()
            self._held[key] = one.first, one.last, one.events, level
        else:
            first, last, events, known = held
            self._held[key] = (
                min(first, one.first), max(last, one.last), events + one.events, max(known, level)
            )  # fmt: skip

    def __len__(self) -> int:
        return self._number("SELECT count(*) FROM sums")

    @property
    def addresses(self) -> int:
        """The number of different addresses."""
        return self._number("SELECT count(DISTINCT address) FROM sums")

    def latest(self, most: int) -> list[Sum]:
        """Those that were reported last, the latest first."""
        return self._some("last DESC, address DESC, name", most)

    def in_order(self, most: int) -> list[Sum]:
        """The first by address, name and port."""
        return self._some("address, name, port", most)

    def _some(self, order: str, most: int) -> list[Sum]:
        self._put_aside()
        with _in_words():
            rows = self._database.execute(f"SELECT * FROM sums ORDER BY {order} LIMIT ?", [most])  # noqa: S608
            return [
                Sum(
                    address, name, None if port == _NO_PORT else port, _BEGIN + first * _STEP,
                    _BEGIN + last * _STEP, events, SEVERITIES[severity] if severity >= 0 else "",
                )
                for address, name, port, first, last, events, severity in rows
            ]  # fmt: skip

    def _number(self, question: str) -> int:
        self._put_aside()
        with _in_words():
            return int(self._database.execute(question).fetchone()[0])

    def _put_aside(self) -> None:
        # In the order of the key, so that neighbours lie on one page.
        rows = [
            (*key, (first - _BEGIN) // _STEP, (last - _BEGIN) // _STEP, events, severity)
            for key, (first, last, events, severity) in sorted(self._held.items())
        ]
        with _in_words():
            self._database.execute("BEGIN")
            self._database.executemany(_ADD, rows)
            self._database.execute("COMMIT")
        self._held.clear()


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise OSError(f"temporary file: {error}") from error


@dataclass
class Tally:
    """`infections` by address and family; `risks` by address, type and port."""

    infections: Sums = field(default_factory=Sums)
    risks: Sums = field(default_factory=Sums)
    by_kind: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Reports by publisher, type and meaning."""
    left: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Leftovers by code and, of types, by the type."""
    leftovers: list[Leftover] = field(default_factory=list)

    def add(self, one: Report | Leftover) -> None:
        """Count a line."""
        if isinstance(one, Leftover):
            told = one.value if one.code in ("kind", "unknown_kind") else ""
            self.left[one.code, told] += 1
            if len(self.leftovers) < MOST_LEFT:
                self.leftovers.append(one)
            return
        self.by_kind[one.publisher, one.kind, one.meaning.value] += 1
        if one.meaning.is_case:
            self.infections.add(one, one.family, None)
        else:
            self.risks.add(one, one.kind, one.port)
