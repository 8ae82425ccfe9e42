"""Decisions of people to keep an indicator that a guard rail stops: reason, decider, date, and last day."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from quetsach.errors import IndicatorError
from quetsach.indicators.indicator import Indicator, Scope
from quetsach.text.marks import normalize

_WANTED = ("indicator", "reason", "who", "date")
_UNTIL = "expires"
_IN_VIETNAMESE = {
    "chỉ dấu": "indicator",
    "lý do": "reason",
    "người quyết định": "who",
    "ngày": "date",
    "hết hạn": _UNTIL,
}
_EAST_OF_UTC = datetime.timedelta(days=1)
"""A decision dated in Vietnam in the morning is a day ahead of UTC."""


class Override(NamedTuple):
    """The decision of a person to keep an indicator although a rail stops it; `until` is its last day."""

    indicator: str
    reason: str
    who: str
    date: datetime.date
    until: datetime.date | None = None


class Overrides:
    """Overrides in force on a day, by the indicators that they name.

    `used` are the overrides that named an indicator.
    """

    def __init__(self, overrides: Iterable[Override], today: datetime.date) -> None:
        self.expired: list[Override] = []
        self.early: list[Override] = []
        self.used: set[Override] = set()
        self._items: dict[str, Override] = {}
        for override in overrides:
            items = _items(override)
            if override.until is not None and override.until < today:
                self.expired.append(override)
                continue
            if override.date > today + _EAST_OF_UTC:
                self.early.append(override)
                continue
            for item in items:
                self._items[item.canonical] = override

    def find(self, indicator: Indicator) -> Override | None:
        """The override that names an indicator."""
        found = self._items.get(indicator.canonical)
        if found is not None:
            self.used.add(found)
        return found


def _items(override: Override) -> list[Indicator]:
    # A scan judges its sightings without overrides: it need not import the parser of lists.
    from quetsach.indicators.lists.item import parse
    from quetsach.indicators.lists.remark import Reject
    from quetsach.text.reasons import REJECTS

    try:
        return parse(override.indicator.strip(), Scope.WITH_SUBDOMAINS)[0]
    except Reject as reject:
        raise IndicatorError(f"exception for '{override.indicator}': {REJECTS[reject.code]}") from reject


def read_overrides(path: Path) -> tuple[Override, ...]:
    """Read a CSV with the columns indicator, reason, who, date, perhaps expires (yyyy-mm-dd or dd/mm/yyyy),
    or chỉ dấu, lý do, người quyết định, ngày, hết hạn.

    Raises IndicatorError with file and line when a column or a value is missing.
    """
    import csv
    import io

    from quetsach.indicators.lists.text import decode, read_bytes

    text, _ = decode(read_bytes(path))
    # Excel writes semicolons where a comma stands before decimals, as in Vietnam.
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    lines = io.StringIO(text.replace("\r\n", "\n"))
    reader = csv.DictReader(lines, delimiter=delimiter, skipinitialspace=True)
    heads = [" ".join(normalize("NFC", name).lower().split()) for name in reader.fieldnames or ()]
    reader.fieldnames = [_IN_VIETNAMESE.get(name, name) for name in heads]
    if missing := [c for c in _WANTED if c not in (reader.fieldnames or ())]:
        raise IndicatorError(f"{path}: has no column {', '.join(missing)}; the first line names them")
    found = []
    try:
        for row in reader:
            found.append(_override(row, f"{path}, line {reader.line_num}"))
    except csv.Error as error:
        raise IndicatorError(
            f"{path}, line {reader.line_num}: {error}; save the list as CSV again"
        ) from error
    return tuple(found)


def _override(row: dict[str, str], place: str) -> Override:
    values = {c: (row[c] or "").strip() for c in _WANTED}
    if empty := [c for c, v in values.items() if not v]:
        raise IndicatorError(f"{place}: {', '.join(empty)} is empty; say why and who")
    until = (row.get(_UNTIL) or "").strip()
    last_day = _date(until, place) if until else None
    return Override(
        values["indicator"], values["reason"], values["who"], _date(values["date"], place), last_day
    )


def _date(text: str, place: str) -> datetime.date:
    day, slash, rest = text.partition("/")
    spelled = text
    if slash:
        month, _, year = rest.partition("/")
        spelled = f"{year}-{month.zfill(2)}-{day.zfill(2)}"
    try:
        return datetime.date.fromisoformat(spelled)
    except ValueError as error:
        raise IndicatorError(f"{place}: '{text}' is no date; write yyyy-mm-dd") from error
