"""A sign after the handling takes the claim away; where it was none, the case gets its claim back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import Told, record_all
from quetsach.portal.cases import keeping
from quetsach.portal.cases.actions import move, unclaim
from quetsach.portal.cases.episode_actions import FOLLOWED, RESUMED
from quetsach.portal.cases.models import Case, CaseEvent
from quetsach.portal.cases.relapses import BEFORE
from quetsach.portal.cases.rules import Act, Note

CLOCK = "clock_at"
"""In the data of an event that undoes a relapse: when the clocks had begun."""
_NOBODYS = (Act.WITHDRAW, Act.RETRACT, Act.RETURN, Note.OVERDUE, RESUMED, FOLLOWED)
"""Acts that follow from lists, files of reports or the calendar, besides the relapse itself."""


def relapse(case: Case, seen: datetime | None, told: Mapping[str, str] | None = None) -> None:
    """A sign came after the cleaning, the earliest at `seen`: the claim no longer holds.

    `told` names the file of reports that said so. If it told the same sign before and was taken back, the
    clock goes on. The caller has locked the case.
    """
    before, claimed = keeping.kept(case), case.claimed_at
    case.relapses += 1
    unclaim(case)
    data: dict[str, Any] = {
        "seen": seen.isoformat() if seen else "",
        "claimed_at": claimed.isoformat() if claimed else "",
        **(told or {}),
    }
    move(case, Act.RELAPSE, data=data, before=before)
    if told:
        resume_clock(case, of_same_sign=True)


def undo_relapses(
    cases: Iterable[Case],
    relapses: Mapping[UUID, CaseEvent],
    *,
    by: User | None,
    reason: str,
    data: dict[str, Any],
) -> None:
    """Give locked cases the state, the claim and the proof that they had before their relapse (`relapses`, by
    case). The relapse stays in their story, and one more event tells that it counts no more."""
    now = timezone.now()
    events, subjects = [], []
    cases = list(cases)
    clocks = {case.pk: case.clock_at for case in cases}
    for case in cases:
        if (event := relapses.get(case.pk)) is None:
            continue
        state = case.state
        case.state, case.relapses = event.from_state, max(0, case.relapses - 1)
        keeping.restore(case, event.data[BEFORE])
        case.save()
        event.data[CaseEvent.UNDONE] = True
        event.save(update_fields=["data"])
        told = {"act": Act.RELAPSE.value, **data}
        clock = keeping.plain(clocks.get(case.pk))
        events.append(
            CaseEvent(case=case, at=now, act=Act.UNDO.value, from_state=state, to_state=case.state, by=by,
                      reason=reason, data=told | {CLOCK: clock})
        )  # fmt: skip
        about = {"device": case.device.key, "from": state, "to": case.state, "reason": reason, **told}
        subjects.append(Told(case, case.device.owner.path, about))
    CaseEvent.rows.bulk_create(events)
    if subjects:
        record_all("case.undo", subjects, by)


def resume_clock(case: Case, *, of_same_sign: bool = False) -> None:
    """Let the clock of a locked case go on where it stood, if a list or a file of reports had told its
    relapse, was withdrawn or taken back, and counts again. The time between does not count. `of_same_sign`:
    only if both relapses were told by a sign of the same time."""
    told = case.events.exclude(act__in=_NOBODYS).order_by("-at", "-pk")[:3]
    if [event.act for event in told] != [Act.RELAPSE, Act.UNDO, Act.RELAPSE]:
        return
    again, undo, first = told
    if of_same_sign and again.data.get("seen") != first.data.get("seen"):
        return
    if (began := parse_datetime(undo.data.get(CLOCK) or "")) is not None:
        case.clock_at = began + (again.at - undo.at)
        case.save(update_fields=["clock_at"])
