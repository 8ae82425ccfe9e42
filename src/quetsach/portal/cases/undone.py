"""Which events of a case hold: an act that was taken back has not happened."""

from __future__ import annotations

from collections.abc import Iterable

from quetsach.portal.cases.models import CaseEvent
from quetsach.portal.cases.rules import BACK, MOVES_AWAY, Act, Note

_WORK = (Act.START, Act.CLAIM)


def that_hold(events: Iterable[CaseEvent]) -> list[CaseEvent]:
    """The events without those that were taken back. `events` are all of one case, in their order."""
    story: list[CaseEvent] = []
    for event in events:
        if event.act != Act.UNDO:
            story.append(event)
        while event.act == Act.UNDO and story and story.pop().act != event.data.get("act"):
            pass
    return story


def work_that_holds(events: Iterable[CaseEvent]) -> list[CaseEvent]:
    """The beginnings of work on the machine, and the claims. A reopening takes back the work since the last
    sign that came back. Work that was only begun ends where the machine goes to another unit, or turns out to
    be another one."""
    found: list[CaseEvent] = []
    for event in that_hold(events):
        if event.act in (*_WORK, *BACK):
            found.append(event)
        ends = _WORK if event.act == Act.REOPEN else _WORK[:1]
        if event.act == Act.REOPEN or event.act == Note.MISTAKEN or event.act in MOVES_AWAY:
            while found and found[-1].act in ends:
                found.pop()
    return [event for event in found if event.act in _WORK]
