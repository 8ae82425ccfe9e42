"""The answer of the public self-check about one address. It names no machine and no unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from ipaddress import ip_network
from operator import or_
from uuid import UUID

from django.db.models import Count, Max, Min, Q
from django.utils import timezone

from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.cases.models import Case
from quetsach.portal.cases.rules import State
from quetsach.portal.kit.client_ip import Address, is_inside
from quetsach.portal.sightings.models import Coverage, Sighting
from quetsach.portal.units.models import Network

CLOSED = (State.VERIFIED_CLEAN, State.FALSE_POSITIVE)

type Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Checked:
    """What the self-check says about one address.

    `looked`: the first and the last moment in logs of the address's own network; None if it has no logs, or
    if the network is not known for certain. `elsewhere`: there are logs of any network. `is_inside`: the
    address is private, so an office gives it to its own machines. `is_machine`: the address is such an
    address, and it is itself the device of a case or sighting, not only the shared address before a network.
    """

    is_listed: bool
    last_seen: datetime | None
    since: datetime
    looked: Span | None
    elsewhere: bool = False
    is_inside: bool = False
    is_machine: bool = False


def check(campaigns: Sequence[Campaign], address: Address, now: datetime | None = None) -> Checked:
    """Compare with open cases, and with the sightings of the last `check_days` days, of these campaigns."""
    now = now or timezone.now()
    since = {one.pk: now - timedelta(days=one.check_days) for one in campaigns}
    text = str(address)
    closed = Q(state__in=[state.value for state in CLOSED])
    open_cases = Case.rows.filter(device__campaign__in=since, is_current=True).exclude(closed)
    # `nat` is "address" or "address:port"; the colon distinguishes 203.0.113.9 from 203.0.113.90.
    port = f"[{text}]:" if address.version == 6 else f"{text}:"
    own = Q(device__key=text) | Q(device__identity__nat=text) | Q(device__identity__nat__startswith=port)
    itself = Count("pk", filter=Q(device__key=text))
    held = open_cases.filter(own).aggregate(n=Count("pk"), last=Max("last_seen"), itself=itself)
    lately = reduce(or_, (Q(node__campaign=pk, last_seen__gte=at) for pk, at in since.items()))
    behind = Q(device=text) | Q(identity__nat=text) | Q(identity__nat__startswith=port)
    listed = Sighting.rows.filter(lately, behind, is_listed=True)
    seen = listed.aggregate(last=Max("last_seen"), itself=Count("pk", filter=Q(device=text)))
    moments = [moment for moment in (held["last"], seen["last"]) if moment is not None]
    spans = _looked(since, now)
    found = _of_network(spans, address)
    return Checked(
        is_listed=held["n"] > 0 or bool(moments),
        last_seen=max(moments, default=None),
        since=min(since.values()),
        looked=(min(first for first, _last in found), max(last for _first, last in found)) if found else None,
        elsewhere=bool(spans),
        is_inside=is_inside(address),
        is_machine=is_inside(address) and held["itself"] + seen["itself"] > 0,
    )


def _looked(since: dict[UUID, datetime], now: datetime) -> dict[tuple[UUID, str], Span]:
    """The time that usable logs cover since `since`, by campaign and path of the reporting node."""
    lately = reduce(or_, (Q(scan__node__campaign=pk, last__gte=at) for pk, at in since.items()))
    rows = Coverage.rows.filter(lately, time__in=("ok", "assumed_year"), first__isnull=False)
    by_node = rows.values_list("scan__node__campaign", "scan__node__path").order_by()
    return {
        (campaign, path): (max(first, since[campaign]), min(last, now))
        for campaign, path, first, last in by_node.annotate(a=Min("first"), b=Max("last"))
    }


def _of_network(spans: dict[tuple[UUID, str], Span], address: Address) -> list[Span]:
    """The spans of logs that cover the address's network: logs of the network's unit, or of a unit above it.

    Many units use the same private range. If one of these units has no logs, the visitor may be there: the
    list is then empty.
    """
    if not spans:
        return []
    wider = [str(ip_network((address, bits), strict=False)) for bits in range(address.max_prefixlen + 1)]
    units = Network.rows.filter(cidr__in=wider).values("unit")
    nodes = CampaignNode.rows.filter(unit__in=units, campaign__in={campaign for campaign, _path in spans})
    by_unit: dict[UUID, list[Span]] = {}
    for unit, campaign, path in nodes.values_list("unit", "campaign", "path"):
        covering = [span for (one, top), span in spans.items() if one == campaign and path.startswith(top)]
        by_unit.setdefault(unit, []).extend(covering)
    return [span for covering in by_unit.values() for span in covering] if all(by_unit.values()) else []
