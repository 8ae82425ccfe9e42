"""Registers of machines as tables: a unit's own, computers in Active Directory, central antivirus.

One import for all: the columns are proposed from their headings, or named by a mapping that is remembered. A
row becomes a claim with all keys that it names. An address becomes a binding: of a register that a person
keeps for as long as the register says, of a console for the minute in which it saw the machine.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from quetsach.machines import keys
from quetsach.machines.evidence import Binding, Claim, Key
from quetsach.machines.sources import mapping, moments, table
from quetsach.machines.sources.columns import (
    ABOUT,
    BY_KEY,
    LOG_WORDS,
    NOT_READ,
    kind_of,
    proposed,
)
from quetsach.machines.sources.neighbours import span_around
from quetsach.machines.sources.outcome import FOREVER, SECOND, Asked, MachinesError, Outcome
from quetsach.text.canonical import address
from quetsach.text.escape import escape
from quetsach.text.typed import as_typed
from quetsach.text.vietnamese import search_key

KIND = "register of machines"
HEADER_WITHIN = 30
_DAY = 86_400 * SECOND
_BY_HAND = ("asset", "room", "since", "until")
"""Columns that people keep and consoles lack: only beside them an address counts as a fixed one."""
_BETWEEN = re.compile(r"[;,|\s]+")
_MOST_VALUES = 64
_MOST_ABOUT = 200
_STRENGTH = ("hardware", "adsid", "domainhost", "serial", "agent", "mac", "randommac", "host", "user")
"""The first of these that a row names is the key of its addresses; a user alone names no machine."""


@dataclass
class Columns:
    """The columns of a table: its headings in order, and the key of each place that is read."""

    headings: list[str]
    row: int
    keys: dict[int, str] = field(default_factory=dict)

    @property
    def mapping(self) -> dict[str, str]:
        """Heading to key, "" for a column that is not read: what a mapping file holds."""
        return {
            heading: self.keys.get(place, NOT_READ) for place, heading in enumerate(self.headings) if heading
        }


def columns_of(rows: list[list[str]], columns: Mapping[str, str] | None = None) -> Columns | None:
    """The line of headings: of the first 30 rows that with the most columns known; None for no such table.

    A register has a column that names a machine, and one column more.
    """
    best: Columns | None = None
    for number, row in enumerate(rows[:HEADER_WITHIN], 1):
        if columns is None and any(search_key(cell) in LOG_WORDS for cell in row):
            continue
        found = proposed(row) if columns is None else mapping.placed(row, columns)
        names = any(BY_KEY[key].is_key for key in found.values())
        if (
            names
            and (len(found) > 1 or columns is not None)
            and (best is None or len(found) > len(best.keys))
        ):
            best = Columns(row, number, found)
    return best


def read(
    sheets: list[table.Sheet], asked: Asked, outcome: Outcome, columns: Mapping[str, str] | None = None
) -> Columns | None:
    """Add the claims and bindings of the first sheet that is a register; returns its columns.

    None for no register. Raises MachinesError `map_other` where the mapping fits no sheet.
    """
    for sheet in sheets:
        found = columns_of(sheet.rows, columns)
        if found is not None:
            outcome.notes += sheet.notes
            if columns is not None:
                gone = mapping.missing(found.headings, columns)
                outcome.notes += [("map_missing", escape(heading.encode()[:200])) for heading in gone]
            for number in sheet.broken:
                outcome.leave(number, "quotes", "")
            _Register(found, sheet.rows, asked, outcome).read()
            return found
    if columns is not None:
        raise MachinesError("map_other", ", ".join(list(columns)[:5])[:200])
    return None


class _Register:
    def __init__(self, columns: Columns, rows: list[list[str]], asked: Asked, outcome: Outcome) -> None:
        self._columns, self._asked, self._outcome = columns, asked, outcome
        self._rows = [
            (number, row) for number, row in enumerate(rows, 1) if number > columns.row and any(row)
        ]
        self._places: dict[str, list[int]] = {}
        for place, key in columns.keys.items():
            self._places.setdefault(key, []).append(place)
        self._day_first = {key: self._order(key) for key in ("seen", "since", "until", "lease_end")}
        is_console = any(key in self._places for key in ("seen", "agent", "adsid", "lease_end"))
        self._is_kept_by_hand = not is_console and any(key in self._places for key in _BY_HAND)
        if "address" in self._places and not is_console and not self._is_kept_by_hand:
            outcome.notes.append(("addresses_once", ""))
        self._shared = self._addresses_of_several()

    def read(self) -> None:
        for number, row in self._rows:
            self._outcome.kinds[KIND] += 1
            self._row(number, row)

    def _cells(self, row: list[str], key: str) -> list[str]:
        cells = (row[place].strip() for place in self._places.get(key, ()) if place < len(row))
        return [cell for cell in cells if keys.is_said(cell)]

    def _cell(self, row: list[str], key: str) -> str:
        return next(iter(self._cells(row, key)), "")

    def _values(self, row: list[str], key: str) -> list[str]:
        """The values of cells that may hold several."""
        return [one for cell in self._cells(row, key) for one in _BETWEEN.split(cell)[:_MOST_VALUES] if one]

    def _order(self, key: str) -> bool:
        found = moments.day_first(self._cell(row, key) for _number, row in self._rows)
        if found is None:
            places = ", ".join(self._columns.headings[place] for place in self._places[key])
            self._outcome.notes.append(("day_first", escape(places.encode()[:200])))
        return found is not False

    def _addresses_of_several(self) -> set[str]:
        """Addresses in several rows, such as the office's public one: they name no machine."""
        counts: Counter[str] = Counter()
        for _number, row in self._rows:
            told = {
                address(one) for key in ("address", "fixed", "seen_address") for one in self._values(row, key)
            }
            counts.update(one for one in told if one is not None)
        return {one for one, count in counts.items() if count > 1}

    def _row(self, number: int, row: list[str]) -> None:
        named = self._keys(number, row)
        strong = next((key for key in named if key.kind != "user"), None)
        if strong is None:
            self._outcome.leave(number, "no_key", " | ".join(cell for cell in row if cell))
            return
        asked = self._asked
        seen = self._time(number, row, "seen")
        at = asked.at if seen is None else seen
        about = tuple(
            (key, escape(as_typed(" / ".join(cells)).encode(), _MOST_ABOUT))
            for key, cells in self._about(row)
        )
        said = Claim(tuple(named), at, at + SECOND, asked.source, asked.scope)
        if seen is not None:
            # A console saw the machine alive. Its words about it are a claim apart: they show no life.
            self._outcome.claims.append(said)
        if about or seen is None:
            self._outcome.claims.append(said._replace(about=(*about, ("register", asked.source))))
        for key in ("fixed", "address", "seen_address"):
            is_fixed = key == "fixed" or (key == "address" and self._is_kept_by_hand)
            for one in self._values(row, key):
                self._bind(number, row, one, strong, at, is_fixed=is_fixed)

    def _about(self, row: list[str]) -> list[tuple[str, list[str]]]:
        told = [(key, self._cells(row, key)) for key in ABOUT]
        kind, system = self._cell(row, "kind"), self._cell(row, "system")
        if known := kind_of(kind, system):
            told.append(("kind", [known]))
        elif kind:
            told.append(("type", [kind]))
        name = self._cell(row, "host")
        if name and keys.host(name) is None:
            # A name for people, such as "Máy kế toán 1".
            told.append(("name", [name]))
        return [(key, cells) for key, cells in told if cells]

    def _keys(self, number: int, row: list[str]) -> list[Key]:
        found: list[Key] = []
        for cell in self._cells(row, "hardware"):
            self._take(found, keys.hardware(cell), number, "bad_uuid", cell)
        for cell in self._cells(row, "adsid"):
            self._take(found, keys.ad_sid(cell), number, "bad_sid", cell)
        name, domain = self._cell(row, "host").removesuffix("$"), self._cell(row, "domain")
        full = self._cell(row, "fqdn") or name
        full = f"{full}.{domain}" if full and "." not in full and "." in domain else full
        found += [key for key in (keys.domain_host(full), keys.host(name or full)) if key is not None]
        for cell in self._values(row, "mac"):
            self._take(found, keys.mac(cell), number, "bad_mac", cell)
        found += [key for cell in self._cells(row, "serial") if (key := keys.serial(cell)) is not None]
        found += [key for cell in self._cells(row, "agent") if (key := keys.agent(cell)) is not None]
        users = (one for cell in self._cells(row, "user") for one in re.split("[;,]", cell)[:_MOST_VALUES])
        found += [key for one in users if (key := keys.user(one)) is not None]
        return sorted(dict.fromkeys(found), key=lambda key: _STRENGTH.index(key.kind))

    def _take(self, found: list[Key], key: Key | None, number: int, code: str, cell: str) -> None:
        if key is not None:
            found.append(key)
        else:
            self._outcome.leave(number, code, cell)

    def _time(self, number: int, row: list[str], key: str) -> int | None:
        cell = self._cell(row, key)
        if not cell or cell.casefold() in ("never", "chưa bao giờ", "chưa kết nối"):
            return None
        found = moments.moment(cell, self._asked.zone, is_day_first=self._day_first[key])
        if found is None or (key == "seen" and found > self._asked.at + _DAY):
            self._outcome.leave(number, "bad_time" if found is None else "future", cell)
            return None
        return found

    def _bind(self, number: int, row: list[str], cell: str, key: Key, at: int, *, is_fixed: bool) -> None:
        ip = address(cell.partition("/")[0])
        if ip is None:
            self._outcome.leave(number, "bad_address", cell)
            return
        parsed = ipaddress.ip_address(ip)
        if parsed.is_loopback or parsed.is_link_local or parsed.is_unspecified or parsed.is_multicast:
            return
        if ip in self._shared:
            self._outcome.leave(number, "shared_address", ip)
        elif is_fixed:
            begin, end = self._time(number, row, "since"), self._time(number, row, "until")
            span = (begin or 0, FOREVER if end is None else end + _DAY)
            if span[0] < span[1]:
                self._add(ip, key, span, "fixed")
        elif "lease_end" in self._places:
            lease_end = self._time(number, row, "lease_end")
            if lease_end is not None and lease_end > self._asked.at:
                self._add(ip, key, (self._asked.at, lease_end), "lease")
        elif parsed.version == 4 and parsed.is_global:
            # A console outside the office sees the address of the office's router.
            self._outcome.leave(number, "public_address", ip)
        else:
            self._add(ip, key, span_around(ip, at), "neighbour")

    def _add(self, ip: str, key: Key, span: tuple[int, int], kind: str) -> None:
        asked = self._asked
        self._outcome.bindings.append(Binding(ip, key, *span, asked.source, kind, asked.scope))
