"""Whether an address is known to this portal: for the public self-check. Tells no machine and no unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Q
from django.utils import timezone

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.cases.models import Case
from quetsach.portal.cases.rules import State
from quetsach.portal.kit.client_ip import Address
from quetsach.portal.sightings.models import Coverage, Sighting

CLOSED = (State.VERIFIED_CLEAN, State.FALSE_POSITIVE)


@dataclass(frozen=True, slots=True)
class Checked:
    """`looked`: (first, last) of the logs behind a
    "not listed"; None when nothing was looked at in that time."""

    is_listed: bool
    last_seen: datetime | None
    since: datetime
    looked: tuple[datetime, datetime] | None


def check(campaign: Campaign, address: Address, now: datetime | None = None) -> Checked:
    """Compare with open cases, and with the sightings of the last `check_days` days."""
    now = now or timezone.now()
    since = now - timedelta(days=campaign.check_days)
    text = str(address)
    closed = Q(state__in=[state.value for state in CLOSED])
    open_cases = Case.rows.filter(device__campaign=campaign, is_current=True).exclude(closed)
    held = open_cases.filter(device__key=text).aggregate(n=Count("pk"), last=Max("last_seen"))
    is_case, own = held["n"] > 0, held["last"]
    # `nat` is written "address" or "address:port"; the colon keeps 203.0.113.9 apart from 203.0.113.90.
    port = f"[{text}]:" if address.version == 6 else f"{text}:"
    behind = Q(identity__nat=text) | Q(identity__nat__startswith=port)
    seen = (
        Sighting.rows.filter(node__campaign=campaign, is_listed=True, last_seen__gte=since)
        .filter(Q(device=text) | behind)
        .aggregate(last=Max("last_seen"))["last"]
    )
    translated = open_cases.filter(
        Q(device__identity__nat=text) | Q(device__identity__nat__startswith=port)
    ).aggregate(last=Max("last_seen"))["last"]
    moments = [m for m in (own, seen, translated) if m is not None]
    is_listed = is_case or bool(moments)
    span = Coverage.rows.filter(
        scan__node__campaign=campaign, time__in=("ok", "assumed_year"), last__gte=since
    ).aggregate(first=Min("first"), last=Max("last"))
    first, last = span["first"], span["last"]
    return Checked(
        is_listed=is_listed,
        last_seen=max(moments, default=None),
        since=since,
        looked=(max(first, since), min(last, now)) if first and last else None,
    )
