"""Machines in the register of a unit: their open cases, and when logs saw them, as on the pages of cases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.cases.looks import OLDEST, Facts, event_time, gather
from quetsach.portal.cases.models import Case
from quetsach.portal.cases.rules import State
from quetsach.portal.machines.models import RegisterRow
from quetsach.portal.machines.register.queries import Seen
from quetsach.portal.units.models import Unit

OVER = (State.VERIFIED_CLEAN, State.FALSE_POSITIVE)


def open_cases(unit: Unit, rows: Sequence[RegisterRow]) -> dict[int, str]:
    """The address of an open case of each machine in a running campaign, by the number of its row."""
    wanted = {(row.key_kind, row.key_value): row.pk for row in rows}
    found = Case.rows.filter(
        device__id_value__in=[value for _kind, value in wanted],
        device__owner__unit=unit,
        device__merged_into=None,
        device__campaign__status=Campaign.Status.PUBLISHED,
        is_current=True,
    ).exclude(state__in=OVER)
    told = found.order_by("last_seen").values_list(
        "device__id_kind", "device__id_value", "device__campaign__slug", "pk"
    )
    return {
        wanted[kind, value]: reverse("case", args=[slug, pk])
        for kind, value, slug, pk in told
        if (kind, value) in wanted
    }


def seen_in_logs(keys: Collection[tuple[str, str]]) -> dict[tuple[UUID, str, str], Seen]:
    """By unit, kind and value: when logs saw the machines with these ids, by their signs and by the hours in
    which they were there."""
    cases = Case.rows.filter(
        is_current=True, device__merged_into=None, device__id_value__in=[value for _kind, value in keys]
    ).select_related("device__owner", "device__campaign")
    wanted = [case for case in cases if (case.device.id_kind, case.device.id_value) in keys]
    found: dict[tuple[UUID, str, str], set[datetime]] = defaultdict(set)
    for facts in gather(wanted, since=OLDEST) if wanted else ():
        device = facts.case.device
        found[device.owner.unit_id, device.id_kind, device.id_value].update(_moments(facts))
    return {
        key: Seen(min(some), max(some), frozenset(_local_day(at) for at in some))
        for key, some in found.items()
        if some
    }


def _moments(facts: Facts) -> Iterator[datetime]:
    now = timezone.now()
    for row in facts.sightings:
        if event_time(row, now) is None:
            continue
        yield from (at for at in (row.first_seen, row.last_seen) if at is not None and at >= OLDEST)
        if row.day is not None:
            midnight = datetime.combine(row.day, time(), UTC)
            yield from (midnight + timedelta(microseconds=begins) for begins, _ends, _lines in row.runs)
    for day in facts.days:
        midnight = datetime.combine(day.day, time(), UTC)
        hours = [n for n in range(24) if day.alive >> n & 1]
        if day.is_seen and not hours:
            hours = [5]  # the hour is not known: noon of that day
        yield from (midnight + timedelta(hours=n) for n in hours)


def _local_day(at: datetime) -> int:
    return (timezone.localtime(at).replace(tzinfo=None) - datetime(1970, 1, 1)).days


def seen_later() -> QuerySet[RegisterRow]:
    """The rows whose machine has a later sign, or waits for its proof, so that scans are asked about it."""
    cases = Case.rows.filter(
        Q(last_seen__gt=Coalesce(OuterRef("last_at"), Value(OLDEST))) | Q(claimed_at__isnull=False),
        device__owner__unit=OuterRef("unit"), device__id_kind=OuterRef("key_kind"),
        device__id_value=OuterRef("key_value"), device__merged_into=None, is_current=True,
    ).exclude(state__in=OVER)  # fmt: skip
    return RegisterRow.rows.filter(Exists(cases))
