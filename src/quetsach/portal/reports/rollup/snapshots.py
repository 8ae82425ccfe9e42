"""Snapshots for the pages of a large tree, taken at most every two seconds by each process.

The page of a country is read far more often than its data change. One snapshot is one consistent reading with
its time; sent, signed or exported figures never come from here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.reports.models import Report
from quetsach.portal.reports.rollup.queries import first_missing_below, lines, rolled_up
from quetsach.portal.reports.rollup.sums import Line, Place, RollUp

LASTS = timedelta(seconds=2)
LARGE = 2000
"""Units below; smaller trees are read each time."""
MOST_READINGS = 50


class _Reading[T](NamedTuple):
    """One stored reading. `as_of` is its beginning; on a busy machine the reading may take a while."""

    as_of: datetime
    until: datetime
    result: T


class Snapshots[T]:
    """Results of `read` by node, stored for a moment if `is_large` says that reading them is slow."""

    def __init__(self, read: Callable[[CampaignNode], T], is_large: Callable[[T], bool]) -> None:
        self._read, self._is_large = read, is_large
        self._readings: dict[UUID, _Reading[T]] = {}
        self._reading: dict[UUID, Lock] = defaultdict(Lock)

    def of(self, node: CampaignNode) -> tuple[datetime, T]:
        """Time and result of the node's reading. Of several requests for a large node at once, one reads."""
        if node.pk not in self._readings:
            return self._read_now(node)
        with self._reading[node.pk]:
            reading = self._readings.get(node.pk)
            if reading is not None and timezone.now() < reading.until:
                return reading.as_of, reading.result
            return self._read_now(node)

    def _read_now(self, node: CampaignNode) -> tuple[datetime, T]:
        as_of = timezone.now()
        found = self._read(node)
        self._readings.pop(node.pk, None)
        if self._is_large(found):
            while len(self._readings) >= MOST_READINGS:
                self._readings.pop(next(iter(self._readings)), None)
            self._readings[node.pk] = _Reading(as_of, timezone.now() + LASTS, found)
        return as_of, found

    def forget(self) -> None:
        """Drop all stored readings."""
        self._readings.clear()


def are_many(found: tuple[Line, ...]) -> bool:
    """Whether the lines stand for so many units that reading them is slow."""
    return sum(line.expected for line in found) > LARGE


line_snapshots: Snapshots[tuple[Line, ...]] = Snapshots(lambda node: lines(node), are_many)


missing_snapshots: Snapshots[tuple[Place, ...]] = Snapshots(
    lambda node: first_missing_below(node, is_large=True), lambda _found: True
)


def page_roll_up(node: CampaignNode, report: Report | None, *, names_missing: bool = True) -> RollUp:
    """The roll-up for a page: of a large tree perhaps two seconds old, as its `as_of` says.

    It names the first missing units if asked; all are counted.
    """
    as_of, children = line_snapshots.of(node)
    missing: tuple[Place, ...] = ()
    if names_missing and any(line.missing for line in children):
        is_large = are_many(children)
        missing = missing_snapshots.of(node)[1] if is_large else first_missing_below(node, is_large=False)
    return rolled_up(node, report, children, as_of, missing)


def page_lines(node: CampaignNode) -> tuple[Line, ...]:
    """The lines for a page; they may be as old as those of `page_roll_up`."""
    return line_snapshots.of(node)[1]
