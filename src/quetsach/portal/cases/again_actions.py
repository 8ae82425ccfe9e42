"""Evidence that comes to a case on which nobody works: after its handling, or after it was closed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from quetsach.portal.cases.actions import move, unclaim
from quetsach.portal.cases.models import Case, CaseEvent
from quetsach.portal.cases.relapse_actions import relapse
from quetsach.portal.cases.rules import Act, Arrival, State, arrive, returned
from quetsach.portal.cases.withdrawing.actions import move_many


def told_again(
    case: Case,
    sign: str,
    seen: datetime | None,
    back_at: datetime | None,
    told: Mapping[str, str] | None = None,
) -> None:
    """Other evidence came to a false alarm, the latest at `seen`, the earliest after the handling at
    `back_at`; `told` names the file of reports that said so. The caller has locked the case.

    Where only a withdrawn list, or a file of reports that was taken back, had closed it, nobody has said that
    it is a false alarm: it goes on as it was, with its claim, and a sign after that claim is a relapse.
    """
    closed = CaseEvent.rows.filter(case=case, to_state=State.FALSE_POSITIVE.value)
    last = closed.exclude(from_state=State.FALSE_POSITIVE.value).order_by("-at", "-pk").first()
    if last is None or last.act not in (Act.RETRACT, Act.WITHDRAW):
        unclaim(case)
        move(case, Act.EVIDENCE, data={"indicator": sign, **(told or {})})
        return
    move_many([case], Act.RETURN, [returned(last.from_state)], data={"sign": sign, **(told or {})})
    if arrive(State(case.state), case.claimed_at, case.quiet_until, seen, True) is Arrival.RELAPSE:
        relapse(case, back_at or seen, told)
