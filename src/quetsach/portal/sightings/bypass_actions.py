"""Stores the machines that go around the place that watches: told again, a record changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import batched

from django.db import transaction
from django.utils import timezone

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.kit.inserting import insert, values_of
from quetsach.portal.sightings import intake
from quetsach.portal.sightings.models import Bypass
from quetsach.sightings.sighting import Bypass as Record

_REPLACED = ("source_name", "matched", "field", "identity", "first_seen", "last_seen", "count", "runs",
             "action", "logformat", "told_at")  # fmt: skip


@transaction.atomic
def keep(node: CampaignNode, source_name: str, records: Iterable[Record]) -> set[str]:
    """Store records, of equal ones the larger count; returns the machines of those that say more. The audit
    entry of the scan that tells them stands for them."""
    best: dict[str, Record] = {}
    for record in records:
        key = intake.bypass_key(record)
        if key not in best or record.count > best[key].count:
            best[key] = record
    here: dict[str, int] = {}
    for some in batched(best, 400):
        here |= dict(Bypass.rows.filter(node=node, key__in=some).values_list("key", "count"))
    now = timezone.now()
    rows = [
        Bypass(
            node=node, key=key, source=one.source, source_name=source_name, provider=one.provider,
            kind=one.kind, matched=one.matched, field=one.field, device=one.device or "",
            identity=one.identity, who=one.who or None, day=intake.to_day(one.day),
            first_seen=intake.to_moment(one.first_seen), last_seen=intake.to_moment(one.last_seen),
            count=one.count, runs=one.runs, action=one.action, logformat=one.logformat, told_at=now,
        )
        for key, one in best.items()
        if one.count > here.get(key, 0)
    ]  # fmt: skip
    insert(Bypass, values_of(rows), unique=("node", "key"), replaced=_REPLACED)
    return {row.device for row in rows if row.device}
