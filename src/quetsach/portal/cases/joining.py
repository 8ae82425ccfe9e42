"""The state of cases that became one, and the state of a case by itself, before others were joined with it.

Acts stay where they were made. Where the evidence of a machine goes from name to name and back, because files
come and go, the latest word of a person or a proof counts, wherever it was said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Q

from quetsach.machines.proof.judging import GUARD
from quetsach.portal.cases.models import Alias, Case, CaseEvent, CaseSighting, Device
from quetsach.portal.cases.outside import PART
from quetsach.portal.cases.relapses import IDLE, PORTALS
from quetsach.portal.cases.rules import OPEN, RANK, UNSAID, Act, State

MERGE, MERGED = "merge", "merged"
"""Acts of events: other machines came to this one, it became another one."""
SAID, SAID_BEFORE = "said", "said_before"
"""In the data of an event by which a case took the state of another one, or has its own again: its
`last_word`; and that of the state of before."""
IS_BACK = "is_back"
"""In the data of `MERGE`: the evidence came back to the case."""
JOINS = (MERGE, MERGED, PART, UNSAID)
"""Acts of events on the cases of machines that became one, or several. They are no work on a case."""
NO_WORK = (*PORTALS, *JOINS)
"""Acts of events that keep nobody from taking back what was done before them."""
QUIET = ("open", "evidence", "assign", *NO_WORK)
"""Events after which nobody has worked on a case yet, and no log has proven anything."""
AT_ONCE = timedelta(seconds=5)
"""Notes so close to each other are of one judgement."""
_WORDS = tuple(act.value for act in Act if act is not Act.ASSIGN)
"""Moves that say how far the handling is. Another unit of a machine says nothing of that."""


class Joining(NamedTuple):
    """The case whose state the joined case has, and since when the clocks of both run, where both are open;
    else None."""

    state: Case
    clock_at: datetime | None = None


def joined(into: Case, case: Case, said: list[int], *, is_back: bool) -> Joining:
    """Whose state a case gets that another one is joined with: the least proven. A case that was opened only
    because the evidence got a name, and on which nobody has worked, has none of its own.

    `is_back`: the evidence comes back to a case that had led to the other one. Both are about the same
    machine, and what was said last counts. `said` is the `last_word` of the case that others are joined with.
    """
    if is_back:
        return Joining(case if last_word(case) > said else into)
    of_both = [case, into]
    if into.opened_at >= case.opened_at and not was_worked_on(into) and _is_renamed(into, case):
        of_both = [case, *Case.rows.filter(merged_into=into).exclude(pk=case.pk).select_related("device")]
    return _least_proven([one for one in of_both if not _is_history(one, of_both, into)] or of_both)


def was_worked_on(case: Case) -> bool:
    """Whether somebody has worked on a case, or a log has proven something."""
    return CaseEvent.rows.filter(case=case).exclude(act__in=QUIET).exists()


def own_before(case: Case) -> tuple[CaseEvent | None, list[tuple[Case, bool]]]:
    """The event that keeps what a case was before others were joined with it, and those that lead to it
    still, in their order, each with whether its evidence came back here. None where somebody has worked on it
    since: then its state is its own."""
    events = CaseEvent.rows.filter(case=case).order_by("pk")
    worked = events.exclude(act__in=QUIET).last()
    since = [one for one in events.filter(act=MERGE) if worked is None or one.pk > worked.pk]
    if not since:
        return None, []
    last = {one.data.get("case"): one for one in since}
    rows = Case.rows.filter(merged_into=case).select_related("device__owner")
    there = sorted((one for one in rows if str(one.pk) in last), key=lambda one: last[str(one.pk)].pk)
    return since[0], [(one, last[str(one.pk)].data.get(IS_BACK, False)) for one in there]


def is_handed_on(part: CaseEvent, joins: Iterable[CaseEvent]) -> bool:
    """Whether two cases parted only because the signs of both are those of the other one now: they were never
    two machines at once. `joins` are events by which cases became one."""

    def partner(event: CaseEvent) -> object:
        return event.data.get("to") or event.data.get("from")

    return any(
        part.case_id == one.case_id
        and partner(part) == partner(one)
        and timedelta() <= one.at - part.at < AT_ONCE
        for one in joins
    )


def is_told_by(case: Case, event: CaseEvent) -> bool:
    """Whether the event of another machine says that the case led there: the case's own event says so too."""
    return event.act == MERGE and event.case_id != case.pk and event.data.get("case") == str(case.pk)


def word_before_return(into: Case, case: Case) -> list[int]:
    """The `last_word` of a case when it came back from another one. Moves by signs since then were judged by
    its old claim: they are no word on later acts."""
    returned = CaseEvent.rows.filter(case=into, act=PART, data__case=str(case.pk)).order_by("-pk")
    return last_word(into, returned.values_list("pk", flat=True).first())


def last_word(case: Case, until: int | None = None) -> list[int]:
    """The word that the state of a case rests on, and the last that was said besides: when the case was
    moved, and when anything was noted. Both are keys of events, here or where the state was taken from."""
    moved = noted = 0
    events = CaseEvent.rows.filter(case=case).exclude(act__in=IDLE).order_by("-pk")
    if until is not None:
        events = events.filter(pk__lt=until)
    for pk, act, data in events.values_list("pk", "act", "data"):
        if not noted and act not in QUIET:
            noted = pk
        if act in _WORDS:
            return [pk, noted]
        if SAID in data:
            moved, before = data[SAID]
            return [moved, noted or before]
    return [moved, noted]


def _is_renamed(into: Case, case: Case) -> bool:
    """Whether all signs of the joined case are of machines that led to it: it has none of its own."""
    former = Q(device=case.device_id) | Q(device__cases__merged_into=into)
    names = set(Alias.rows.filter(former).values_list("reporter", "key"))
    signs = CaseSighting.rows.filter(case=into).order_by()
    return names.issuperset(signs.values_list("sighting__node", "sighting__device").distinct())


def _is_history(case: Case, others: Iterable[Case], into: Case) -> bool:
    """Whether a case adds only signs of before another one's claim. It was that of an address, and nobody has
    worked on it: had the machine been known at once, these signs would have been in the claimed case."""
    if case.device.id_kind not in Device.BY_ADDRESS or into.last_seen is None or was_worked_on(case):
        return False
    claims = [one.claimed_at for one in others if one.pk != case.pk and one.claimed_at is not None]
    return any(into.last_seen <= at + GUARD for at in claims)


def _least_proven(some: Sequence[Case]) -> Joining:
    """The least proven case. Among open ones it is that on which somebody works, with the earliest clock."""
    waiting = [one for one in some if one.state in OPEN]
    if State.CLEANING in {one.state for one in waiting}:
        busy = max(waiting, key=lambda one: (RANK[State(one.state)], _clock(one), one.pk))
        return Joining(busy, min(map(_clock, waiting)) if len(waiting) > 1 else None)
    return Joining(min(some, key=lambda one: (RANK[State(one.state)], -_stamp(one.claimed_at), one.pk)))


def _clock(case: Case) -> datetime:
    return case.clock_at or case.opened_at


def _stamp(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0
