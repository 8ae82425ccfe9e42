"""The places where logs lie, as the command line or a file of settings names them.

Such a file (`quetsach watch --config`) is TOML with a table for each place:

    [[source]]
    name = "resolver-hq"
    follow = ["/var/log/dnsmasq.log"]
    zone = "Asia/Ho_Chi_Minh"
    format = "dnsmasq"
    leases = ["/var/lib/misc/dnsmasq.leases"]

`name` and `follow` must be there. A path that is not absolute begins at the folder of the file.
"""

from __future__ import annotations

import glob
import os
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from quetsach.errors import ScanError
from quetsach.logs import logformat
from quetsach.scanning.engine import ScanOptions
from quetsach.scanning.request import check_zone

_KEYS = ("name", "follow", "zone", "format", "leases")
_LONGEST_NAME = 200
"""The portal keeps no longer name."""
_MOST_BYTES = 1 << 20
_TABLE = re.compile(r"\s*\[\[\s*source\s*\]\]")


class Place(NamedTuple):
    """Logs of one vantage point, and how their lines are read; `tz` is the zone of times that name none."""

    follow: tuple[str, ...]
    name: str
    tz: str
    log_format: str | None = None
    leases: tuple[Path, ...] = ()

    @property
    def options(self) -> ScanOptions:
        """The options of a scan of these logs."""
        return ScanOptions(tz=self.tz, format=self.log_format, source_name=self.name)


def read(file: Path, tz: str) -> tuple[Place, ...]:
    """The places of a file of settings; `tz` is the zone of those that name none.

    Raises ScanError, with the file and the line, where the file cannot be read or says what is not possible.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ScanError(f"{file}: cannot be read: {error.strerror}; check that it may be read") from error
    if len(data) > _MOST_BYTES:
        raise ScanError(f"{file}: is too large for a file of settings")
    try:
        text = data.decode("utf-8-sig")
        document = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ScanError(f"{file}:{line}: is not UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        at = re.search(r"line (\d+)", str(error))
        line = int(at[1]) if at else text.count("\n") + 1
        raise ScanError(f"{file}:{line}: is not TOML: {error}") from error
    return _File(file, text.splitlines()).places(document, tz)


def _beside(file: Path, path: str) -> str:
    """A path that begins at the folder of a file. No letter of that folder stands for others, as a pattern
    may."""
    joined = file.parent / path
    if not glob.has_magic(path) or os.path.lexists(joined):
        return str(joined)
    return str(Path(glob.escape(str(file.parent))) / path)


class _File:
    """A file of settings, with its lines, so that an error names its line."""

    def __init__(self, file: Path, lines: list[str]) -> None:
        self._file, self._lines = file, lines

    def places(self, document: dict[str, Any], tz: str) -> tuple[Place, ...]:
        for key in document:
            if key != "source":
                raise self._error(key, -1, f"{key} is not known here; only tables [[source]] are")
        tables = document.get("source")
        if not isinstance(tables, list) or not tables or not all(isinstance(one, dict) for one in tables):
            raise self._error("source", -1, "names no place: give a table [[source]] with name and follow")
        found = tuple(self._place(number, table, tz) for number, table in enumerate(tables))
        self._check_together(found)
        return found

    def _place(self, number: int, table: dict[str, Any], tz: str) -> Place:
        for key in table:
            if key not in _KEYS:
                raise self._error(key, number, f"{key} is not known; a source has {', '.join(_KEYS)}")
        name = self._text(number, table, "name")
        if not name or len(name) > _LONGEST_NAME or not name.isprintable():
            raise self._error("name", number, f"a source needs a name of at most {_LONGEST_NAME} characters")
        follow = tuple(_beside(self._file, path) for path in self._texts(number, table, "follow"))
        if not follow:
            raise self._error("follow", number, "a source needs follow: files, folders or patterns")
        leases = tuple(self._file.parent / path for path in self._texts(number, table, "leases"))
        zone, log_format = (
            self._text(number, table, "zone") or tz,
            self._text(number, table, "format") or None,
        )
        for key, check, value in (("zone", check_zone, zone), ("format", logformat.check, log_format)):
            try:
                if value is not None:
                    check(value)
            except ScanError as error:
                raise self._error(key, number, str(error)) from error
        return Place(follow, name, zone, log_format, leases)

    def _text(self, number: int, table: dict[str, Any], key: str) -> str:
        value = table.get(key, "")
        if not isinstance(value, str):
            raise self._error(key, number, f"{key} is no text between quotation marks")
        return value.strip()

    def _texts(self, number: int, table: dict[str, Any], key: str) -> list[str]:
        value = table.get(key, [])
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list) or not all(
            isinstance(one, str) and one.strip() and "\0" not in one for one in value
        ):
            raise self._error(key, number, f"{key} is no list of paths")
        return value

    def _check_together(self, places: Iterable[Place]) -> None:
        followed: set[str] = set()
        zones: dict[str, str] = {}
        for number, place in enumerate(places):
            for path in place.follow:
                if path in followed:
                    raise self._error("follow", number, f"{path} is followed by another source already")
                followed.add(path)
            if zones.setdefault(place.name, place.tz) != place.tz:
                raise self._error("name", number, f"{place.name} has another zone above; give another name")

    def _error(self, key: str, number: int, why: str) -> ScanError:
        return ScanError(f"{self._file}:{self._line(key, number)}: {why}")

    def _line(self, key: str, number: int) -> int:
        """The line of a key in a table, else that of the table; of tables that are written otherwise the
        first line."""
        starts = [at for at, line in enumerate(self._lines) if _TABLE.match(line)]
        if not 0 <= number < len(starts):
            begin, end, default = 0, starts[0] if starts and number < 0 else len(self._lines), 0
        else:
            begin, default = starts[number], starts[number]
            end = starts[number + 1] if number + 1 < len(starts) else len(self._lines)
        pattern = re.compile(rf"\s*\[?\s*[\"']?{re.escape(key)}[\"']?\s*[\]=.]")
        return 1 + next((at for at in range(begin, end) if pattern.match(self._lines[at])), default)
