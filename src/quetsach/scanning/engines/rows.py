"""Hits of one source, summed into rows by (indicator, device, who, day).

Times without a year wait for the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from itertools import chain, groupby
from typing import NamedTuple

from quetsach.bypass.providers import Provider
from quetsach.indicators.indicator import Indicator, Kind
from quetsach.logs import times
from quetsach.logs.times import Moment, Yearless
from quetsach.scanning.engines.stretches import Stretches, stretch_key
from quetsach.sightings.runs import JOINED, Span, joined, of_day
from quetsach.sightings.sighting import ACTIONS, Bypass, Sighting, who_is
from quetsach.text.escape import escape

_STRENGTH = {action: -i for i, action in enumerate(ACTIONS)}


ROWS = 1_000_000
"""Rows of one source held in memory."""


class LineTold(NamedTuple):
    """What all hits of one line share; `offset` is the place of the line in its file."""

    offset: int
    device: str | None
    moment: Moment | None
    action: str
    identity: dict[str, str]
    log_format: str
    line: bytes


@dataclass(slots=True)
class _Row:
    """`order` is the place of the row's first line in the file; the first line gives the words."""

    order: int
    first: int | Yearless | None
    last: int | Yearless | None
    count: int
    action: str
    matched: str
    field: str
    log_format: str
    evidence: str
    identity: dict[str, str]
    cells: dict[int, Span]
    """Hits with a whole time, by ten minutes of the clock: two hits of one cell are never further apart."""

    def merge(self, other: _Row) -> None:
        if other.order < self.order:
            for slot in ("order", "matched", "field", "log_format", "evidence", "identity"):
                setattr(self, slot, getattr(other, slot))
        self.count += other.count
        self.action = max(self.action, other.action, key=_STRENGTH.__getitem__)
        if other.first is not None:
            self.first = other.first if self.first is None else min(self.first, other.first)
        if other.last is not None:
            self.last = other.last if self.last is None else max(self.last, other.last)
        for cell, span in other.cells.items():
            old = self.cells.get(cell, span)
            count = span.count + (old.count if cell in self.cells else 0)
            self.cells[cell] = Span(min(old.first, span.first), max(old.last, span.last), count)

    def resolve(self, latest: int | None, zone: tzinfo) -> tuple[int, int] | None:
        """Find the years of its times, and return the first and the last; None without any."""
        first, last = resolve(self.first, latest, zone), resolve(self.last, latest, zone)
        if isinstance(self.first, Yearless):
            # Rows without a year are of one time each.
            self.cells = _cells(first, self.count)
        self.first, self.last = first, last
        return (first, last) if first is not None and last is not None else None


def _cells(value: int | Yearless | None, count: int = 1) -> dict[int, Span]:
    return {value // JOINED: Span(value, value, count)} if isinstance(value, int) else {}


type _Machine = tuple[str | None, str]
"""The device and `who`."""
_Bucket = str | Yearless | None
"""A UTC day, a time whose day depends on its unknown year, or nothing."""


class Rows:
    """All rows of one source. At `limit` rows the rows in memory go to a temporary file, sorted."""

    def __init__(self, limit: int = ROWS) -> None:
        self._limit = limit
        self._rows: dict[tuple[Indicator, _Machine, _Bucket], _Row] = {}
        self._stretches = Stretches[tuple[_Bucket, _Row]]()
        self.times: list[int] = []
        """The least and the greatest time of all rows, once `sightings` has been read to its end."""

    def add(
        self,
        hits: Mapping[Indicator, tuple[str, str]],
        *,
        offset: int,
        device: str | None,
        moment: Moment | None,
        action: str,
        identity: dict[str, str],
        log_format: str,
        line: bytes,
    ) -> None:
        """Add one line that starts at `offset`: each of its indicators counts once.

        Raises SpillError when the temporary file cannot be written; the rows stay.
        """
        if len(self._rows) >= self._limit:
            self._stretches.spill(self._sorted())
            self._rows.clear()
        value = moment.value if moment is not None else None
        when = times.day(value) if isinstance(value, int) else value
        machine = (device, who_is(identity, device))
        for indicator, (field, matched) in hits.items():
            key = (indicator, machine, when)
            old = self._rows.get(key)
            evidence = escape(line) if old is None else ""
            cells = _cells(value)
            row = _Row(offset, value, value, 1, action, matched, field, log_format, evidence, identity, cells)
            if old is None:
                self._rows[key] = row
            else:
                old.merge(row)

    def _sorted(self) -> list[tuple[Indicator, _Machine, tuple[_Bucket, _Row]]]:
        found = ((indicator, machine, (when, row)) for (indicator, machine, when), row in self._rows.items())
        return sorted(found, key=stretch_key)

    def sightings(self, source: str, latest: int | None, zone: tzinfo) -> Iterator[Sighting]:
        """The rows, sorted by key, year-less times no later than `latest`.

        Raises SpillError when a temporary file cannot be read.
        """
        for indicator, machine, day, row in self._merged(latest, zone):
            yield _sighting(source, indicator, machine, day, row)

    def bypasses(self, source: str, latest: int | None, zone: tzinfo) -> Iterator[Bypass]:
        """The rows of providers, each added as `row_of` spells it, in the same way."""
        for indicator, machine, day, row in self._merged(latest, zone):
            yield _bypass(source, indicator, machine, day, row)

    def _merged(
        self, latest: int | None, zone: tzinfo
    ) -> Iterator[tuple[Indicator, _Machine, str | None, _Row]]:
        merged = self._stretches.merged(self._sorted())
        for _, group in groupby(merged, key=stretch_key):
            days: dict[str | None, _Row] = {}
            first = next(group)
            for _, _, (_, row) in chain([first], group):
                found = row.resolve(latest, zone)
                known = [*self.times, *(found or ())]
                self.times = [min(known), max(known)] if known else []
                day = times.day(found[0]) if found is not None else None
                if day in days:
                    days[day].merge(row)
                else:
                    days[day] = row
            for day in sorted(days, key=lambda day: day or ""):
                yield first[0], first[1], day, days[day]


def resolve(value: int | Yearless | None, latest: int | None, zone: tzinfo) -> int | None:
    """Microseconds of a time, its year found if it had none."""
    if isinstance(value, Yearless):
        return value.resolve(latest, zone) if latest is not None else None
    return value


def _sighting(source: str, indicator: Indicator, machine: _Machine, day: str | None, row: _Row) -> Sighting:
    assert not isinstance(row.first, Yearless) and not isinstance(row.last, Yearless)
    device, who = machine
    return Sighting(
        source=source,
        indicator=indicator.canonical,
        kind=indicator.kind.value,
        family=indicator.family,
        matched=row.matched,
        field=row.field,
        device=device,
        identity=row.identity,
        who=who,
        day=day,
        first_seen=times.iso(row.first) if row.first is not None else None,
        last_seen=times.iso(row.last) if row.last is not None else None,
        count=row.count,
        runs=of_day(joined(row.cells.values())),
        action=row.action,
        logformat=row.log_format,
        evidence=row.evidence,
    )


def row_of(provider: Provider) -> Indicator:
    """What stands for a provider in `Rows`: so that they are sorted by provider, then by kind."""
    return Indicator(f"{provider.name}\0{provider.kind}", Kind.DOMAIN)


def _bypass(source: str, indicator: Indicator, machine: _Machine, day: str | None, row: _Row) -> Bypass:
    provider, _, kind = indicator.value.partition("\0")
    told = _sighting(source, indicator, machine, day, row)._asdict()
    told |= {"provider": provider, "kind": kind}
    return Bypass(**{name: told[name] for name in Bypass._fields})
