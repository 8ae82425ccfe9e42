"""Moves what is stored of a log to the id that it has now: while a log is shorter than 4,096 bytes, each new
line gives it another id (docs/contract.md 4). Its lines must not count under both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import batched
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Min, Q

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.sightings import intake
from quetsach.portal.sightings.models import Bypass, Coverage, CoveredDay, Scan, Sighting
from quetsach.sightings.sighting import SHORT_BYTES
from quetsach.sightings.sighting import Coverage as CoverageRecord

_AT_ONCE = 400


@transaction.atomic
def move(node: CampaignNode, records: Iterable[CoverageRecord]) -> None:
    """Move rows, ways around, coverage and days of the ids that the records name as earlier ones.

    An id under which the unit ever told 4,096 bytes or more is that of a whole log: it stays. The audit entry
    of the scan that tells the records stands for this.
    """
    ids = {old: seen.source for seen in records if seen.source for old in seen.was if old != seen.source}
    if not ids:
        return
    CampaignNode.rows.select_for_update(no_key=True).get(pk=node.pk)
    told = [one for some in batched(sorted(ids), _AT_ONCE) for one in _short(node, some)]
    for source, first, last in told:
        _move_sightings(node, source, ids[source], first, last)
        bypasses = Bypass.rows.filter(node=node, source=source)
        here = Bypass.rows.filter(node=node, source=ids[source])
        _move_rows(list(bypasses), list(here), ids[source], _bypass_group, _bypass_key)
        _move_coverage(node, source, ids[source])
        _move_days(node, source, ids[source])


def _short(
    node: CampaignNode, sources: Sequence[str]
) -> Iterable[tuple[str, datetime | None, datetime | None]]:
    """Those of the sources that are stored and were always short, with their first and last time."""
    rows = Coverage.rows.filter(scan__node=node, source__in=sources).values("source").order_by("source")
    facts = rows.annotate(most=Max("bytes"), begins=Min("first"), ends=Max("last"))
    return facts.filter(most__lt=SHORT_BYTES).values_list("source", "begins", "ends")


def _move_sightings(
    node: CampaignNode, old: str, new: str, first: datetime | None, last: datetime | None
) -> None:
    # The times lead to the rows: there is no index by source.
    within = Q(last_seen=None) if first is None else Q(last_seen=None) | Q(last_seen__range=(first, last))
    rows = list(Sighting.rows.filter(within, node=node, source=old))
    devices = sorted({row.device for row in rows})
    here = [
        row
        for some in batched(devices, _AT_ONCE)
        for row in Sighting.rows.filter(node=node, source=new, device__in=some)
    ]
    _move_rows(rows, here, new, _sighting_group, _sighting_key)


def _move_rows[Row: (Sighting, Bypass)](
    rows: list[Row],
    here: list[Row],
    new: str,
    group_of: Callable[[Row], tuple[Any, ...]],
    key_of: Callable[[Row, str], str],
) -> None:
    """Give rows another source. Where rows of the same group stand there already, those with more lines stay:
    the content of one log is the beginning of the other's."""
    groups: dict[tuple[Any, ...], tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
    for place, some in enumerate((rows, here)):
        for row in some:
            groups[group_of(row)][place].append(row)
    for moved, known in groups.values():
        if not moved:
            continue
        is_less = sum(row.count for row in moved) <= sum(row.count for row in known)
        for row in moved if is_less else known:
            row.delete()
        if not is_less:
            for row in moved:
                row.source, row.key = new, key_of(row, new)
                row.save(update_fields=["source", "key"])


def _sighting_group(row: Sighting) -> tuple[Any, ...]:
    return row.indicator, row.device, row.day


def _sighting_key(row: Sighting, source: str) -> str:
    who = (row.who,) if row.who else ()
    return intake.key_of((source, row.indicator, row.device, *who, _day(row)))


def _bypass_group(row: Bypass) -> tuple[Any, ...]:
    return row.provider, row.kind, row.device, row.day


def _bypass_key(row: Bypass, source: str) -> str:
    return intake.key_of((source, row.provider, row.kind, row.device, row.who or "", _day(row)))


def _day(row: Sighting | Bypass) -> str:
    return row.day.isoformat() if row.day else ""


def _move_coverage(node: CampaignNode, old: str, new: str) -> None:
    """Of one scan and path the coverage with more bytes stays, and the days of the other rest on it."""
    for one in Coverage.rows.filter(scan__node=node, source=old):
        there = Coverage.rows.filter(scan=one.scan_id, source=new, path=one.path).first()
        if there is not None:
            stays, goes = (there, one) if there.bytes >= one.bytes else (one, there)
            CoveredDay.rows.filter(coverage=goes).update(coverage=stays)
            Scan.rows.filter(pk=one.scan_id).update(
                sources=F("sources") - 1, errors=F("errors") - len(goes.errors)
            )
            goes.delete()
        Coverage.rows.filter(pk=one.pk).update(source=new)


def _move_days(node: CampaignNode, old: str, new: str) -> None:
    """Of one day and list the telling with more bytes stays."""
    for one in CoveredDay.rows.filter(node=node, source=old).defer("hours", "devices", "alive"):
        there = CoveredDay.rows.filter(node=node, source=new, set_id=one.set_id, day=one.day).first()
        if there is not None and there.bytes >= one.bytes:
            one.delete()
            continue
        if there is not None:
            there.delete()
        one.source = new
        one.save(update_fields=["source"])
