"""Compares the rows of a document with the stored rows of the same machine. Pure.

The lines of one machine may come first without a name, and later, when the lease is known, with one: as a row
of another key. The old row must not count beside the new rows (docs/contract.md 4).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from quetsach.portal.sightings import intake
from quetsach.sightings.sighting import Sighting

type Group = tuple[str, str, str, str]
"""Source, indicator, device and day: the rows that differ only in `who`."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of a row."""

    count: int
    is_listed: bool
    identity: Mapping[str, str]
    has_runs: bool
    first: datetime | None
    last: datetime | None

    def lacks(self, row: Sighting) -> bool:
        """Whether a telling with the same count says more: a name that came late, or the runs."""
        says_more = not row.identity.keys() <= self.identity.keys() or (bool(row.runs) and not self.has_runs)
        return row.count == self.count and says_more

    def yields_to(self, row: Sighting) -> bool:
        """Whether the telling replaces what is stored."""
        return row.count > self.count or self.lacks(row)


@dataclass
class Retold:
    """`renamed`: by the key of a row without `who`, the row that takes its place. `reduced`: keys of rows
    without `who` that other rows of the document tell in part: their smaller count holds."""

    renamed: dict[str, Sighting] = field(default_factory=dict)
    reduced: set[str] = field(default_factory=set)


def group_of(row: Sighting) -> Group:
    """The rows that differ from this one only in `who`."""
    return row.source, row.indicator, row.device or "", row.day or ""


def bare_keys(told: Mapping[str, Sighting]) -> dict[str, str]:
    """By the key of each row, the key that its lines had without `who`."""
    return {key: intake.sighting_key(row, "") if row.who else key for key, row in told.items()}


def retold(told: Mapping[str, Sighting], bare: Mapping[str, str], stored: Mapping[str, Stored]) -> Retold:
    """The stored rows without `who` that the document tells again under a name. `told` are its rows by key,
    `bare` their `bare_keys`.

    The document must tell at least all lines that are stored, of no shorter time: an older or shorter
    document takes nothing away.
    """
    groups: dict[str, dict[str, Sighting]] = defaultdict(dict)
    for key, row in told.items():
        if bare[key] in stored:
            groups[bare[key]][key] = row
    found = Retold()
    for without, rows in groups.items():
        fresh = [row for key, row in rows.items() if row.who and key not in stored]
        if not fresh:
            continue
        here = stored[without]
        known = here.count + sum(stored[key].count for key in rows if key != without and key in stored)
        if sum(row.count for row in rows.values()) < known:
            continue
        if not _holds(_ends(rows.values()), (here.first, here.last)):
            continue
        if without not in rows:
            found.renamed[without] = min(fresh, key=lambda row: (row.first_seen or "", row.who))
        elif rows[without].count < here.count:
            found.reduced.add(without)
    return found


def is_older(row: Sighting, named: Iterable[Stored]) -> bool:
    """Whether a new row without `who` tells lines that are stored under the `named` rows of its group."""
    return _are_told(row.count, _ends([row]), list(named))


def are_told(row: Stored, named: Iterable[Stored]) -> bool:
    """The same of a stored row without `who`."""
    return _are_told(row.count, (row.first, row.last), list(named))


def _are_told(count: int, ends: tuple[datetime | None, datetime | None], named: list[Stored]) -> bool:
    first = min((one.first for one in named if one.first), default=None)
    last = max((one.last for one in named if one.last), default=None)
    return count <= sum(one.count for one in named) and _holds((first, last), ends)


def by_machine(rows: Iterable[Sighting], least: int, most: int) -> Iterator[list[Sighting]]:
    """Batches of at least `least` rows that keep source, indicator and device together, up to `most`."""
    batch: list[Sighting] = []
    machine: tuple[str, str, str | None] | None = None
    for row in rows:
        full = len(batch) >= least and machine != (row.source, row.indicator, row.device)
        if full or len(batch) >= most:
            yield batch
            batch = []
        machine = (row.source, row.indicator, row.device)
        batch.append(row)
    if batch:
        yield batch


def _ends(rows: Iterable[Sighting]) -> tuple[datetime | None, datetime | None]:
    ends = [(row.first_seen, row.last_seen) for row in rows if row.first_seen and row.last_seen]
    if not ends:
        return None, None
    return intake.to_moment(min(ends)[0]), intake.to_moment(max(last for _first, last in ends))


def _holds(outer: tuple[Any, Any], inner: tuple[Any, Any]) -> bool:
    """Whether the outer time holds the inner one. Rows without a time are compared by their counts alone."""
    if None in inner or None in outer:
        return inner == outer == (None, None)
    return bool(outer[0] <= inner[0] and inner[1] <= outer[1])
