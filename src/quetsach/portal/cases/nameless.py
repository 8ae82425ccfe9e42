"""Signs that name no machine, by the place whose log has them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from itertools import batched
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from quetsach.logs.logformat import repeats
from quetsach.machines.proof.hours import Span
from quetsach.machines.proof.nameless import is_repeated
from quetsach.portal.sightings.models import Sighting
from quetsach.portal.sightings.times import are_times_known, times_of

type ByPlace = dict[tuple[UUID, str], list[Sighting]]


class _Look(NamedTuple):
    """Rows about one indicator in one log."""

    node: UUID
    source: str
    logformat: str
    indicator: str


_FIELDS = (
    "node", "source_name", "source", "indicator", "family", "field", "logformat", "day", "first_seen",
    "last_seen", "runs",
)  # fmt: skip


def signs_without_machine(nodes: Collection[UUID], since: datetime | None) -> ByPlace:
    """The listed signs of the units that name no machine, by place. Lines that repeat a look-up are left out
    where the same log names the machine that asked: that line is its sign."""
    rows = list(_rows(Q(node__in=nodes, device="", nat=None, card=None, is_listed=True), since))
    asked = _asked({_look(row) for row in rows if _may_repeat(row)}, since)
    found: ByPlace = defaultdict(list)
    for row in rows:
        if not (_may_repeat(row) and is_repeated(times_of(row), asked.get(_look(row), ()))):
            found[row.node_id, row.source_name].append(row)
    return found


def _look(row: Sighting) -> _Look:
    return _Look(row.node_id, row.source, row.logformat, row.indicator)


def _rows(where: Q, since: datetime | None) -> QuerySet[Sighting]:
    rows = Sighting.rows.filter(where)
    if since is not None:
        rows = rows.filter(Q(last_seen__gt=since) | Q(last_seen=None))
    return rows.order_by().only(*_FIELDS)


def _may_repeat(row: Sighting) -> bool:
    """Whether the row's lines repeat a question. An address in an answer is no question: the name that was
    asked for is on no list, so no line tells who asked."""
    return row.field == "query" and are_times_known(row) and repeats(row.logformat)


def _asked(wanted: Collection[_Look], since: datetime | None) -> dict[_Look, list[Span]]:
    """The times in which lines of the same source name the machines that asked for the same name."""
    found: dict[_Look, list[Span]] = defaultdict(list)
    nodes = {look.node for look in wanted}
    for some in batched(sorted({look.source for look in wanted}), 400):
        named = ~Q(device="") & Q(node__in=nodes, source__in=some, field="query")
        for row in _rows(named, since).iterator(chunk_size=2000):
            if row.runs and _look(row) in wanted:
                found[_look(row)] += times_of(row)
    return found
