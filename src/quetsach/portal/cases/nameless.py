"""Signs that name no machine, by the place whose log has them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from quetsach.logs.logformat import repeating
from quetsach.machines.proof.hours import Span
from quetsach.machines.proof.nameless import is_repeated
from quetsach.portal.cases.models import CaseSighting
from quetsach.portal.cases.unlocated import is_of_no_machine
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
    "node", "source_name", "source", "indicator", "family", "field", "logformat", "device", "day",
    "first_seen", "last_seen", "runs",
)  # fmt: skip


def signs_without_machine(nodes: Collection[UUID], since: datetime | None) -> ByPlace:
    """The listed signs of the units that name no machine, by place. Lines that repeat a look-up are left out
    where the same log names the machine that asked: that line is its sign. An address that asks for others,
    or of which nobody knows the machine, is no machine that asked."""
    nameless = _rows(Q(node__in=nodes, device="", nat=None, card=None, is_listed=True), since)
    repeated = nameless.filter(field="query", logformat__in=repeating())
    of_no_machine = CaseSighting.rows.filter(
        sighting=OuterRef("pk"), case__device__id_kind__in=("shared", "unlocated")
    )
    asking = _rows(
        Q(node__in=nodes, field="query", logformat__in=repeating(), source__in=repeated.values("source"))
        & Q(indicator__in=repeated.values("indicator"))
        & ~Q(device="")
        & Q(~Exists(of_no_machine)),
        since,
    )
    rows: list[Sighting] = []
    asked: dict[_Look, list[Span]] = defaultdict(list)
    for row in nameless.union(asking, all=True):
        if not row.device:
            rows.append(row)
        elif row.runs and not is_of_no_machine(row.device):
            asked[_look(row)] += times_of(row)
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
    return row.field == "query" and are_times_known(row) and row.logformat in repeating()
