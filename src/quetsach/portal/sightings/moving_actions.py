"""Moves what is stored of a log to the id that it has now: while a log is shorter than 4,096 bytes, each new
line gives it another id (docs/contract.md 4). Its lines must not count under both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, F, Max, Min, Q
from django.db.models.functions import Greatest

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.sightings import intake, tellings
from quetsach.portal.sightings.models import Bypass, Coverage, CoveredDay, Scan, Sighting
from quetsach.portal.sightings.tellings import Stored
from quetsach.sightings.sighting import SHORT_BYTES
from quetsach.sightings.sighting import Coverage as CoverageRecord

if TYPE_CHECKING:
    from quetsach.portal.sightings.actions import Sender

_AT_ONCE = 400

FOLLOWERS: list[Callable[[Collection[int]], Callable[[], object]]] = []
"""Apps above are told the ids of sightings that go because another row tells their lines, and return what
they do once these are gone; in the transaction."""


@transaction.atomic
def move(node: CampaignNode, place: str, sender: Sender, records: Iterable[CoverageRecord]) -> None:
    """Move rows, ways around, coverage and days of the ids that the records name as earlier ones.

    An id stays where anybody but the sender told it, or the sender from another place: a device takes nothing
    from another one. So does an id under which 4,096 bytes or more were ever told: that is a whole log. The
    audit entry of the scan that tells the records stands for this.
    """
    ids = {old: seen.source for seen in records if seen.source for old in seen.was if old != seen.source}
    if not ids:
        return
    CampaignNode.rows.select_for_update(no_key=True).get(pk=node.pk)
    told = [one for some in batched(sorted(ids), _AT_ONCE) for one in _own(node, place, sender, some)]
    for source, first, last in told:
        _move_sightings(node, place, source, ids[source], first, last)
        _move_bypasses(node, place, source, ids[source])
        _move_coverage(node, source, ids[source])
        _move_days(node, source, ids[source])


def _own(
    node: CampaignNode, place: str, sender: Sender, sources: Sequence[str]
) -> Iterable[tuple[str, datetime | None, datetime | None]]:
    """Those of the sources that are stored, were always short, and that only the sender told, from here; with
    their first and last time."""
    by = Q(scan__token=sender.token) if sender.token else Q(scan__token=None, scan__by=sender.user)
    its = Count("pk", filter=by & Q(scan__source_name=place))
    rows = Coverage.rows.filter(scan__node=node, source__in=sources).values("source").order_by("source")
    facts = rows.annotate(most=Max("bytes"), begins=Min("first"), ends=Max("last"), all=Count("pk"), its=its)
    return facts.filter(most__lt=SHORT_BYTES, its=F("all")).values_list("source", "begins", "ends")


def _move_sightings(
    node: CampaignNode, place: str, old: str, new: str, first: datetime | None, last: datetime | None
) -> None:
    """Give rows another source. Of two rows of one key that with more lines stays, with all names; a row
    without `who` goes where rows with one tell its lines."""
    # The times lead to the rows: there is no index by source.
    within = Q(last_seen=None) if first is None else Q(last_seen=None) | Q(last_seen__range=(first, last))
    rows = list(Sighting.rows.filter(within, node=node, source=old, source_name=place))
    known: dict[str, Sighting] = {}
    named: dict[tuple[object, ...], list[Stored]] = defaultdict(list)
    for some in batched(sorted({row.device for row in rows}), _AT_ONCE):
        for row in Sighting.rows.filter(node=node, source=new, device__in=some):
            known[row.key] = row
            if row.who:
                named[row.indicator, row.device, row.day].append(_stored(row))
    gone: list[Sighting] = []
    moved: list[Sighting] = []
    for row in rows:
        key = _sighting_key(row, new)
        other = known.get(key)
        if other is not None:
            stays, goes = (other, row) if row.count <= other.count else (row, other)
            _take_over(stays, goes)
            gone.append(goes)
            if stays is other:
                continue
        elif not row.who and tellings.are_told(_stored(row), named[row.indicator, row.device, row.day]):
            gone.append(row)
            continue
        row.source, row.key = new, key
        moved.append(row)
    _delete(gone)
    for row in moved:
        row.save(update_fields=["source", "key"])


def _stored(row: Sighting) -> Stored:
    return Stored(row.count, row.is_listed, row.identity, bool(row.runs), row.first_seen, row.last_seen)


def _take_over(stays: Sighting, goes: Sighting) -> None:
    """Keep what the row that goes says beyond the other one: names, and that its address was listed."""
    identity, is_listed = {**goes.identity, **stays.identity}, stays.is_listed or goes.is_listed
    runs = stays.runs or (goes.runs if goes.count == stays.count else [])
    if (identity, is_listed, runs) == (stays.identity, stays.is_listed, stays.runs):
        return
    stays.identity, stays.is_listed, stays.runs, stays.is_pulled = identity, is_listed, runs, False
    stays.nat, stays.card = intake.nat_address(identity), intake.card_of(identity)
    stays.save(update_fields=["identity", "is_listed", "runs", "is_pulled", "nat", "card"])


def _delete(rows: Sequence[Sighting]) -> None:
    for some in batched([row.pk for row in rows], _AT_ONCE):
        then = [follow(some) for follow in FOLLOWERS]
        Sighting.rows.filter(pk__in=some).delete()
        for act in then:
            act()


def _sighting_key(row: Sighting, source: str) -> str:
    who = (row.who,) if row.who else ()
    return intake.key_of((source, row.indicator, row.device, *who, _day(row)))


def _move_bypasses(node: CampaignNode, place: str, old: str, new: str) -> None:
    """The same for ways around."""
    known = {row.key: row for row in Bypass.rows.filter(node=node, source=new)}
    for row in Bypass.rows.filter(node=node, source=old, source_name=place):
        key = intake.key_of((new, row.provider, row.kind, row.device, row.who or "", _day(row)))
        other = known.get(key)
        if other is not None and row.count <= other.count:
            row.delete()
            continue
        if other is not None:
            other.delete()
        row.source, row.key = new, key
        row.save(update_fields=["source", "key"])


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
                sources=F("sources") - 1, errors=Greatest(F("errors") - len(goes.errors), 0)
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
