"""The answer of the public self-check about one address. It names no machine and no unit.

"Not seen" needs logs that hold the visitor's own network: accepted scans of the unit with that network, made
with the campaign's list, read without an error, with a known clock. A log of the
unit may name a listed address and no machine. Then there is not enough to tell: it may be the visitor's
machine. Logs of a unit above it prove nothing about the network: nobody said that they hold it.

Signs whose cases are all settled accuse nobody any more: the page says only that the office dealt with them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from quetsach.machines.identity.forwarders import FORWARDER
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.cases.models import CaseSighting, VictimReport
from quetsach.portal.cases.rules import NEEDS_ASSET, State
from quetsach.portal.kit.client_ip import Address, is_inside
from quetsach.portal.kit.compiled import compiled
from quetsach.portal.sightings.intake import lost, spans_of
from quetsach.portal.sightings.models import Coverage, Sighting
from quetsach.portal.sightings.queries import current, nameless, without_machine
from quetsach.portal.sightings.spans import Span, common_spans, unbroken
from quetsach.portal.units.networks import Network, held_on

CLOSED = (State.VERIFIED_CLEAN.value, State.FALSE_POSITIVE.value)
WAITING = (State.CLAIMED_CLEAN.value, State.RECHECKED.value)
MINUTES = timedelta(minutes=10)
"""So far apart the clocks of a publisher and of the portal may be, and so long an address stays with one
customer of a provider at least."""
MOST_REPORTS = 200
"""Reports of one address that are looked at, the latest first."""
MOST_FAMILIES = 3
"""Malware named on the page."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
MOST_HOLDERS = 20
"""More units than that with one range: a visitor of that range may be anywhere."""

type Since = tuple[tuple[UUID, datetime], ...]
"""The campaigns, each with the moment from which its self-check looks."""


@dataclass(frozen=True, slots=True)
class Looked:
    """The spans in which the logs of the visitor's network were compared with the list of a campaign."""

    campaign: Campaign
    runs: list[Span]


@dataclass(frozen=True, slots=True)
class Holder:
    """The unit that has a range, by its id, and the contact that it gave. The page never names the unit."""

    unit: UUID
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the self-check says about one address.

    `looked` has one entry for each campaign whose list was compared with logs of the address's own network.
    `has_unit`: some unit has the address in its networks. `is_inside`: the address is private, so an office
    gives it to its own machines. `is_machine`: the address is such an address, and it is itself the device of
    a case or sighting, not only the shared address before a network. `is_told`: the logs of the network name
    a listed address and no machine, so "not seen" would be no answer. `reported` is when others last reported
    a machine behind the address; many share a public one, so only a report of these very minutes
    (`is_reported_now`) is about those who use it now. `families` are the malware that its signs name.
    `holder` is the unit with the address in its range; None for none or several. `is_settled`: each machine
    with these signs was proven clean, replaced or put out of use, or was a false alarm. `is_forwarder`:
    people named the address a resolver, a proxy or a gateway, so many machines are behind it. `is_held`: the
    range of some unit holds the address.
    """

    is_listed: bool
    last_seen: datetime | None
    since: datetime
    looked: tuple[Looked, ...] = ()
    has_unit: bool = False
    is_inside: bool = False
    is_machine: bool = False
    is_told: bool = False
    reported: datetime | None = None
    is_reported_now: bool = False
    families: tuple[str, ...] = ()
    holder: Holder | None = None
    is_settled: bool = False
    is_forwarder: bool = False
    is_held: bool = False

    @property
    def is_office(self) -> bool:
        """Whether an office gives the visitor the network: the address is private, or in a unit's range."""
        return self.is_inside or self.is_held

    @property
    def kind(self) -> str:
        """The template of the answer."""
        if self.is_settled:
            return "handled"
        if self.is_listed:
            return "forwarder" if self.is_forwarder else "machine" if self.is_machine else "network"
        if self.reported is not None:
            return "machine" if self.is_inside else "network" if self.is_reported_now else "somebody"
        if self.looked and not self.is_told:
            return "not_seen"
        return "no_logs" if self.has_unit else "no_unit"


def check(campaigns: Sequence[Campaign], address: Address, now: datetime | None = None) -> Checked:
    """Compare with open cases, and with the sightings of the last `check_days` days, of these campaigns."""
    now = now or timezone.now()
    since = tuple((one.pk, now - timedelta(days=one.check_days)) for one in campaigns)
    seen = _sightings(str(address), since, now + timedelta(days=1))
    live = [one for one in seen if not one.is_settled]
    reported, is_now, is_reported_settled = None, False, False
    if not live:
        reported, is_now, is_reported_settled = _reports(str(address), since, now)
    held = _closest(_holders(_ranges(address), timezone.localdate(now)))
    looked, is_told = ((), False) if seen else _looked(campaigns, since, set(held), now)
    is_settled = not live and (is_reported_settled if reported is not None else bool(seen))
    told = live or (seen if is_settled else [])
    lasts = [one.last for one in told if one.last is not None]
    latest = max(told, key=lambda one: (one.itself > 0, one.last or _LONG_AGO), default=None)
    return Checked(
        is_listed=bool(live),
        last_seen=max([*lasts, *([reported] if reported else [])], default=None),
        since=min(moment for _campaign, moment in since),
        looked=looked,
        has_unit=bool(held) and not seen,
        is_held=bool(held),
        is_settled=is_settled,
        is_forwarder=is_inside(address) and latest is not None and latest.is_asking,
        is_told=is_told,
        reported=reported,
        is_reported_now=is_now,
        is_inside=is_inside(address),
        is_machine=is_inside(address) and any(one.itself for one in live),
        families=tuple(sorted({one.family for one in live if one.family})[:MOST_FAMILIES]),
        holder=next(iter(held.values())) if len(held) == 1 else None,
    )


@dataclass(frozen=True, slots=True)
class _Signs:
    """Rows about the address that are alike: of one malware, all settled or none, and all or none placed by
    the word that the address asks for others. `itself` is the number of rows with it as the device."""

    last: datetime | None
    itself: int
    family: str
    is_settled: bool
    is_asking: bool


def _sightings(text: str, since: Since, latest: datetime) -> list[_Signs]:
    return [
        _Signs(last, itself, family, is_linked and not is_live, bool(is_asking and itself))
        for last, itself, family, is_linked, is_live, is_asking in _rows(text, since, latest)
    ]


@compiled
def _rows(
    text: str, since: Since, latest: datetime
) -> QuerySet[Sighting, tuple[datetime | None, int, str, bool, bool, bool]]:
    """The last sign of the address and the number of rows with it as the device; by malware, whether the
    rows have a case, whether one of it is not settled, and whether a person's word placed them.

    A moment after `latest` is of a wrong clock: the row counts, its moment does not.
    """
    links = CaseSighting.rows.filter(sighting=OuterRef("pk"))
    open_cases = links.filter(case__is_current=True).exclude(case__state__in=CLOSED)
    gone = Q(case__state__in=WAITING, case__done__in=NEEDS_ASSET)
    lately = reduce(or_, (Q(node__campaign=pk, last_seen__gte=at) for pk, at in since))
    running = reduce(or_, (Q(node__campaign=pk) for pk, _at in since))
    rows = Sighting.rows.filter(Q(device=text) | Q(nat=text)).filter(
        Q(lately, is_listed=True) | Q(running, Exists(open_cases))
    )
    groups = rows.order_by().annotate(
        is_linked=Exists(links),
        is_live=Exists(links.exclude(case__state__in=CLOSED).exclude(gone)),
        is_asking=Exists(links.filter(why=FORWARDER)),
    )
    return (
        groups.values("family", "is_linked", "is_live", "is_asking")
        .annotate(
            last=Max("last_seen", filter=Q(last_seen__lte=latest)), itself=Count("pk", filter=Q(device=text))
        )
        .values_list("last", "itself", "family", "is_linked", "is_live", "is_asking")
    )


def _reports(text: str, since: Since, now: datetime) -> tuple[datetime | None, bool, bool]:
    """When others last reported an infected machine behind the address, lately or in an open case; whether
    a report is of these minutes; and whether all their cases are settled. Those of settled cases count only
    where there are no others. Reports of the future are of a wrong clock."""
    told = _told(text, since, now + MINUTES)
    live = [one for one in told if not _is_settled(*one[3:])]
    some = live or told
    last = max((min(first if is_day else last, now) for first, last, is_day, *_case in some), default=None)
    is_now = any(
        not is_day and first - MINUTES <= now <= last + MINUTES for first, last, is_day, *_case in some
    )
    return last, is_now, not live


def _is_settled(state: str | None, done: str | None) -> bool:
    return state in CLOSED or (state in WAITING and done in NEEDS_ASSET)


@compiled
def _told(
    text: str, since: Since, latest: datetime
) -> QuerySet[VictimReport, tuple[datetime, datetime, bool, str | None, str | None]]:
    """The times of reports about the address that began before `latest`, the last first, and how far their
    cases are."""
    lately = reduce(or_, (Q(node__campaign=pk, last_seen__gte=at) for pk, at in since))
    running = reduce(or_, (Q(node__campaign=pk) for pk, _at in since))
    is_open = Q(case__is_current=True) & ~Q(case__state__in=CLOSED)
    rows = VictimReport.rows.filter(
        lately | (running & is_open),
        address=text, meaning__in=VictimReport.CASES, first_seen__lte=latest,
    ).exclude(case__state=State.FALSE_POSITIVE)  # fmt: skip
    columns = ("first_seen", "last_seen", "is_day", "case__state", "case__done")
    return rows.order_by("-last_seen", "-pk").values_list(*columns)[:MOST_REPORTS]


def _looked(
    campaigns: Sequence[Campaign], since: Since, holders: set[UUID], now: datetime
) -> tuple[tuple[Looked, ...], bool]:
    """The campaigns whose list was compared with logs of the address's network, and whether a log of its
    units names a listed address and no machine.

    Many units use the same private range, and the visitor may be in any of them: only the time that the logs
    of all these units cover counts.
    """
    if not 0 < len(holders) <= MOST_HOLDERS:
        return (), False
    begins = dict(since)
    each = [_spans(unit, since, begins, now) for unit in holders]
    found = []
    for one in campaigns:
        runs = reduce(common_spans, (runs_of[one.pk] for runs_of in each))
        if runs:
            found.append(Looked(one, runs))
    return tuple(found), _is_told(holders, since)


def _spans(unit: UUID, since: Since, begins: dict[UUID, datetime], now: datetime) -> dict[UUID, list[Span]]:
    """The unbroken time that usable logs of the unit cover, by campaign."""
    read, unread, gone = (defaultdict[UUID, list[Span]](list) for _ in range(3))
    for campaign, first, last, errors, losses, parts in _coverage(unit, since):
        gone[campaign] += lost(losses)
        found = unread if errors else read
        for start, end in spans_of(first, last, parts):
            if end >= begins[campaign] and start < now:
                found[campaign].append((max(start, begins[campaign]), min(end, now)))
    runs: dict[UUID, list[Span]] = defaultdict(list)
    for campaign, spans in read.items():
        runs[campaign] = unbroken(spans, unread[campaign], gone[campaign])
    return runs


def _is_told(units: set[UUID], since: Since) -> bool:
    """Whether lately a log of these units named a listed address and no machine, in one of the campaigns."""
    those = tuple(sorted(units))
    return bool(_told_by_logs(those, since) or _told_by_rows(those, since))


@compiled
def _told_by_logs(units: tuple[UUID, ...], since: Since) -> QuerySet[Coverage, int]:
    lately = reduce(
        or_, (Q(scan__node__campaign=pk) & (Q(last__gte=at) | Q(last__isnull=True)) for pk, at in since)
    )
    rows = without_machine(lately & Q(scan__node__unit__in=units))
    return rows.order_by().values_list("pk", flat=True)[:1]


@compiled
def _told_by_rows(units: tuple[UUID, ...], since: Since) -> QuerySet[Sighting, int]:
    lately = reduce(
        or_, (Q(node__campaign=pk) & (Q(last_seen__gte=at) | Q(last_seen__isnull=True)) for pk, at in since)
    )
    rows = nameless(lately & Q(node__unit__in=units))
    return rows.order_by().values_list("pk", flat=True)[:1]


def _ranges(address: Address) -> tuple[str, ...]:
    """Every network that holds the address, from the widest to the address itself."""
    value, bits, kind = int(address), address.max_prefixlen, type(address)
    return tuple(
        f"{kind(value >> (bits - length) << (bits - length))}/{length}" for length in range(bits + 1)
    )


@compiled
def _holders(ranges: tuple[str, ...], day: date) -> QuerySet[Network, tuple[UUID, str, str, str]]:
    """The units that have a network with the address on that day, their paths, and their contacts."""
    columns = ("unit", "unit__path", "unit__contact_phone", "unit__contact_email")
    return Network.rows.filter(held_on(day), cidr__in=ranges).values_list(*columns)


def _closest(holders: list[tuple[UUID, str, str, str]]) -> dict[UUID, Holder]:
    """The units without those that have another of them below: the machine belongs to the lowest."""
    paths = {path for _unit, path, *_contact in holders}
    return {
        unit: Holder(unit, phone, email)
        for unit, path, phone, email in holders
        if not any(other != path and other.startswith(path) for other in paths)
    }


@compiled
def _coverage(
    unit: UUID, since: Since
) -> QuerySet[Coverage, tuple[UUID, datetime | None, datetime | None, Any, Any, Any]]:
    """The sources of the unit that can prove something, as `cases.rules` asks; errors and gaps are looked at
    later."""
    lately = reduce(or_, (Q(scan__node__campaign=pk, last__gte=at) for pk, at in since))
    rows = current(lately).filter(
        scan__node__unit=unit, scan__indicator_set__isnull=False,
        time__in=("ok", "assumed_year"), first__isnull=False,
    )  # fmt: skip
    return rows.order_by().values_list("scan__node__campaign", "first", "last", "errors", "gaps", "stretches")
