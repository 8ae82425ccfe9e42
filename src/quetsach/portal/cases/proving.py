"""Judges a claim by stored evidence and coverage: gives `quetsach.machines.proof` what it judges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from quetsach.machines.proof.facts import Around, Claim, Hit, Machine, Place
from quetsach.machines.proof.gaps import Lack
from quetsach.machines.proof.hours import Span
from quetsach.machines.proof.judgement import Judgement
from quetsach.machines.proof.judging import GUARD, judge
from quetsach.machines.proof.nameless import Malware, Nameless, NamelessHours
from quetsach.machines.proof.places import BASELINE, LogDay, PlaceLog
from quetsach.portal.cases import looks, outside
from quetsach.portal.cases.looks import Facts
from quetsach.portal.cases.models import Device
from quetsach.portal.cases.rules import RETIRE, USABLE_TIMES
from quetsach.portal.cases.unit_logs import DayOfLog
from quetsach.portal.cases.unlocated import Unlocated
from quetsach.portal.indicators import store
from quetsach.portal.sightings.models import Bypass, Coverage, Sighting
from quetsach.portal.sightings.times import times_of

BEFORE = timedelta(days=BASELINE + 1)
"""This long before a claim its judgement needs the logs."""
_HOUR, _DAY, _MOMENT = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)


class KnownLog(NamedTuple):
    """The log of a place: its key, its hours, and the lists that it was read with, each with its digest."""

    key: str
    log: PlaceLog
    lists: tuple[tuple[str, str], ...]
    days: list[LogDay]
    unlocated: dict[Unlocated, NamelessHours]
    """The hours of signs of addresses without a machine, as far as a machine of the place may be meant."""
    listings: dict[frozenset[str], frozenset[str]]
    """By indicators: the lists that name all of them."""

    def naming(self, indicators: frozenset[str]) -> frozenset[str]:
        """The lists that name all of these indicators."""
        if indicators not in self.listings:
            found = (name for name, sha256 in self.lists if store.lists_all(sha256, indicators))
            self.listings[indicators] = frozenset(found)
        return self.listings[indicators]

    def hours_of(self, one: Unlocated) -> NamelessHours:
        """The hours of such signs."""
        if one not in self.unlocated:
            signs = (_nameless(row, self.days) for row in one.signs)
            self.unlocated[one] = NamelessHours(signs, self.log.origin)
        return self.unlocated[one]


type Logs = dict[tuple[UUID, str], KnownLog]
"""The logs of places, kept for all cases that are gathered together."""


def judged(
    facts: Facts,
    now: datetime,
    logs: Logs | None = None,
    *,
    for_page: bool = True,
    keeps_recalled: bool = False,
) -> Judgement:
    """The judgement of a claimed case; `for_page` as `judge` takes it. `keeps_recalled`: signs of a
    withdrawn list, if they came before the claim, still name the places that saw the machine."""
    case = facts.case
    assert case.claimed_at is not None
    owner = case.device.owner_id
    kept = {} if logs is None else logs
    ahead = timezone.localtime(now).utcoffset() or timedelta()
    return judge(
        Claim(case.claimed_at, facts.claim_told),
        _hits(facts, owner, now, case.claimed_at if keeps_recalled else None),
        list(_places(facts, kept)),
        now=now,
        quiet_days=case.device.campaign.quiet_days,
        around=[_around(one, now) for one in facts.bypasses],
        machine=Machine(
            is_shared=_is_shared(facts),
            ahead=int(ahead.total_seconds()) // 3600,
            is_retired=case.done == RETIRE,
        ),
        malware=Malware(case.family, frozenset(row.indicator for row in facts.sightings)),
        for_page=for_page,
    )


def _is_shared(facts: Facts) -> bool:
    """Whether silence at the address says nothing of a single machine: many stand behind it, or the lines
    name a card that is at other addresses as well (`cards`), so that the machine may only have moved."""
    device = facts.case.device
    if device.strength in ("shared", "unlocated"):
        return True
    is_address = device.id_kind in Device.BY_ADDRESS
    return is_address and any(row.card is not None for row in facts.sightings)


def _hits(facts: Facts, owner: UUID, now: datetime, until: datetime | None = None) -> list[Hit]:
    """The signs of a case. Those up to `until` count also where their list was withdrawn."""
    seen = [
        Hit(
            looks.place(row.node_id, row.source_name),
            looks.event_time(row, now),
            row.received_at,
            times_of(row),
            row.first_seen if row.last_seen is not None else None,
            is_recalled=not row.is_listed
            and not (until and row.last_seen and row.last_seen <= until + GUARD),
            is_outside=row.node_id != owner,
        )
        for row in facts.sightings
    ]
    seen += [
        outside.hit(looks.place(node, name), at if at <= now else None, told)
        for node, name, at, told in facts.moved
        if node != owner
    ]
    # No log looks from a publisher's place: its reports end a silence and prove none.
    return seen + [
        Hit(publisher, last if last <= now else None, min(last, now))
        for publisher, last in facts.reported.items()
    ]


def _around(row: Bypass, now: datetime) -> Around:
    """A way around. One whose clock is in the future was taken at a time that nobody knows."""
    if row.last_seen is not None and row.last_seen > now + _DAY:
        return Around(None, None, row.told_at)
    times = times_of(row) if row.runs else ()
    return Around(row.first_seen, row.last_seen, row.told_at, times)


def _places(facts: Facts, logs: Logs) -> Iterable[Place]:
    """The places of the units that saw the machine, with what each knows of it."""
    indicators = frozenset(row.indicator for row in facts.sightings)
    for node, (of_unit, named) in facts.logs.items():
        for name, days in of_unit.places.items():
            key = node, name
            if key not in logs:
                logs[key] = log_of(days.rows, facts.nameless.get(key, ()))
            log, seen = logs[key], days.seen(named)
            unlocated = tuple(log.hours_of(one) for one in facts.may_be_its(*key))
            yield Place(log.key, log.log, log.naming(indicators), *seen, unlocated)


def log_of(days: Sequence[DayOfLog], nameless: Iterable[Sighting] = ()) -> KnownLog:
    """What all machines of a place share."""
    its = [_log_day(day) for day in days]
    scans = {day.coverage.scan.set_id: day.coverage.scan for day in days}
    lists = {name: scan.indicator_set for name, scan in scans.items()}
    scan, name = days[0].coverage.scan, days[0].coverage.name
    return KnownLog(
        looks.place(scan.node_id, name),
        PlaceLog(its, (_nameless(row, its) for row in nameless)),
        tuple((name, known.sha256) for name, known in lists.items() if known is not None),
        its,
        {},
        {},
    )


def _nameless(row: Sighting, days: Iterable[LogDay]) -> Nameless:
    """A sign that names no machine. Without a time that can be trusted it may be of any hour of its log."""
    times = times_of(row)
    if looks.event_time(row) is None:
        times = tuple((day.first, day.last) for day in days if day.source == row.source)
    return Nameless(row.indicator, row.family, times)


def _log_day(day: DayOfLog) -> LogDay:
    coverage = day.coverage
    first, last = _ends(coverage, day.day, day.hours)
    flaw = _flaw(coverage)
    return LogDay(coverage.source, coverage.scan.set_id, day.day, day.hours, first, last, flaw, day.lost)


def _ends(coverage: Coverage, day: date, hours: list[int]) -> Span:
    """The first and last time within the day that the source speaks of."""
    midnight = datetime.combine(day, time(), UTC)
    begins, ends = midnight, midnight + _DAY - _MOMENT
    with_lines = [hour for hour, lines in enumerate(hours) if lines]
    if with_lines:
        begins, ends = midnight + with_lines[0] * _HOUR, midnight + (with_lines[-1] + 1) * _HOUR - _MOMENT
    first, last = coverage.first or begins, coverage.last or ends
    return min(max(begins, first), ends), max(min(ends, last), begins)


def _flaw(coverage: Coverage) -> Lack | None:
    if coverage.errors:
        return Lack.UNREAD
    if coverage.not_understood:
        return Lack.NO_MACHINE
    return None if coverage.time in USABLE_TIMES else Lack.NO_TIME


def place_of(facts: Facts, key: str) -> Coverage | None:
    """The latest telling of the place; None where it has none."""
    there = [c for c in facts.current if looks.place(c.scan.node_id, c.name) == key and c.last is not None]
    return max(there, key=lambda c: (c.last, c.pk), default=None)


def names_of_places(facts: Facts) -> dict[str, str]:
    """The names of places by their keys; of another unit's place with the name of the unit."""
    owner = facts.case.device.owner_id
    names = {looks.place(row.node_id, row.source_name): row.source_name for row in facts.sightings}
    names |= {looks.place(node, name): name for node, name, _seen, _told in facts.moved}
    for one in facts.coverages:
        node = one.scan.node
        name = one.name if node.pk == owner else f"{one.name} ({node.name})"
        names[looks.place(node.pk, one.name)] = name
    return names
