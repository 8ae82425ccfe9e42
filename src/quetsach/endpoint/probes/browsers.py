"""Browser history, only on request. Only pages that match a list are kept.

Chromium: table `urls(url, last_visit_time)`, microseconds since 1601; Firefox: `moz_places(url,
last_visit_date)`, microseconds since 1970.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen

_CHROMIUM = {
    System.WINDOWS: tuple(
        rf"AppData\Local\{name}\User Data"
        for name in (
            r"Google\Chrome", r"Microsoft\Edge", r"CocCoc\Browser", r"BraveSoftware\Brave-Browser",
            "Chromium",
        )
    ),
    System.LINUX: (".config/google-chrome", ".config/chromium", ".config/microsoft-edge"),
}  # fmt: skip
_FIREFOX = {
    System.WINDOWS: (r"AppData\Roaming\Mozilla\Firefox\Profiles",),
    System.LINUX: (".mozilla/firefox",),
}
_MOST_BYTES = 96 << 20
_MOST_SECONDS = 10.0
_MOST_ROWS = 500_000
_MOST_PROFILES = 200


class _Browser(NamedTuple):
    """The places of profiles below a person's folder, and the query for their history."""

    places: Mapping[System, Sequence[str]]
    file: str
    query: str
    epoch: datetime


_BROWSERS = (
    _Browser(_CHROMIUM, "History", "SELECT url, last_visit_time FROM urls", datetime(1601, 1, 1, tzinfo=UTC)),
    _Browser(
        _FIREFOX,
        "places.sqlite",
        "SELECT url, last_visit_date FROM moz_places",
        datetime(1970, 1, 1, tzinfo=UTC),
    ),
)


def _look(machine: Machine, seen: Seen) -> None:
    separator = "\\" if machine.system is System.WINDOWS else "/"
    for user in machine.users():
        for browser in _BROWSERS:
            for place in browser.places[machine.system]:
                with seen.part():
                    _profiles(machine, seen, f"{user.folder}{separator}{place}", separator, browser)


def _profiles(machine: Machine, seen: Seen, folder: str, separator: str, browser: _Browser) -> None:
    # While Chromium runs, it keeps links to no file in its folder.
    found = [one for one in machine.files.entries(folder) if not one.name.startswith("Singleton")]
    for profile in seen.followed(machine, seen.first(found, _MOST_PROFILES, folder)):
        path = f"{profile.path}{separator}{browser.file}"
        with seen.part():
            if profile.is_folder and machine.files.entry(path):
                _history(machine, seen, path, browser)


def _history(machine: Machine, seen: Seen, path: str, browser: _Browser) -> None:
    for url, when in rows(machine.files.read(path, _MOST_BYTES), browser.query, path):
        try:
            told = (browser.epoch + timedelta(microseconds=when)).isoformat(timespec="seconds")
        except OverflowError:
            told = ""
        seen.add("url-seen", url=url, where=path, time=told)


def rows(content: bytes, query: str, shown: str) -> Iterator[tuple[str, int]]:
    """The rows of a history that was read into memory; the time of a query is bounded. Rows that are still
    only in the browser's log (-wal) are missing.

    Raises:
        Unavailable: the database is damaged.
    """
    if not content:
        return  # an empty file is a database without tables
    database = sqlite3.connect(":memory:")
    try:
        database.deserialize(_without_log(content))
        until = time.monotonic() + _MOST_SECONDS
        database.set_progress_handler(lambda: int(time.monotonic() > until), 10_000)
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1 << 20)
        for number, (url, when) in enumerate(database.execute(query)):
            if number >= _MOST_ROWS:
                raise Unavailable("too_large", shown)
            if isinstance(url, str):
                yield url, when if isinstance(when, int) else 0
    except (sqlite3.Error, OverflowError, ValueError) as error:
        raise Unavailable("damaged", shown) from error
    finally:
        database.close()


def _without_log(content: bytes) -> bytes:
    """Clear the mark of a write-ahead log, which Firefox always sets (SQLite's file format, 1.3.3): a
    database in memory cannot have such a log."""
    return content[:18] + b"\x01\x01" + content[20:] if content[18:20] == b"\x02\x02" else content


PROBE = Probe("browsers", _look)
