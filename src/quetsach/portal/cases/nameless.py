"""Signs that name no machine, by the place whose log has them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import (
    BigIntegerField,
    CharField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Concat

from quetsach.logs.logformat import repeating
from quetsach.machines.identity.forwarders import SINGLE
from quetsach.machines.identity.locating import UNLOCATED
from quetsach.machines.proof.hours import Span
from quetsach.machines.proof.nameless import is_repeated
from quetsach.portal.cases.models import CaseSighting, Device
from quetsach.portal.cases.unlocated import is_of_no_machine
from quetsach.portal.kit.micros import micros
from quetsach.portal.machines.models import StoredDecision
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
    where the same log names the machine that asked: that line is its sign.

    An address is a machine that asked only where a table knows its machine, or a person said that one machine
    alone has it. Any other may be a resolver that nobody named: it asks for machines that no line names."""
    nameless = _rows(Q(node__in=nodes, device="", nat=None, card=None, is_listed=True), since)
    repeated = nameless.filter(field="query", logformat__in=repeating())
    links = CaseSighting.rows.filter(sighting=OuterRef("pk"))
    said = _said_single()
    asking = _rows(
        Q(node__in=nodes, field="query", logformat__in=repeating(), source__in=repeated.values("source"))
        & Q(indicator__in=repeated.values("indicator"))
        & ~Q(device="")
        & Q(~Exists(links.filter(case__device__id_kind__in=("shared", UNLOCATED)))),
        since,
    ).annotate(
        is_known=Exists(links) & ~Exists(links.filter(case__device__id_kind__in=Device.BY_ADDRESS)),
        since=Subquery(said.values("begin")[:1]), until=Subquery(said.values("end")[:1]),
    )  # fmt: skip
    of_none: Any = Value(None, output_field=BigIntegerField())
    told = nameless.annotate(is_known=Value(False), since=of_none, until=of_none)
    rows: list[Sighting] = []
    asked: dict[_Look, list[Span]] = defaultdict(list)
    both: Iterable[Any] = told.union(asking, all=True)
    for one in both:
        if not one.device:
            rows.append(one)
        elif one.runs and not is_of_no_machine(one.device):
            times = times_of(one)
            asked[_look(one)] += times if one.is_known else _within(times, one.since, one.until)
    found: ByPlace = defaultdict(list)
    for row in rows:
        if not (_may_repeat(row) and is_repeated(times_of(row), asked.get(_look(row), ()))):
            found[row.node_id, row.source_name].append(row)
    return found


def _said_single() -> QuerySet[StoredDecision]:
    """The words of people, for a row of evidence, that one machine alone has its address: of the unit of the
    log and of those below, a higher unit first, then the latest. A unit above means its own network: there a
    private address is another machine. Where another word counts more, the address has no machine."""
    return (
        StoredDecision.rows.filter(
            verdict=SINGLE, withdrawals=None, left_kind="address",
            left_value__endswith=Concat(Value(" "), OuterRef("device")),
        )
        .annotate(path=ExpressionWrapper(OuterRef("node__unit__path"), output_field=CharField()))
        .filter(unit__path__startswith=F("path"))
        .order_by("unit__path", "-at", "-pk")
    )  # fmt: skip


def _within(times: Iterable[Span], since: int | None, until: int | None) -> Iterable[Span]:
    """Those times that lie in a span of microseconds; no times without a beginning."""
    if since is None:
        return
    for first, last in times:
        if since <= micros(first) and (until is None or micros(last) < until):
            yield first, last


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
