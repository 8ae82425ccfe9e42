"""False alarms that other evidence opened again, and the cases where that evidence counts no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.cases.false_alarms.queries import Holding, holding
from quetsach.portal.cases.models import (
    Case,
    CaseEvent,
    CaseSighting,
    VictimFile,
    VictimReport,
    VictimTelling,
)
from quetsach.portal.cases.relapses import BEFORE, IDLE, Resting
from quetsach.portal.cases.rules import OPEN, Act
from quetsach.portal.indicators.models import IndicatorSet


def other_signs(
    case: Case,
    since: CaseEvent,
    alarms: Holding,
    *,
    besides: Collection[str] = (),
    without: Collection[str] = (),
    file: VictimFile | None = None,
) -> set[str]:
    """The signs of a case that came after an event, of a name or a place that the case had not shown before,
    or later than the list with which the false alarm ended. Those that another false alarm covers (`alarms`)
    are left out, as are those of lists that do not count, but for `besides`. `without`: names of entries that
    are left out too; `file`: a file whose reports are.
    """
    latest = timezone.now() + timedelta(days=1)
    logs = CaseSighting.rows.filter(case=case).values_list(
        "sighting__received_at", "sighting__indicator", "sighting__node", "sighting__source_name",
        "sighting__last_seen", "sighting__is_listed",
    )  # fmt: skip
    told = [
        (
            at > since.at, name, (str(node), place),
            seen is not None and seen <= latest and alarms.has_ended(case.dismissed_at, seen),
        )
        for at, name, node, place, seen, is_listed in logs.distinct()
        if (is_listed or name in besides) and name not in without
    ]  # fmt: skip
    reports = VictimReport.rows.filter(case=case)
    if file is not None:
        others = VictimTelling.rows.filter(report=OuterRef("pk")).exclude(file=file)
        reports = reports.exclude(~Exists(others), file=file)
    known = reports.values_list("received_at", "publisher", "kind").distinct()
    told += [(at > since.at, f"{who}:{kind}", ("", who), False) for at, who, kind in known]
    checks = CaseEvent.checks().filter(case=case).annotate(key=F("pk")).values_list("key", "data")
    told += [
        (pk > since.pk, name, ("", ""), False)
        for pk, data in checks
        for name in data.get("indicators", ())
        if name not in without
    ]
    names = {name for is_later, name, _place, _ended in told if not is_later}
    places = {place for is_later, _name, place, _ended in told if not is_later}
    return {
        name
        for is_later, name, place, has_ended in told
        if is_later and (has_ended or name not in names or place not in places)
    } - alarms.of(case.device_id).keys()


def resting_on_file(file: VictimFile, cases: QuerySet[Case]) -> Resting:
    """The events that opened false alarms of people again, where only a file of reports told it."""
    found = Resting()
    for one in _opened_again(cases):
        alarms = holding(one.case.device.campaign)
        if other_signs(one.case, one.dismissal, alarms) and not other_signs(
            one.case, one.dismissal, alarms, file=file
        ):
            one.sort(found)
    return found


def resting_on_lists(
    campaign: Campaign,
    rows: Collection[IndicatorSet],
    only: Collection[str],
    withdrawn: Collection[str],
    cases: QuerySet[Case],
) -> Resting:
    """The same, where only these versions of a list told it: by the names in `only`, which stand on no other
    version, or because the false alarm ended with them. `withdrawn`, among them `only`, are the names that
    stand on withdrawn versions alone."""
    opened, found = list(_opened_again(cases)), Resting()
    if not opened:
        return found
    now = holding(campaign)
    theirs = {row.published_at for row in rows if row.published_at is not None}
    before = replace(now, published=sorted({*now.published, *theirs}))
    after = replace(now, published=[at for at in now.published if at not in theirs])
    earlier = set(withdrawn) - set(only)
    for one in opened:
        if other_signs(one.case, one.dismissal, before, besides=only, without=earlier) and not other_signs(
            one.case, one.dismissal, after, without=withdrawn
        ):
            one.sort(found)
    return found


def closed_again(case: Case) -> CaseEvent | None:
    """The event that closed a false alarm of people, if other evidence opened it again and that counts no
    more; None of other cases."""
    told = [
        one
        for one in case.events.order_by("at", "pk")
        if one.act not in IDLE and not (one.act == Act.UNDO and one.data.get("act") in IDLE)
    ]
    if [one.act for one in told[-2:]] != [Act.EVIDENCE, Act.UNDO] or CaseEvent.UNDONE not in told[-2].data:
        return None
    return next((one for one in reversed(told) if one.act == Act.DISMISS), None)


class _Opened(NamedTuple):
    """A case that people had called a false alarm, with its former moment of closing; the events that closed
    and opened it; and whether it can be the false alarm again, because nobody has worked on it since."""

    case: Case
    dismissal: CaseEvent
    opening: CaseEvent
    is_idle: bool

    def sort(self, found: Resting) -> None:
        """Put it where it belongs."""
        if self.is_idle:
            found.undone[self.case.pk] = self.opening
        else:
            found.kept.add(self.case.pk)


def _opened_again(cases: QuerySet[Case]) -> Iterable[_Opened]:
    """Open cases that people had called a false alarm and that evidence opened again. Two queries."""
    evidence = CaseEvent.rows.filter(case=OuterRef("pk"), act=Act.EVIDENCE.value)
    rows = cases.filter(Exists(evidence), is_current=True, state__in=OPEN)
    some = list(rows.select_related("device__campaign").order_by("pk"))
    if not some:
        return
    stories: Mapping[UUID, list[CaseEvent]] = defaultdict(list)
    for event in CaseEvent.rows.filter(case__in=[case.pk for case in some]).order_by("at", "pk"):
        stories[event.case_id].append(event)
    for case in some:
        dismissal, opening, since = _last_opening(stories[case.pk])
        if dismissal and opening:
            before = opening.data.get(BEFORE, {})
            case.dismissed_at = parse_datetime(before.get("dismissed_at") or dismissal.at.isoformat())
            is_idle = BEFORE in opening.data and all(one.act in IDLE for one in since)
            yield _Opened(case, dismissal, opening, is_idle)


def _last_opening(
    events: Iterable[CaseEvent],
) -> tuple[CaseEvent | None, CaseEvent | None, list[CaseEvent]]:
    """The last closing by people, the evidence that opened the case since, and what has happened since then;
    what its author took back has not."""
    dismissal: CaseEvent | None = None
    opening: CaseEvent | None = None
    since: list[CaseEvent] = []
    for event in events:
        if event.act == Act.DISMISS:
            dismissal, opening, since = event, None, []
        elif event.act == Act.EVIDENCE and CaseEvent.UNDONE not in event.data:
            opening, since = event, []
        elif event.act == Act.UNDO and since:
            since.pop()
        else:
            since.append(event)
    return dismissal, opening, since
