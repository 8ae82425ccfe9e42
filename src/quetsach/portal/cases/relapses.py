"""Which relapses rest on a file of reports, or on a version of the list, alone: without it the machine is as
far as it was before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case as When
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.db.models import When as Then
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from quetsach.portal.cases.episode_actions import FOLLOWED, RESUMED
from quetsach.portal.cases.models import (
    Case,
    CaseEvent,
    CaseSighting,
    VictimFile,
    VictimReport,
    VictimTelling,
)
from quetsach.portal.cases.rules import FILE_BACK, OPEN, TABLE_BACK, Act, Arrival, Note, State, arrive
from quetsach.portal.cases.summing_actions import sums

BEFORE = "before"
"""In the data of a relapse: what the case was, as `keeping.kept` tells it. Older versions did not keep it."""
PORTALS = (Note.OVERDUE, RESUMED, FOLLOWED, FILE_BACK, TABLE_BACK)
"""Acts of the portal after a relapse, which say nothing about the machine."""
IDLE = (*PORTALS, Note.SEEN)
"""Acts after which nobody has worked on the case: who knows of it has not handled anything."""


@dataclass
class Resting:
    """Relapses without any sign after the claim but those that are taken back, or false alarms that these
    alone opened again. `undone`: nobody has worked on the case since, by case; `kept`: somebody has, or an
    older version wrote the event down."""

    undone: dict[UUID, CaseEvent] = field(default_factory=dict)
    kept: set[UUID] = field(default_factory=set)


def resting_on(file: VictimFile, cases: QuerySet[Case]) -> Resting:
    """The relapses among these cases that rest on an accepted file. A bounded number of queries."""
    back = _came_back(cases)
    stories = _stories(back)
    return _found(stories, _latest(back, None), _latest(back, file)) if stories else Resting()


def resting_on_entries(only: Collection[str], withdrawn: Collection[str], cases: QuerySet[Case]) -> Resting:
    """The relapses among these cases that rest on entries of a list alone. `only` are its names that stand on
    no other version; `withdrawn`, among them `only`, all names that stand on withdrawn versions alone. A
    bounded number of queries."""
    back = _came_back(cases)
    stories = _stories(back)
    if not stories:
        return Resting()
    signs = list(_signs(back))
    before = set(withdrawn) - set(only)
    return _found(stories, _latest_without(signs, before), _latest_without(signs, withdrawn))


def _came_back(cases: QuerySet[Case]) -> QuerySet[Case]:
    """The current cases whose machine had signs after its handling, and that were not handled since."""
    return cases.filter(is_current=True, state__in=OPEN, relapses__gt=0).order_by()


def _stories(back: QuerySet[Case]) -> dict[UUID, list[CaseEvent]]:
    told: dict[UUID, list[CaseEvent]] = defaultdict(list)
    for event in CaseEvent.rows.filter(case__in=back.values("pk")).order_by("at", "pk"):
        told[event.case_id].append(event)
    return told


def _found(
    stories: Mapping[UUID, list[CaseEvent]],
    with_it: Mapping[UUID, datetime],
    without: Mapping[UUID, datetime],
) -> Resting:
    """The relapses that the latest signs support, and that they do not support without what is taken back."""
    found = Resting()
    for pk, events in stories.items():
        relapse, since = _last_relapse(events)
        if relapse is None or not _supports(relapse, with_it.get(pk)) or _supports(relapse, without.get(pk)):
            continue
        if BEFORE in relapse.data and all(one.act in IDLE for one in since):
            found.undone[pk] = relapse
        else:
            found.kept.add(pk)
    return found


def _last_relapse(events: list[CaseEvent]) -> tuple[CaseEvent | None, list[CaseEvent]]:
    """The last relapse that holds, and what has happened since; what its author took back has not."""
    relapse: CaseEvent | None = None
    since: list[CaseEvent] = []
    for event in events:
        if event.act == Act.RELAPSE and CaseEvent.UNDONE not in event.data:
            relapse, since = event, []
        elif event.act == Act.UNDO and since:
            since.pop()
        else:
            since.append(event)
    return relapse, since


def _supports(relapse: CaseEvent, seen: datetime | None) -> bool:
    """Whether a sign of that time would have ended the claim."""
    before = relapse.data.get(BEFORE, {})
    claimed = before.get("claimed_at") or relapse.data.get("claimed_at")
    until = before.get("quiet_until")
    arrival = arrive(
        State(relapse.from_state),
        parse_datetime(claimed) if claimed else None,
        parse_datetime(until) if until else None,
        seen,
        is_new=True,
    )
    return arrival in (Arrival.RELAPSE, Arrival.EPISODE)


def _latest(cases: QuerySet[Case], without: VictimFile | None) -> dict[UUID, datetime]:
    """By case: the latest sign that is known, also without a file. Of a report that tells only the day it is
    the day's beginning."""
    latest = timezone.now() + timedelta(days=1)
    those = cases.values("pk")
    links = CaseSighting.rows.filter(case__in=those, sighting__is_listed=True).order_by().values("case")
    checks = CaseEvent.checks().filter(case__in=those).order_by().values("case")
    seen = When(Then(is_day=True, then=F("first_seen")), default=F("last_seen"))
    sane = Q(last_seen__lte=latest)
    reports = VictimReport.rows.filter(sane, case__in=those).order_by()
    rows: list[QuerySet[Any, Any]] = [
        links.annotate(end=sums(latest)["end"]).values_list("case", "end"),
        checks.annotate(end=Max("at")).values_list("case", "end"),
    ]
    if without is None:
        rows.append(reports.values("case").annotate(end=Max(seen)).values_list("case", "end"))
    else:
        own = VictimTelling.rows.filter(report=OuterRef("pk"), file=without)
        others = reports.exclude(file=without).filter(~Exists(own))
        rows.append(others.values("case").annotate(end=Max(seen)).values_list("case", "end"))
        told = VictimTelling.rows.filter(sane, report__case__in=those).exclude(file=without).order_by()
        of_day = When(Then(report__is_day=True, then=F("first_seen")), default=F("last_seen"))
        rows.append(told.values("report__case").annotate(end=Max(of_day)).values_list("report__case", "end"))
    found: dict[UUID, datetime] = {}
    for some in rows:
        for pk, end in some:
            if end is not None:
                found[pk] = max(end, found.get(pk, end))
    return found


type _Sign = tuple[UUID, frozenset[str], datetime]
"""A case, the entries of lists by which a sign was known, none of a report, and its time."""


def _signs(cases: QuerySet[Case]) -> Iterable[_Sign]:
    """The latest signs of cases by their entries, also those of withdrawn lists."""
    latest, those = timezone.now() + timedelta(days=1), cases.values("pk")
    links = CaseSighting.rows.filter(case__in=those).order_by().values("case", "sighting__indicator")
    for pk, name, end in links.annotate(end=sums(latest)["end"]).values_list(
        "case", "sighting__indicator", "end"
    ):
        if end is not None:
            yield pk, frozenset([name]), end
    checks = CaseEvent.checks().filter(case__in=those)
    for pk, at, data in checks.values_list("case", "at", "data"):
        yield pk, frozenset(data.get("indicators", ())), at
    reports = VictimReport.rows.filter(case__in=those, last_seen__lte=latest).order_by().values("case")
    seen = When(Then(is_day=True, then=F("first_seen")), default=F("last_seen"))
    for pk, end in reports.annotate(end=Max(seen)).values_list("case", "end"):
        yield pk, frozenset(), end


def _latest_without(signs: Iterable[_Sign], names: Collection[str]) -> dict[UUID, datetime]:
    """By case: the latest of these signs that rests not on these entries alone."""
    found: dict[UUID, datetime] = {}
    for pk, entries, end in signs:
        if not entries or not entries.issubset(names):
            found[pk] = max(end, found.get(pk, end))
    return found
