"""Gives a case that has a former state again the signs that came meanwhile.

An open case keeps a sign without an event. When an act is taken back, or machines part, the case may be
claimed, proven clean or a false alarm again, and nobody has compared these signs with that. Whatever gives a
case a former state calls `take_signs_since`.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

from django.db.models import F, Model
from django.db.models.functions import Coalesce
from django.utils import timezone

from quetsach.machines.proof.judging import GUARD
from quetsach.portal.cases import looks
from quetsach.portal.cases.again_actions import go_on, told_again
from quetsach.portal.cases.episode_actions import succeed
from quetsach.portal.cases.false_alarms.queries import holding
from quetsach.portal.cases.models import Case, CaseEvent, CaseSighting, VictimReport
from quetsach.portal.cases.opening_actions import open_case
from quetsach.portal.cases.relapse_actions import relapse
from quetsach.portal.cases.rules import OPEN, Arrival, State, arrive
from quetsach.portal.cases.summing_actions import sum_up_anew

type _Later = list[tuple[datetime, type[Model], Any]]
"""Signs: the time of each, its table, and its key there."""
_AT_ONCE = 2000


def take_signs_since(case: Case, since: CaseEvent | None = None) -> None:
    """Judge the signs of a locked case by the rules of new evidence (`rules.arrive`): one after the handling
    is a relapse, those after the proven quiet time are a new episode. A false alarm has that effect only with
    `since`, the event that was taken back: other signs that came after it open the false alarm again."""
    state = State(case.state)
    if case.merged_into_id is not None or state in OPEN:
        return
    if state is State.FALSE_POSITIVE:
        if since is not None and (names := _others_since(case, since)):
            told_again(case, ", ".join(sorted(names))[:200], None, None)
        return
    again: _Later = []
    for one in _later(case):
        match arrive(state, case.claimed_at, case.quiet_until, one[0], False):
            case Arrival.RELAPSE:
                relapse(case, one[0])
                return
            case Arrival.EPISODE:
                again.append(one)
    if again:
        _to_next_episode(case, again)


def _later(case: Case) -> _Later:
    """The signs after the claim, in the order of their times; without those whose machine is looked for anew,
    and those of lists that do not count any more."""
    if case.claimed_at is None:
        return []
    after, latest = case.claimed_at + GUARD, timezone.now() + timedelta(days=1)
    links = CaseSighting.rows.filter(case=case, sighting__is_pulled=True, sighting__is_listed=True)
    sane = links.filter(sighting__last_seen__gte=looks.OLDEST, sighting__last_seen__lte=latest)
    timed = sane.annotate(seen=Coalesce("last", "sighting__last_seen")).filter(seen__gt=after)
    found: _Later = [(at, CaseSighting, pk) for at, pk in timed.values_list("seen", "pk")]
    reports = VictimReport.rows.filter(case=case, is_waiting=False, last_seen__range=(after, latest))
    for first, last, is_day, pk in reports.values_list("first_seen", "last_seen", "is_day", "pk"):
        # Of a report that tells only the day it is the day's beginning, as where reports are taken.
        found.append((first if is_day else last, VictimReport, pk))
    checks = CaseEvent.checks().filter(case=case, at__gt=after, at__lte=latest)
    found += [(at, CaseEvent, pk) for at, pk in checks.values_list("at", "pk")]
    return sorted(found, key=lambda one: (one[0], one[1].__name__, one[2]))


def _to_next_episode(case: Case, signs: _Later) -> None:
    """Give signs to the episode after a proven one; where there is none, one goes on or is
    opened."""
    rows = Case.rows.select_for_update(of=("self",), no_key=True).select_related("device__owner")
    following = rows.filter(
        device=case.device_id, family=case.family, is_current=True, episode__gt=case.episode
    ).first()
    if following is None:
        following = go_on(case, "", signs[0][0])
    if following is None:
        following = open_case(case.device, case.family, succeed(case), timezone.now())
    by_table: dict[type[Model], list[Any]] = defaultdict(list)
    for _at, table, key in signs:
        by_table[table].append(key)
    known = CaseSighting.rows.filter(case=following).values("sighting")
    for keys in batched(by_table[CaseSighting], _AT_ONCE):
        links = CaseSighting.rows.filter(pk__in=keys)
        links.filter(sighting__in=known).delete()
        links.update(case=following)
    for keys in batched(by_table[VictimReport], _AT_ONCE):
        VictimReport.rows.filter(pk__in=keys).update(case=following)
    CaseEvent.rows.filter(pk__in=by_table[CaseEvent]).update(case=following)
    for one in (case, following):
        sum_up_anew(one, timezone.now())
    take_signs_since(following)


def _others_since(case: Case, since: CaseEvent) -> set[str]:
    """The signs that came after the event, of a name or a place that the case had not shown before, or later
    than the list with which the false alarm ended. Without those that another false alarm covers."""
    alarms, latest = holding(case.device.campaign), timezone.now() + timedelta(days=1)
    links = CaseSighting.rows.filter(case=case, sighting__is_listed=True)
    logs = links.values_list(
        "sighting__received_at", "sighting__indicator", "sighting__node", "sighting__source_name",
        "sighting__last_seen",
    )  # fmt: skip
    told = [
        (
            at > since.at, name, (str(node), place),
            seen is not None and seen <= latest and alarms.has_ended(case.dismissed_at, seen),
        )
        for at, name, node, place, seen in logs.distinct()
    ]  # fmt: skip
    reports = VictimReport.rows.filter(case=case).values_list("received_at", "publisher", "kind").distinct()
    told += [(at > since.at, f"{who}:{kind}", ("", who), False) for at, who, kind in reports]
    checks = CaseEvent.checks().filter(case=case).annotate(key=F("pk")).values_list("key", "data")
    told += [
        (pk > since.pk, name, ("", ""), False) for pk, data in checks for name in data.get("indicators", ())
    ]
    names = {name for is_later, name, _place, _ended in told if not is_later}
    places = {place for is_later, _name, place, _ended in told if not is_later}
    return {
        name
        for is_later, name, place, has_ended in told
        if is_later and (has_ended or name not in names or place not in places)
    } - alarms.of(case.device_id).keys()
