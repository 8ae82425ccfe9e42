"""Takes back what a person did last to a case, while nothing has happened to it since."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.cases import keeping
from quetsach.portal.cases.actions import CaseError, follow_falseness, locked, of_batch, unclaim
from quetsach.portal.cases.joining import NO_WORK
from quetsach.portal.cases.merging_actions import unsay
from quetsach.portal.cases.models import Case, CaseEvent, FalseAlarm
from quetsach.portal.cases.returning_actions import take_signs_since
from quetsach.portal.cases.rules import Act, Note, State
from quetsach.portal.cases.succession_actions import take_back_replaced

UNDO_WITHIN = timedelta(hours=24)
TAKEN_BACK = (Act.START, Act.CLAIM, Act.CONFIRM, Act.REOPEN, *(one for one in Note if one not in
              (Note.OVERDUE, Note.REFUSE, Note.END)))  # fmt: skip
"""Acts that their author may take back while nothing has happened since."""


def last_said(case: Case) -> CaseEvent | None:
    """The last event of a case that somebody, or a log, brought about."""
    return case.events.exclude(act__in=NO_WORK).order_by("-at", "-pk").first()


def may_take_back(case: Case, last: CaseEvent | None, actor: User) -> bool:
    """Whether a person may take back what happened last to the case. Of a case that leads to another one,
    too: there it is as if nothing had been said."""
    if last is None or last.by_id != actor.pk or last.at < timezone.now() - UNDO_WITHIN:
        return False
    return last.act in TAKEN_BACK and (case.is_current or case.merged_into_id is not None)


@transaction.atomic
def take_back_last(case: Case, actor: User, ip: str | None = None) -> Case:
    """Take back what the person did last to the case.

    Raises:
        CaseError: something has happened since, or it was another person.
    """
    case = locked(case, actor)
    event = last_said(case)
    if event is None or not may_take_back(case, event, actor):
        raise CaseError(_("Something has happened to the case since."))
    unsay(case, lambda one: undo(one, event, actor, ip))
    return case


def undo(case: Case, event: CaseEvent, actor: User, ip: str | None = None, reason: str = "") -> None:
    """Give a locked case the state before its last event. The event stays, and one more tells the undoing,
    with the reason where one was asked for. Signs that came since have their effect on that state."""
    state = case.state
    case.state = event.from_state or case.state
    keeping.restore(case, event.data.get("before", {}))
    if event.act == Act.CLAIM and "before" not in event.data:
        unclaim(case)  # an event of an older version
    case.device.save(update_fields=list(keeping.OF_DEVICE))
    case.save()
    follow_falseness(case, state, Act.UNDO)
    if event.act == Act.REOPEN and case.state == State.FALSE_POSITIVE:
        _hold_again(case, event)
    if decision := event.data.get("decision"):
        take_back_replaced(decision, case, actor, ip)
    if event.act == Note.PROPOSE:
        waiting = FalseAlarm.rows.filter(case=case, decided_at=None, ended_at=None)
        waiting.update(ended_at=timezone.now(), ended_by=actor)
    told = {"act": event.act} | of_batch(event.data.get("batch", ""))
    CaseEvent.rows.create(
        case=case, at=timezone.now(), act=Act.UNDO.value, from_state=state, to_state=case.state, by=actor,
        reason=reason, data=told,
    )  # fmt: skip
    told_of = {"device": case.device.key, "from": state, "to": case.state, "reason": reason, **told}
    record(actor, "case.undo", unit_path=case.device.owner.path, about=case, data=told_of, ip=ip)
    take_signs_since(case, event)


def _hold_again(case: Case, reopening: CaseEvent) -> None:
    """The false alarms that a reopening ended hold again, as they were agreed to."""
    ended = FalseAlarm.rows.filter(
        case=case, is_agreed=True, ended_by=reopening.by_id, ended_at__gte=reopening.at
    )
    ended.exclude(scope_of=FalseAlarm.Scope.EVERYWHERE).update(ended_at=None, ended_by=None, ended_why="")
