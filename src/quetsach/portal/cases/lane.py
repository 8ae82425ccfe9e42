"""The lane of handling in the picture of a case: the acts of people and of logs, each with its day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from quetsach.portal.cases.joining import NO_WORK
from quetsach.portal.cases.models import Case, CaseEvent
from quetsach.portal.cases.rules import BACK, OPEN, Act, State
from quetsach.portal.cases.timeline import Mark

HANDLED, CLEAN = gettext_lazy("handled %(day)s"), gettext_lazy("clean %(day)s")
LABELS: dict[str, str | Promise] = {
    Act.START: gettext_lazy("being handled since %(day)s"),
    Act.CLAIM: HANDLED,
    Act.RECHECK: gettext_lazy("checked again %(day)s"),
    Act.VERIFY: CLEAN,
    Act.CONFIRM: gettext_lazy("confirmed clean %(day)s"),
    Act.RELAPSE: gettext_lazy("signs again %(day)s"),
    Act.SEEN_AGAIN: gettext_lazy("seen again %(day)s"),
    Act.ASSIGN: gettext_lazy("moved to another unit %(day)s"),
    Act.NOT_OURS: gettext_lazy("passed up %(day)s"),
    Act.REOPEN: gettext_lazy("opened again %(day)s"),
    **dict.fromkeys(
        (Act.DISMISS, Act.WITHDRAW, Act.RETRACT), gettext_lazy("closed as a false alarm %(day)s")
    ),
}
"""The acts that the lane shows."""
_PROOFS = (Act.RECHECK, Act.VERIFY, Act.CONFIRM)
_CLOSED = (Act.DISMISS, Act.WITHDRAW, Act.RETRACT)


@dataclass
class _Step:
    act: str
    at: datetime


def marks(
    case: Case, events: Iterable[CaseEvent], former: Iterable[CaseEvent], before: Sequence[Case]
) -> list[Mark]:
    """The marks of a case. `events` are its own, in their order; `former` those of machines that turned out
    to be this one; `before` are the earlier episodes of the same malware on the machine."""
    found = [mark for one in before for mark in _of_episode(one)]
    led: dict[UUID, list[CaseEvent]] = defaultdict(list)
    for event in former:
        led[event.case_id].append(event)
    steps = [step for its in led.values() for step in _steps(its) if step.act == Act.CLAIM]
    own = _steps(events)
    claims = [step for step in own if step.act == Act.CLAIM]
    if case.claimed_at is not None and claims:
        claims[-1].at = case.claimed_at
    elif case.claimed_at is not None:  # the claim was made on a machine that turned out to be this one
        own.append(_Step(Act.CLAIM, case.claimed_at))
    found += [
        Mark(step.at, str(LABELS[step.act]) % {"day": _day(step.at)}, step.act == Act.CLAIM)
        for step in (*steps, *own)
    ]
    return list(dict.fromkeys(found))


def _of_episode(case: Case) -> Iterable[Mark]:
    """An earlier episode: its claim, and how long it was quiet afterwards."""
    if case.claimed_at is not None:
        yield Mark(case.claimed_at, str(HANDLED) % {"day": _day(case.claimed_at)}, True)
    if case.state == State.VERIFIED_CLEAN and (until := case.quiet_until or case.verified_at) is not None:
        yield Mark(until, str(CLEAN) % {"day": _day(until)})


def _steps(events: Iterable[CaseEvent]) -> list[_Step]:
    """The acts that count: none that was taken back, no proof that holds no longer, no beginning of work that
    is over."""
    found: list[_Step] = []
    before: list[_Step] = []
    relapsed: list[_Step] = []
    for event in events:
        if event.act == Act.UNDO:  # of the event before, or of the last relapse
            found = list(relapsed if event.data.get("act") == Act.RELAPSE else before)
            continue
        if event.act not in NO_WORK:
            before = list(found)
        if event.act == Act.RELAPSE:
            relapsed = before
        # An event tells the time of the claim that it ends: that of the handling, not of the report.
        told = event.data.get("claimed_at") or event.data.get("before", {}).get("claimed_at")
        claims = [step for step in found if step.act == Act.CLAIM]
        if claims and (at := _moment(told)) is not None:
            claims[-1].at = at
        if event.act == Act.CLAIM or event.to_state in OPEN:
            found = [step for step in found if step.act not in _PROOFS]
        if event.from_state == State.FALSE_POSITIVE:
            found = [step for step in found if step.act not in _CLOSED]
        if event.act == Act.CLAIM:
            found = [step for step in found if step.act != Act.START]
        if event.act in (Act.VERIFY, Act.CONFIRM):
            found = [step for step in found if step.act != Act.RECHECK]
        if event.act in LABELS:
            found.append(_Step(event.act, _at(event)))
    return found


def _at(event: CaseEvent) -> datetime:
    """When it happened, which may be long before it was written down."""
    key = {Act.CLAIM: "done_at", **dict.fromkeys(BACK, "seen")}.get(Act(event.act), "until")
    return _moment(event.data.get(key)) or event.at


def _moment(text: object) -> datetime | None:
    return parse_datetime(text) if isinstance(text, str) and text else None


def _day(at: datetime) -> str:
    return f"{timezone.localtime(at):%d/%m}"
