"""Evidence about machines that lies outside every case and every coverage: no campaign needs it.

A row stays while its span touches a time that logs of the unit, of a unit above it or below it cover, in a
campaign that is open or whose records are still kept. It also stays while an address or a name in it belongs
to a machine with signs there. In doubt it stays.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

from django.db.models import Q, QuerySet

from quetsach.portal.cases.models import VictimReport
from quetsach.portal.kit.micros import micros
from quetsach.portal.machines.models import StoredBinding
from quetsach.portal.sightings.models import Coverage, Sighting
from quetsach.portal.sightings.spans import join_spans
from quetsach.portal.units.models import SEGMENT, Unit, subtree

MARGIN = timedelta(days=1)
"""Around a covered time: a lease that ended just before a log began may still name a machine in it."""
BATCH = 1_000


def outside(rows: QuerySet[Any], kept_until: datetime) -> Iterator[list[Any]]:
    """The ids of the rows that lie outside, in batches. Records of campaigns that closed before `kept_until`
    need nothing any more."""
    names = ["address", "key_value"] if rows.model is StoredBinding else ["keys"]
    for unit in Unit.rows.filter(pk__in=rows.order_by().values("unit")):
        near = _Near(unit, kept_until)
        facts = rows.filter(unit=unit).order_by("pk").values_list("pk", "begin", "end", *names)
        free = (
            pk
            for pk, begin, end, *told in facts.iterator(chunk_size=BATCH)
            if not near.covers(begin, end) and not near.names(_values(told))
        )
        yield from map(list, batched(free, BATCH))


def _values(told: list[Any]) -> Iterator[str]:
    for one in told:
        if isinstance(one, str):
            yield one
        else:
            yield from (str(value) for _kind, value in one)


class _Near:
    """The covered times, and the names of machines with signs, of a unit, the units above it and below it."""

    def __init__(self, unit: Unit, kept_until: datetime) -> None:
        above = [unit.path[:end] for end in range(SEGMENT, len(unit.path), SEGMENT)]

        def related(to: str) -> Q:
            kept = Q((f"{to}campaign__closed_at", None)) | Q((f"{to}campaign__closed_at__gte", kept_until))
            return kept & (Q((f"{to}unit__path__in", above)) | subtree(unit.path, f"{to}unit__path"))

        seen = Coverage.rows.filter(related("scan__node__"), time__in=("ok", "assumed_year"))
        spans = seen.exclude(Q(first=None) | Q(last=None)).values_list("first", "last")
        joined = join_spans(
            (first - MARGIN, last + MARGIN) for first, last in spans.iterator() if first and last
        )
        self._begins = [micros(first) for first, _last in joined]
        self._ends = [micros(last) for _first, last in joined]
        self._names: set[str] = set()
        signs = Sighting.rows.filter(related("node__"), is_listed=True).order_by()
        for device, identity in signs.values_list("device", "identity").distinct().iterator():
            self._names |= {_folded(one) for one in (device, *identity.values()) if one}
        reports = VictimReport.rows.filter(related("node__")).order_by()
        for address, host in reports.values_list("address", "host").distinct().iterator():
            self._names |= {_folded(one) for one in (address, host) if one}
        self._add_neighbours(unit, above)

    def _add_neighbours(self, unit: Unit, above: list[str]) -> None:
        """The keys that stood behind a named address: a register's row of such a key belongs to the case."""
        nearby = Q(unit__path__in=above) | subtree(unit.path, "unit__path")
        known = StoredBinding.rows.filter(nearby).order_by()
        pairs = known.values_list("address", "key_value").distinct().iterator()
        self._names |= {_folded(key) for address, key in pairs if address in self._names}

    def covers(self, begin: int, end: int) -> bool:
        """Whether the span touches a covered time."""
        at = bisect_right(self._begins, end)
        return at > 0 and self._ends[at - 1] >= begin

    def names(self, values: Iterator[str]) -> bool:
        """Whether a value names a machine with signs."""
        return any(_folded(one) in self._names for one in values)


def _folded(value: str) -> str:
    """A name as all sources share it: without the office in which it counts, host names by their first label
    (as `quetsach.machines.identity.keys.label`)."""
    bare = value.rpartition(" ")[2].lower()
    is_name = ":" not in bare and not bare.replace(".", "").isdigit()
    return bare.partition(".")[0] if is_name else bare
