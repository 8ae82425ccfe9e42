"""Brings cases in line with the versions of the list: closes the false alarms of a withdrawn version, undoes
the relapses that it alone told, and opens cases again when a version lists their address again.

Runs before sightings are pulled. Cases are closed in batches, one transaction each, because other writers
wait until a batch is over; after a crash the next run does the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import batched
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import Told, record_all
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.cases import relapses, reopenings
from quetsach.portal.cases.episode_actions import follow
from quetsach.portal.cases.episodes import may_return
from quetsach.portal.cases.models import Case, CaseEvent
from quetsach.portal.cases.relapse_actions import undo_signs
from quetsach.portal.cases.rules import OPEN as UNIT_ACTS
from quetsach.portal.cases.rules import Act, State, returned
from quetsach.portal.cases.withdrawing.queries import OPEN, SET, back_on_a_list, resting_on
from quetsach.portal.indicators import queries as lists
from quetsach.portal.indicators.models import IndicatorSet
from quetsach.portal.indicators.withdraw_actions import mark_followed
from quetsach.portal.sightings.listing_actions import unlist

BATCH = 200


def follow_lists(campaign: Campaign) -> int:
    """Carry every change of the lists that has not been followed yet into sightings and cases; returns how
    many cases were closed."""
    rows = list(lists.unfollowed(campaign.pk).select_related("withdrawn_by"))
    gone = [row for row in rows if row.withdrawn_at is not None]
    closed = 0
    if gone:
        unlist(campaign)
    published = lists.lists_of(campaign) if gone else []
    for row in gone:
        resting = resting_on(campaign, [row], published)
        for some in batched([*resting.back, *resting.dismissed], BATCH):
            _undo_signs(some, row, *resting.entries)
        for some in batched(resting.alone, BATCH):
            closed += _close(some, row)
    if rows:
        for some in batched(back_on_a_list(campaign), BATCH):
            _open_again(some)
        mark_followed(rows)
    return closed


@transaction.atomic
def _close(ids: Sequence[UUID], row: IndicatorSet) -> int:
    """Close open cases as false alarms of the version. A case that this withdrawal closed before, and that a
    person has opened again since, stays open."""
    before = CaseEvent.rows.filter(case__in=ids, act=Act.WITHDRAW.value, at__gte=row.withdrawn_at)
    known = {pk for pk, data in before.values_list("case", "data") if data.get(SET) == str(row.pk)}
    cases = [case for case in _locked(ids) if case.state in OPEN and case.pk not in known]
    move_many(
        cases, Act.WITHDRAW, [State.FALSE_POSITIVE] * len(cases), by=row.withdrawn_by,
        reason=row.withdrawn_why, data=_told(row), version=row,
    )  # fmt: skip
    return len(cases)


@transaction.atomic
def _undo_signs(ids: Sequence[UUID], row: IndicatorSet, only: set[str], withdrawn: set[str]) -> None:
    """Give cases back what they were before a sign that the version alone told."""
    cases, those = _locked(ids), Case.rows.filter(pk__in=ids)
    returns = relapses.resting_on_entries(only, withdrawn, those).undone
    returns |= reopenings.resting_on_lists(row.campaign, [row], only, withdrawn, those).undone
    undo_signs(cases, returns, by=row.withdrawn_by, reason=row.withdrawn_why, data=_told(row))


def _told(row: IndicatorSet) -> dict[str, Any]:
    """What an event says of the version that was withdrawn."""
    return {"version": row.version, SET: str(row.pk)}


@transaction.atomic
def _open_again(ids: Sequence[UUID]) -> None:
    """Open cases again, each in the state in which it was closed."""
    closed = [case for case in _locked(ids) if case.state == State.FALSE_POSITIVE and case.false_alarm_of_id]
    latest = {(one.device_id, one.family): one for one in sorted(closed, key=lambda one: one.episode)}
    cases = list(latest.values())
    events = CaseEvent.rows.filter(case__in=cases, act=Act.WITHDRAW.value).order_by("at", "pk")
    before = {pk: (state, at) for pk, state, at in events.values_list("case", "from_state", "at")}
    as_they_were(cases, [before.get(case.pk, ("", None)) for case in cases])


def as_they_were(
    cases: Sequence[Case],
    before: Sequence[tuple[str, datetime | None]],
    data: dict[str, Any] | None = None,
) -> None:
    """Open locked cases again that a withdrawn list, or a file of reports that was taken back, had closed.
    `before`: the state of each then, and when it was closed. Clocks go on where they stood: the time since
    then does not count against the unit."""
    now = timezone.now()
    states = [returned(state) for state, _closed in before]
    for case, state, (_was, closed) in zip(cases, states, before, strict=True):
        if state in UNIT_ACTS and closed is not None:
            case.clock_at = (case.clock_at or case.opened_at) + (now - closed)
    move_many(cases, Act.RETURN, states, data=data)


def _locked(ids: Sequence[UUID]) -> list[Case]:
    rows = Case.rows.select_for_update(of=("self",), no_key=True).select_related("device__owner")
    return list(rows.filter(may_return(), pk__in=ids).order_by("pk"))


def move_many(
    cases: Sequence[Case],
    act: Act,
    states: Sequence[State],
    *,
    by: User | None = None,
    reason: str = "",
    data: dict[str, Any] | None = None,
    version: IndicatorSet | None = None,
) -> None:
    """Move many locked cases with an event and an audit entry each. Claims, proofs and clocks stay as the
    caller left them. `version` is the version of the list whose false
    alarms they are."""
    now = timezone.now()
    events, subjects = [], []
    for case, state in zip(cases, states, strict=True):
        told = {"device": case.device.key, "from": case.state, "to": state.value, "reason": reason}
        subjects.append(Told(case, case.device.owner.path, told | (data or {})))
        events.append(
            CaseEvent(case=case, at=now, act=act.value, from_state=case.state, to_state=state.value, by=by,
                      reason=reason, data=data or {})
        )  # fmt: skip
        case.state, case.false_alarm_of = state.value, version
    CaseEvent.rows.bulk_create(events)
    Case.rows.bulk_update(cases, ["state", "false_alarm_of", "clock_at"])
    if cases:
        follow(cases, act.value)
        record_all(f"case.{act.value}", subjects, by)
