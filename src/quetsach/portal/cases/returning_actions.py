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
from uuid import UUID

from django.db.models import Model
from django.db.models.functions import Coalesce
from django.utils import timezone

from quetsach.machines.proof.judging import GUARD
from quetsach.portal.cases import looks
from quetsach.portal.cases.actions import held
from quetsach.portal.cases.again_actions import go_on, told_again
from quetsach.portal.cases.episode_actions import succeed
from quetsach.portal.cases.false_alarms.queries import holding
from quetsach.portal.cases.models import Case, CaseEvent, CaseSighting, VictimReport
from quetsach.portal.cases.opening_actions import open_case
from quetsach.portal.cases.relapse_actions import relapse, resume_clock
from quetsach.portal.cases.reopenings import closed_again, other_signs
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
        if since is not None and (names := other_signs(case, since, holding(case.device.campaign))):
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


def count_again(pk: UUID) -> None:
    """Judge the signs of a case anew whose list counts again: of a claimed one, or of a false alarm that they
    had opened before. The clock goes on where it stood."""
    case, closing = held(pk), None
    if case.state == State.FALSE_POSITIVE and (closing := closed_again(case)) is None:
        return
    take_signs_since(case, closing)
    resume_clock(case)


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
