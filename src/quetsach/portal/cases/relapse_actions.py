"""A sign after the handling takes the claim away; where it was none, the case gets its claim back. So does a
false alarm that other evidence opened again."""

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
from quetsach.portal.cases.actions import follow_falseness, move, unclaim
from quetsach.portal.cases.models import Case, CaseEvent
from quetsach.portal.cases.relapses import BEFORE, IDLE
from quetsach.portal.cases.rules import Act

CLOCK = "clock_at"
"""In the data of an event that undoes a relapse: when the clocks had begun."""
_OPENING = ([Act.RELAPSE], [Act.EVIDENCE])
_NOBODYS = (Act.WITHDRAW, Act.RETRACT, Act.RETURN, *IDLE)
"""Acts that follow from lists, files of reports or the calendar, besides the relapse itself, or that are no
work on the machine."""


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


def undo_signs(
    cases: Iterable[Case],
    returns: Mapping[UUID, CaseEvent],
    *,
    by: User | None,
    reason: str,
    data: dict[str, Any],
) -> None:
    """Give locked cases what they were before a sign that counts no more: state, claim, proof and clocks.
    `returns` are the relapses, and the events that opened false alarms again, by case. They stay in the
    story, and one more event tells that they count no more."""
    now = timezone.now()
    events, subjects = [], []
    cases = list(cases)
    clocks = {case.pk: case.clock_at for case in cases}
    for case in cases:
        if (event := returns.get(case.pk)) is None:
            continue
        state = case.state
        case.state = event.from_state
        if event.act == Act.RELAPSE:
            case.relapses = max(0, case.relapses - 1)
        keeping.restore(case, event.data[BEFORE])
        case.save()
        event.data[CaseEvent.UNDONE] = True
        event.save(update_fields=["data"])
        follow_falseness(case, state, Act.UNDO)
        told = {"act": event.act, **data}
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
    """Let the clock of a locked case go on where it stood, if a list or a file of reports had opened it, was
    withdrawn or taken back, and counts again. The time between does not count. `of_same_sign`: only if a sign
    of the same time or name told it both times."""
    told = case.events.exclude(act__in=_NOBODYS).order_by("-at", "-pk")[:3]
    acts = [event.act for event in told]
    if acts[:1] not in _OPENING or acts != [acts[0], Act.UNDO, acts[0]]:
        return
    again, undo, first = told
    if of_same_sign and any(again.data.get(name) != first.data.get(name) for name in ("seen", "indicator")):
        return
    if (began := parse_datetime(undo.data.get(CLOCK) or "")) is not None:
        case.clock_at = began + (again.at - undo.at)
        case.save(update_fields=["clock_at"])
