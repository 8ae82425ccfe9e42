"""Stores the rows of a document, so that a repeated row changes nothing.

A batch is compared with what is stored before other writers have to wait. If another document has changed one
of these rows meanwhile, the batch is compared once more, then while others wait.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Case, QuerySet, When
from django.utils import timezone

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.indicators import queries as indicators
from quetsach.portal.kit.inserting import insert, spelled
from quetsach.portal.sightings import intake, tellings
from quetsach.portal.sightings.models import Sighting
from quetsach.portal.sightings.tellings import Stored
from quetsach.sightings.sighting import Scan as ScanRecord
from quetsach.sightings.sighting import Sighting as SightingRecord

_REPLACED = ("source_name", "set_id", "is_listed", "checked_version", "is_pulled",
             "family", "kind", "matched", "field", "identity", "nat", "card", "first_seen", "last_seen",
             "count", "runs", "action", "logformat", "evidence")  # fmt: skip
_FACTS = ("key", "count", "is_listed", "identity", "has_runs", "first_seen", "last_seen")
_AT_ONCE = 2000


class OvertakenError(Exception):
    """Another document has changed rows since the batch was compared with them."""


@dataclass
class Batch:
    """Rows ready to be written. `fresh` are the values of new rows, `grown` those of changed rows. `renamed`
    has the new key and the `who` of stored rows without one. `known` is what was stored of rows to change.

    `unchanged` counts the rows that say no more than what is stored. `changed` and `machines` name machines;
    `nameless` are log lines without one.
    """

    fresh: list[tuple[Any, ...]] = field(default_factory=list)
    grown: list[tuple[Any, ...]] = field(default_factory=list)
    renamed: dict[str, tuple[str, str]] = field(default_factory=dict)
    known: dict[str, Stored] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    machines: set[str] = field(default_factory=set)
    nameless: int = 0
    unchanged: int = 0


def keep(
    node: CampaignNode, header: ScanRecord, rows: Sequence[SightingRecord], then: Callable[[Batch], None]
) -> Batch:
    """Store the rows in one transaction, with what `then` writes."""
    batch = prepare(node, header, rows)
    try:
        with transaction.atomic():
            store(node, batch)
            then(batch)
    except OvertakenError:
        with transaction.atomic():
            CampaignNode.rows.select_for_update(no_key=True).get(pk=node.pk)
            batch = prepare(node, header, rows)
            store(node, batch)
            then(batch)
    return batch


def prepare(node: CampaignNode, header: ScanRecord, rows: Sequence[SightingRecord]) -> Batch:
    """Compare the rows with what is stored."""
    batch = Batch()
    best: dict[str, SightingRecord] = {}
    for row in rows:
        key = intake.sighting_key(row)
        if name := _called(row):
            batch.machines.add(name)
        if not row.device:
            batch.nameless += row.count
        if key not in best or row.count > best[key].count:
            best[key] = row
    bare = tellings.bare_keys(best)
    here = _stored(node, {*best, *bare.values()})
    retold = tellings.retold(best, bare, here)
    older = _older(node, {key: row for key, row in best.items() if not row.who and key not in here}, best)
    renamed = {intake.sighting_key(row): without for without, row in retold.renamed.items()}
    fresh, grown = [], []
    for key, row in best.items():
        if key in here:
            if key in retold.reduced or here[key].yields_to(row):
                grown.append((key, _joined(row, here[key]), here[key]))
                batch.known[key] = here[key]
        elif key in renamed:
            without = renamed[key]
            grown.append((key, _joined(row, here[without]), here[without]))
            batch.known[without] = here[without]
            batch.renamed[without] = key, row.who
        elif key not in older:
            fresh.append((key, row))
    batch.unchanged = len(rows) - len(fresh) - len(grown)
    if not fresh and not grown:
        return batch
    told = [row for _key, row in fresh] + [row for _key, row, _before in grown]
    batch.changed = {name for row in told if (name := _called(row))}
    listing = indicators.listing(node.campaign_id, header.set_id, {row.indicator for row in told})
    same = {
        "node_id": node.pk, "source_name": header.source_name, "set_id": header.set_id,
        "checked_version": listing.version, "is_pulled": False, "received_at": timezone.now(),
    }  # fmt: skip
    listed = listing.names
    batch.fresh = _spelled(fresh, [row.indicator in listed for _key, row in fresh], same)
    # If an indicator was on the campaign's list once, a later list without it changes nothing.
    batch.grown = _spelled(
        [(key, row) for key, row, _before in grown],
        [before.is_listed or row.indicator in listed for _key, row, before in grown],
        same,
    )
    return batch


def _called(row: SightingRecord) -> str:
    """As `Sighting.called`."""
    return row.device or intake.nat_address(row.identity) or intake.card_of(row.identity) or ""


def _spelled(
    rows: Sequence[tuple[str, SightingRecord]], are_listed: Sequence[bool], same: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    """Rows with their keys as `insert` takes them; `same` are the values that all have in common."""
    if not rows:
        return []
    keys, records = zip(*rows, strict=True)
    own = {"key": keys, "is_listed": are_listed, **intake.columns(records)}
    return spelled(Sighting, own, same)


def _joined(row: SightingRecord, before: Stored) -> SightingRecord:
    """The row with all names that were known before: they stay known, also where a longer log no longer tells
    them."""
    known = before.identity
    return row._replace(
        identity={**known, **row.identity} if row.count > before.count else {**row.identity, **known}
    )


def store(node: CampaignNode, batch: Batch) -> None:
    """Write the batch, inside the caller's transaction.

    Raises:
        OvertakenError: nothing may be kept of the transaction.
    """
    if not batch.fresh and not batch.grown:
        return
    CampaignNode.rows.select_for_update(no_key=True).get(pk=node.pk)
    if batch.known and _stored(node, batch.known) != batch.known:
        raise OvertakenError
    try:
        for without, (key, who) in batch.renamed.items():
            Sighting.rows.filter(node=node, key=without).update(key=key, who=who)
        insert(Sighting, batch.fresh)
    except IntegrityError as error:
        raise OvertakenError from error
    # One statement for many rows; an UPDATE with a case for each row and column takes ten times as long.
    insert(Sighting, batch.grown, unique=("node", "key"), replaced=_REPLACED)


def _stored(node: CampaignNode, keys: Iterable[str]) -> dict[str, Stored]:
    """What is stored, by key of each row."""
    found: dict[str, Stored] = {}
    for some in batched(keys, _AT_ONCE):
        found |= {key: Stored(*facts) for key, *facts in _facts(node).filter(key__among=set(some))}
    return found


def _facts(node: CampaignNode) -> Any:
    has_runs = Case(When(runs=[], then=False), default=True)
    rows = Sighting.rows.filter(node=node).order_by().annotate(has_runs=has_runs)
    return rows.values_list(*_FACTS)


def _older(
    node: CampaignNode, fresh: Mapping[str, SightingRecord], told: Mapping[str, SightingRecord]
) -> set[str]:
    """Keys of new rows without `who`, where the same lines are stored with a name already.

    Such a document is from before the name was known. A document that holds one of the names is newer.
    """
    if not fresh:
        return set()
    named_here = {tellings.group_of(row) for row in told.values() if row.who}
    groups = {tellings.group_of(row): key for key, row in fresh.items()}
    found = set()
    for some in batched([group for group in groups if group not in named_here], _AT_ONCE):
        rows = _facts(node).filter(
            who__isnull=False,
            source__among={group[0] for group in some},
            device__among={group[2] for group in some},
        )
        named: dict[tellings.Group, list[Stored]] = defaultdict(list)
        for source, indicator, device, day, _key, *facts in rows.values_list(
            "source", "indicator", "device", "day", *_FACTS
        ):
            named[source, indicator, device, day.isoformat() if day else ""].append(Stored(*facts))
        found |= {groups[g] for g in some if g in named and tellings.is_older(fresh[groups[g]], named[g])}
    return found


def mark_pulled(ids: Iterable[int]) -> None:
    """Mark rows that a higher app has processed; the app calls this in the same transaction."""
    Sighting.rows.filter(pk__among=ids).update(is_pulled=True)


def mark_waiting(rows: QuerySet[Sighting]) -> int:
    """Mark rows that a higher app must process again; returns their number."""
    return rows.order_by().update(is_pulled=False)
