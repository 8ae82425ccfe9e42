"""Hits of one source summed into rows by (indicator, device, day); year-less times wait for the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from quetsach.engines import times
from quetsach.engines.times import Moment, Yearless
from quetsach.evidence import escape
from quetsach.indicator import Indicator
from quetsach.sighting import ACTIONS, Sighting

_STRENGTH = {action: -i for i, action in enumerate(ACTIONS)}


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


_Bucket = str | tuple[int, int, int, int] | None
"""A UTC day, or the minute of a year-less time, or nothing."""


def bucket(moment: Moment | None) -> _Bucket:
    """Where a time belongs until the year is known: one minute never spans two UTC days."""
    if moment is None:
        return None
    value = moment.value
    if isinstance(value, Yearless):
        return (value.month, value.day, value.hour, value.minute)
    return times.day(value)


class Rows:
    """All rows of one source."""

    def __init__(self) -> None:
        self._rows: dict[tuple[Indicator, str | None, _Bucket], _Row] = {}
        self._order = 0

    def add(
        self,
        hits: Mapping[Indicator, tuple[str, str]],
        *,
        device: str | None,
        moment: Moment | None,
        action: str,
        identity: dict[str, str],
        log_format: str,
        line: bytes,
    ) -> None:
        """One line: each of its indicators counts once."""
        self._order += 1
        when = bucket(moment)
        value = moment.value if moment is not None else None
        for indicator, (field, matched) in hits.items():
            key = (indicator, device, when)
            old = self._rows.get(key)
            evidence = escape(line) if old is None else ""
            row = _Row(self._order, value, value, 1, action, matched, field, log_format, evidence, identity)
            if old is None:
                self._rows[key] = row
            else:
                old.merge(row)

    def times(self) -> list[int]:
        """First and last time of every row; complete after `sightings`."""
        return [v for r in self._rows.values() for v in (r.first, r.last) if isinstance(v, int)]

    def sightings(self, source: str, latest: int | None, zone: tzinfo) -> list[Sighting]:
        """The rows, sorted by key; year-less times no later than `latest`."""
        final: dict[tuple[Indicator, str | None, str | None], _Row] = {}
        for (indicator, device, _), row in self._rows.items():
            row.first, row.last = (resolve(v, latest, zone) for v in (row.first, row.last))
            day = times.day(row.first) if row.first is not None else None
            key = (indicator, device, day)
            if key in final:
                final[key].merge(row)
            else:
                final[key] = row
        found = [_sighting(source, *key, row) for key, row in final.items()]
        return sorted(found, key=Sighting.key)


def resolve(value: int | Yearless | None, latest: int | None, zone: tzinfo) -> int | None:
    """Microseconds of a time, its year found if it had none."""
    if isinstance(value, Yearless):
        return value.resolve(latest, zone) if latest is not None else None
    return value


def _sighting(source: str, indicator: Indicator, device: str | None, day: str | None, row: _Row) -> Sighting:
    assert not isinstance(row.first, Yearless) and not isinstance(row.last, Yearless)
    return Sighting(
        source=source,
        indicator=indicator.canonical,
        kind=indicator.kind.value,
        family=indicator.family,
        matched=row.matched,
        field=row.field,
        device=device,
        identity=row.identity,
        day=day,
        first_seen=times.iso(row.first) if row.first is not None else None,
        last_seen=times.iso(row.last) if row.last is not None else None,
        count=row.count,
        action=row.action,
        logformat=row.log_format,
        evidence=row.evidence,
    )
