"""Acts on false alarms: said, agreed or not, taken back; and the cases that follow them."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.cases.actions import CaseError, dismiss, held, locked, note
from quetsach.portal.cases.episode_actions import FOLLOWED, RESUMED
from quetsach.portal.cases.episodes import may_return
from quetsach.portal.cases.false_alarms.covering import covered, touched_by
from quetsach.portal.cases.false_alarms.queries import (
    decider_of,
    has_right,
    holding,
    reported_signs,
)
from quetsach.portal.cases.models import Case, CaseEvent, FalseAlarm
from quetsach.portal.cases.queries import indicators_of
from quetsach.portal.cases.rules import FILE_BACK, TABLE_BACK, Act, Note, State, allows
from quetsach.portal.cases.undoing_actions import undo
from quetsach.portal.cases.undone import that_hold
from quetsach.portal.cases.withdrawing.queries import signs_of
from quetsach.portal.units.roles import places_of

MOST = 200
"""Indicators of one false alarm."""


@transaction.atomic
def propose(
    case: Case,
    actor: User,
    scope: str,
    reason: str,
    *,
    indicators: Collection[str] = (),
    ip: str | None = None,
    batch: str = "",
) -> FalseAlarm:
    """Say that the signs of a case have another reason. The case stays as it is until a second person agrees.

    `indicators` are those meant, all of the case where none is named.

    Raises:
        CaseError: it is said already, or the case has too many indicators; or it shall hold beyond a case
            that no log knows.
    """
    case = locked(case, actor)
    signs = signs_of(Case.rows.filter(pk=case.pk)).get(case.pk, set())
    if scope != FalseAlarm.Scope.CASE and signs.isdisjoint(indicators_of(case)):
        raise CaseError(_("No log shows an address of the case, so it can be said of this case alone."))
    if scope == FalseAlarm.Scope.EVERYWHERE:
        signs -= reported_signs(case)  # a kind of report says nothing of what other machines do
    meant = sorted(signs.intersection(indicators) if indicators else signs)
    if len(meant) > MOST:
        raise CaseError(_("The case has too many addresses. Ask the unit that publishes the list."))
    if case.false_alarms.filter(decided_at=None, ended_at=None).exists():
        raise CaseError(_("That is said already; a second person must agree."))
    decider = decider_of(case, scope, actor)
    alarm = FalseAlarm.rows.create(
        scope_of=scope, case=case, node=case.device.owner, decider=decider, indicators=meant, reason=reason,
        at=timezone.now(), by=actor, batch=batch,
    )  # fmt: skip
    data = {"false_alarm": str(alarm.pk), "scope": scope} | ({"batch": batch} if batch else {})
    note(case, Note.PROPOSE, by=actor, reason=reason, data=data, ip=ip)
    return alarm


@transaction.atomic
def agree(alarm: FalseAlarm, actor: User, reason: str = "", ip: str | None = None) -> int:
    """Agree, as the second person; returns how many cases were closed.

    Raises:
        CaseError: decided already; said by the same person; or other signs came since.
    """
    alarm = _decided(alarm, actor, True, reason)
    case = _with_right(alarm, actor)
    if alarm.scope_of == FalseAlarm.Scope.CASE:
        if signs_of(Case.rows.filter(pk=case.pk)).get(case.pk, set()) - set(alarm.indicators):
            raise CaseError(
                _("Other signs came since that was said. Do not agree, and look at the case again.")
            )
        if not case.is_current or not allows(State(case.state), Act.DISMISS):
            raise CaseError(_("The case has changed in the meantime. Look at it again before you go on."))
    _audit(alarm, "agree", actor, reason, ip)
    if alarm.scope_of == FalseAlarm.Scope.CASE:
        _close(case, alarm, actor, ip)
        return 1
    return close_covered(alarm.case.device.campaign, actor, ip)


@transaction.atomic
def refuse(alarm: FalseAlarm, actor: User, reason: str, ip: str | None = None) -> FalseAlarm:
    """Do not agree: the case goes on. Raises CaseError as `agree` does."""
    alarm = _decided(alarm, actor, False, reason)
    case = _with_right(alarm, actor)
    note(case, Note.REFUSE, by=actor, reason=reason, data={"false_alarm": str(alarm.pk)}, ip=ip)
    _audit(alarm, "refuse", actor, reason, ip)
    return alarm


@transaction.atomic
def take_back(alarm: FalseAlarm, actor: User, reason: str, ip: str | None = None) -> int:
    """End a false alarm that was agreed to: cases that it closed are as they were. Returns their number. The
    others that it was about, and that are open already, have it in their history.

    Raises:
        CaseError: it does not hold any more.
    """
    alarm = _locked(alarm)
    _with_right(alarm, actor)
    if alarm.ended_at is not None or not alarm.is_agreed:
        raise CaseError(_("It does not hold any more."))
    alarm.ended_at, alarm.ended_by, alarm.ended_why = timezone.now(), actor, reason
    alarm.save(update_fields=["ended_at", "ended_by", "ended_why"])
    _audit(alarm, "end", actor, reason, ip)
    events = CaseEvent.rows.filter(act=Act.DISMISS.value, data__false_alarm=str(alarm.pk))
    back, open_already = 0, {alarm.case_id}
    for event in events.select_related("case").order_by("pk"):
        case = held(event.case_id)
        last = _last_that_holds(case)
        may = Case.rows.filter(may_return(), pk=case.pk)
        if last is not None and last.pk == event.pk and may.exists():
            undo(case, event, actor, ip, reason)
            back += 1
            open_already.discard(case.pk)
        else:
            open_already.add(case.pk)
    for case in map(held, sorted(open_already)):
        if case.state != State.FALSE_POSITIVE:
            note(case, Note.END, by=actor, reason=reason, data={"false_alarm": str(alarm.pk)}, ip=ip)
    return back


def _last_that_holds(case: Case) -> CaseEvent | None:
    """What moved the case last. An act that was taken back has not happened, and that another episode counts
    instead moves nothing."""
    quiet = (Note.REFUSE, Note.END, RESUMED, FOLLOWED, FILE_BACK, TABLE_BACK)
    story = that_hold(case.events.exclude(act__in=quiet).order_by("at", "pk"))
    return story[-1] if story else None


@transaction.atomic
def close_covered(campaign: Campaign, actor: User | None = None, ip: str | None = None) -> int:
    """Close the open cases all of whose signs false alarms cover; their number. A case that a false alarm
    closed before, and that is open again, stays open."""
    found = holding(campaign)
    if not found.is_any:
        return 0
    closed = 0
    for case, by in covered(touched_by(campaign, found.names, found.devices), found):
        _close(case, by[-1], actor or by[-1].decided_by, ip)
        closed += 1
    return closed


def _close(case: Case, alarm: FalseAlarm, by: User | None, ip: str | None) -> None:
    assert by is not None
    data = {"false_alarm": str(alarm.pk), "said_by": alarm.by.get_full_name()}
    dismiss(case, by, alarm.reason, ip, data=data)


def _locked(alarm: FalseAlarm) -> FalseAlarm:
    rows = FalseAlarm.rows.select_for_update(of=("self",), no_key=True)
    return rows.select_related("case__device__campaign", "case__device__owner", "by", "decided_by").get(
        pk=alarm.pk
    )


def _with_right(alarm: FalseAlarm, actor: User) -> Case:
    """The case of the false alarm as `held` gives it; the right to decide is asked again on it.

    Raises:
        CaseError: the machine went to another unit meanwhile, or the role has ended.
    """
    case = held(alarm.case_id)
    alarm.case.device.owner = case.device.owner
    if not has_right(alarm, places_of(actor)):
        raise CaseError(_("The machine is with another unit now, or your role there has ended."))
    return case


def _decided(alarm: FalseAlarm, actor: User, is_agreed: bool, reason: str) -> FalseAlarm:
    alarm = _locked(alarm)
    if not alarm.is_waiting:
        raise CaseError(_("Somebody has decided that already, or it was taken back."))
    if alarm.by_id == actor.pk:
        raise CaseError(_("You said it yourself: a second person must decide."))
    alarm.is_agreed, alarm.decided_at, alarm.decided_by = is_agreed, timezone.now(), actor
    alarm.decided_why = reason
    alarm.save(update_fields=["is_agreed", "decided_at", "decided_by", "decided_why"])
    return alarm


def _audit(alarm: FalseAlarm, verb: str, actor: User, reason: str, ip: str | None) -> None:
    data = {"device": alarm.case.device.key, "scope": alarm.scope_of, "indicators": alarm.indicators[:20],
            "reason": reason}  # fmt: skip
    record(actor, f"false_alarm.{verb}", unit_path=alarm.node.path, about=alarm, data=data, ip=ip)
