"""Evidence that comes to a case on which nobody works: after its handling, or after it was closed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from quetsach.portal.cases import keeping
from quetsach.portal.cases.actions import held, move, unclaim
from quetsach.portal.cases.episodes import (
    CLOSED_AT,
    CLOSED_FROM,
    closed_by_nobody,
    goes_on,
    same_file,
    set_aside,
)
from quetsach.portal.cases.models import Case
from quetsach.portal.cases.relapse_actions import relapse, resume_clock
from quetsach.portal.cases.rules import Act, Arrival, State, arrive
from quetsach.portal.cases.withdrawing.actions import as_they_were


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
    closed = closed_by_nobody(Case.rows.filter(pk=case.pk)).first()
    if closed is None:
        before = keeping.kept(case)
        unclaim(case)
        move(case, Act.EVIDENCE, data={"indicator": sign, **(told or {})}, before=before)
        if told:
            resume_clock(case, of_same_sign=True)
        return
    _return(case, closed, sign, told)
    if arrive(State(case.state), case.claimed_at, case.quiet_until, seen, True) is Arrival.RELAPSE:
        relapse(case, back_at or seen, told)


def go_on(case: Case, sign: str, seen: datetime | None, told: Mapping[str, str] | None = None) -> Case | None:
    """A sign came after the proof of a locked case. Did only a withdrawn list, or a file of reports that was
    taken back, close a later episode? If it was handled after that sign, it goes on with its claim; if nobody
    handled it and the same file tells it again, with its clocks. None where a new episode begins."""
    later = set_aside([case.device_id])[case.device_id, case.family]
    closed = goes_on(case, seen, later, same_file(told["victims"]) if told and later else ())
    if closed is None:
        return None
    again = held(closed.pk)
    _return(again, closed, sign, told)
    case.is_current = False
    return again


def _return(case: Case, closed: Case, sign: str, told: Mapping[str, str] | None) -> None:
    """The case as it was when it was closed; `closed` is the same, from `closed_by_nobody`."""
    before = getattr(closed, CLOSED_FROM), getattr(closed, CLOSED_AT)
    as_they_were([case], [before], {"sign": sign, **(told or {})})
