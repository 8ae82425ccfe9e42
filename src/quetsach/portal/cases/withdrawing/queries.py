"""Which cases rest on the entries of a version alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Exists, Max, OuterRef, QuerySet

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.cases import relapses, reopenings
from quetsach.portal.cases.episodes import may_return
from quetsach.portal.cases.models import Case, CaseEvent, CaseSighting, VictimReport
from quetsach.portal.cases.rules import TRANSITIONS, Act, State
from quetsach.portal.indicators import queries as lists
from quetsach.portal.indicators.models import IndicatorSet

OPEN = tuple(state.value for state in State if (state, Act.WITHDRAW) in TRANSITIONS)
"""The states of cases that withdrawing closes."""
SET = "set"
"""In the data of an event: the withdrawn version that changed the case."""


@dataclass
class Resting:
    """Cases with a sign that no standing version lists but this one. `alone`: they are closed, because all
    their signs are like that; `others`: open, with another reason; `proven`: verified clean, with signs like
    those of `alone`. `back`: only these signs said that signs came back, and the claim of before holds again.
    `as_before`: the cases that are not closed and stand as before these signs (`standing_again`). `acted`: of
    `others`, with signs again by these alone, and they stay, because somebody has worked on them.
    `dismissed`: these alone opened false alarms of people again, which hold again; `kept`: the same, but
    somebody has worked on these cases, and they stay open. `entries` are the names
    that only this version lists, and those that withdrawn versions alone list."""

    alone: list[UUID] = field(default_factory=list)
    others: int = 0
    proven: int = 0
    back: list[UUID] = field(default_factory=list)
    as_before: set[UUID] = field(default_factory=set)
    acted: int = 0
    dismissed: list[UUID] = field(default_factory=list)
    kept: int = 0
    entries: tuple[set[str], set[str]] = (set(), set())


def resting_on(
    campaign: Campaign, rows: Collection[IndicatorSet], published: Collection[IndicatorSet]
) -> Resting:
    """The cases that show signs of entries of these versions, as if all of them were withdrawn. `published`
    are all versions ever published.

    A sign that is on no list, such as one that a check found on the machine itself, is another reason.
    """
    cases = Case.rows.filter(device__campaign=campaign, is_current=True)
    cases = cases.filter(state__in=(*OPEN, State.VERIFIED_CLEAN))
    rows_of = {pk: (state, episode) for pk, state, episode in cases.values_list("pk", "state", "episode")}
    states = {pk: state for pk, (state, _episode) in rows_of.items()}
    signs = signs_of(cases)
    names = set().union(*signs.values()) if signs else set()
    here = lists.names_on(rows, names)
    gone = {row.pk for row in rows}
    others = [row for row in published if row.pk not in gone]
    standing = lists.names_on([row for row in others if row.withdrawn_at is None], names)
    only = here - standing
    withdrawn = only | (lists.names_on([r for r in others if r.withdrawn_at], names) - standing)
    found = Resting(entries=(only, withdrawn))
    told = relapses.resting_on_entries(only, withdrawn, cases)
    found.back = list(told.undone)
    states |= {pk: event.from_state for pk, event in told.undone.items()}
    alarms = reopenings.resting_on_lists(campaign, rows, only, withdrawn, cases)
    found.dismissed = list(alarms.undone)
    for pk, shown in signs.items():
        if only.isdisjoint(shown):
            continue
        is_alone = shown <= withdrawn
        if pk in found.dismissed:
            continue
        if pk in told.undone and not (is_alone and states[pk] in OPEN):
            continue
        if states[pk] == State.VERIFIED_CLEAN:
            found.proven += is_alone
        elif is_alone:
            found.alone.append(pk)
        else:
            found.others += 1
    found.acted, found.kept = (len(one.kept.difference(found.alone)) for one in (told, alarms))
    found.as_before = standing_again(
        found.alone, found.back, [pk for pk in found.alone if rows_of[pk][1] > 1]
    )
    return found


def standing_again(
    closed: Collection[UUID], undone: Collection[UUID], later: Collection[UUID] | None = None
) -> set[UUID]:
    """The cases that stand as before signs that count no more: their relapse is undone and they are not among
    the closed ones, or a later episode is closed, and before it the machine was proven clean. The page before
    a click and the message after it both count by this. `later`: the closed ones that are no first episodes,
    where that is known."""
    those = set(closed if later is None else later)
    latest: dict[tuple[UUID, str], UUID] = {}
    if those:
        ended = Case.rows.filter(id__among=those, device=OuterRef("device"), family=OuterRef("family"))
        earlier = Case.rows.filter(Exists(ended), merged_into=None).exclude(state=State.FALSE_POSITIVE)
        for case in earlier.order_by("episode"):
            if case.pk not in closed:
                latest[case.device_id, case.family] = case.pk
    return (set(undone) | set(latest.values())) - set(closed)


def signs_of(cases: QuerySet[Case]) -> dict[UUID, set[str]]:
    """By case: the indicators that logs showed, the indicators and signs that checks showed, and the kinds of
    reports of others, which stand on no list."""
    found: dict[UUID, set[str]] = defaultdict(set)
    links = CaseSighting.rows.filter(case__in=cases.order_by().values("pk"))
    for pk, indicator in links.order_by().values_list("case", "sighting__indicator").distinct():
        found[pk].add(indicator)
    checks = CaseEvent.checks().filter(case__in=cases.order_by().values("pk"))
    for pk, data in checks.order_by().values_list("case", "data"):
        found[pk].update(data.get("indicators", ()))
    reports = VictimReport.rows.filter(case__in=cases.order_by().values("pk")).order_by()
    for pk, publisher, kind in reports.values_list("case", "publisher", "kind").distinct():
        found[pk].add(f"{publisher}:{kind}")
    return found


def closed_by(campaign: Campaign) -> QuerySet[Case]:
    """The cases that withdrawing a version closed and that are closed still."""
    return Case.rows.filter(may_return(), device__campaign=campaign, state=State.FALSE_POSITIVE).exclude(
        false_alarm_of=None
    )


def _withdrawn_with(row: IndicatorSet) -> QuerySet[IndicatorSet]:
    """The withdrawn versions with the same content."""
    return lists.withdrawn(row.campaign_id).filter(sha256=row.sha256, hashes=row.hashes)


def back_on_a_list(campaign: Campaign) -> list[UUID]:
    """Those of `closed_by` of which a sign is on a standing version again."""
    signs = signs_of(closed_by(campaign))
    names = set().union(*signs.values()) if signs else set()
    standing = lists.names_on(lists.versions(campaign), names)
    return [pk for pk, shown in signs.items() if not standing.isdisjoint(shown)]


def done_with(row: IndicatorSet) -> tuple[set[UUID], set[UUID]]:
    """The cases that the withdrawal of this version, with all that have its content, has closed, and those
    that stand as before it."""
    those = _withdrawn_with(row)
    since = those.aggregate(latest=Max("withdrawn_at"))["latest"]
    events = CaseEvent.rows.filter(
        at__gte=since, **{f"data__{SET}__in": [str(pk) for pk in those.values_list("pk", flat=True)]}
    )
    closed = events.filter(act=Act.WITHDRAW.value, case__state=State.FALSE_POSITIVE.value)
    undone = events.filter(act=Act.UNDO.value)
    ids = set(closed.order_by().values_list("case", flat=True))
    return ids, standing_again(ids, set(undone.order_by().values_list("case", flat=True)))
