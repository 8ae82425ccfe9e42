"""People's acts on machines and cases: one verb each, with its transaction and its audit entry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.errors import PortalError
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import Told, record, record_all
from quetsach.portal.cases import keeping, rules
from quetsach.portal.cases.episode_actions import follow
from quetsach.portal.cases.episodes import may_return
from quetsach.portal.cases.models import Case, CaseEvent, Device, FalseAlarm
from quetsach.portal.cases.rules import NOTES, TRANSITIONS, Act, Note, State, allows
from quetsach.portal.cases.several import NOT_YET, is_unfound
from quetsach.portal.cases.succession_actions import say_replaced
from quetsach.portal.kit.inserting import create, rewrite
from quetsach.portal.sightings.models import Coverage
from quetsach.portal.units.models import SEGMENT, Membership
from quetsach.portal.units.roles import Verb, may

_MOVED = ("state", *(name.removesuffix("_id") for name in keeping.OF_CASE))
"""The fields of a case that a move may change."""


class CaseError(PortalError):
    """The act does not fit the case's present state; the text is for the person."""


def refuse_unfound(case: Case) -> None:
    """Nobody handles an address of several machines.

    Raises:
        CaseError: the address stands for several machines, and nobody has found the machine yet.
    """
    if is_unfound(case):
        raise CaseError(str(NOT_YET))


def refuse_without_right(device: Device, actor: User, verb: Verb = Verb.WORK_CASE) -> None:
    """Ask the right again on the row as it is under the lock: between the page and the lock the machine may
    have gone to another unit, or the role may have ended.

    Raises:
        CaseError: the person may not do `verb` for the unit that has the machine now.
    """
    if not may(actor, verb, device.owner.path):
        raise CaseError(_("The machine is with another unit now, or your role there has ended."))


def move(
    case: Case,
    act: Act,
    *,
    by: User | None = None,
    at: datetime | None = None,
    reason: str = "",
    data: dict[str, Any] | None = None,
    coverage: Coverage | None = None,
    ip: str | None = None,
    before: dict[str, Any] | None = None,
) -> CaseEvent:
    """Move a locked case; write its event and the audit entry. The caller saves its own other changes.
    `before` is what the case was (`keeping.kept`), where the caller has changed it already.

    Raises:
        CaseError: someone else has moved the case in between.
    """
    before = before or keeping.kept(case)
    at = at or timezone.now()
    was = _turn(case, act, by, at)
    data = data or {}
    return _write(_event(case, act, was, before, by, at, reason, data, coverage), data, ip)


def move_all(moves: Sequence[tuple[Case, Act, dict[str, Any], Coverage | None]]) -> None:
    """Move locked cases as `move` does without a person, each with its data and its coverage. Events, cases
    and audit entries are written together: one by one, thousands take too long.

    Raises:
        CaseError: someone else has moved one of the cases in between.
    """
    at, events = timezone.now(), []
    told: dict[Act, list[Told]] = {}
    for case, act, data, coverage in moves:
        before = keeping.kept(case)
        was = _turn(case, act, None, at)
        events.append(_event(case, act, was, before, None, at, "", data, coverage))
        told.setdefault(act, []).append(_told(events[-1], data))
    create(events)
    rewrite([case for case, *_said in moves], _MOVED)
    for event in events:
        follow_falseness(event.case, event.from_state, event.act)
    for act, subjects in told.items():
        record_all(f"case.{act.value}", subjects)


def _turn(case: Case, act: Act, by: User | None, at: datetime) -> str:
    """Give the case the state after the act; the state before it.

    Raises:
        CaseError: the act is not possible in its state.
    """
    state = State(case.state)
    if not allows(state, act):
        raise CaseError(_("The case has changed in the meantime. Look at it again before you go on."))
    case.state = TRANSITIONS[state, act].value
    begins_anew = act in rules.RESTARTS and (
        act is not Act.REOPEN
        or rules.reopening_restarts(
            state,
            by_superior=by is not None and _is_above(by, case),
            by_list=case.false_alarm_of_id is not None,
        )
    )
    if begins_anew:
        case.clock_at = at
    case.false_alarm_of = None
    case.dismissed_at = at if act is Act.DISMISS else None
    return state.value


def note(
    case: Case,
    what: Note,
    *,
    by: User,
    reason: str = "",
    data: dict[str, Any] | None = None,
    ip: str | None = None,
    before: dict[str, Any] | None = None,
) -> CaseEvent:
    """Write something down about a locked case, which stays in its state; `rules.STOPS` end the work on it.

    Raises:
        CaseError: it cannot be noted in that state.
    """
    if State(case.state) not in NOTES[what]:
        raise CaseError(_("The case has changed in the meantime. Look at it again before you go on."))
    before, was = before or keeping.kept(case), case.state
    if what in rules.STOPS and was == State.CLEANING:
        case.state = State.ASSIGNED.value
    data = data or {}
    return _write(_event(case, what, was, before, by, timezone.now(), reason, data, None), data, ip)


def _write(event: CaseEvent, data: dict[str, Any], ip: str | None) -> CaseEvent:
    """Store the event, its case and the audit entry, which keeps `data`."""
    case = event.case
    event.save(force_insert=True)
    case.save()
    follow_falseness(case, event.from_state, event.act)
    told = _told(event, data)
    record(event.by, f"case.{event.act}", unit_path=told.unit_path, about=case, data=told.data, ip=ip)
    return event


def _event(
    case: Case,
    act: Act | Note,
    from_state: str,
    before: dict[str, Any],
    by: User | None,
    at: datetime,
    reason: str,
    data: dict[str, Any],
    coverage: Coverage | None,
) -> CaseEvent:
    """The event of an act, which is not stored yet; the clocks of the case follow the act."""
    _keep_clocks(case, act, by, at, stays_found=rules.STAYS_FOUND in data)
    told = dict(data)
    if (by is not None or act in (Act.RELAPSE, Act.EVIDENCE)) and (was := keeping.changed(before, case)):
        told["before"] = was
    return CaseEvent(
        case=case, at=at, act=act.value, from_state=from_state, to_state=case.state,
        by=by, reason=reason, data=told, coverage=coverage,
    )  # fmt: skip


def _told(event: CaseEvent, data: dict[str, Any]) -> Told:
    """What the audit trail keeps of an act."""
    device = event.case.device
    told = {"device": device.key, "from": event.from_state, "to": event.to_state, "reason": event.reason}
    return Told(event.case, device.owner.path, told | data)


def follow_falseness(case: Case, from_state: str, act: str) -> None:
    """The case became a false alarm, or is none any more: another episode may count now."""
    if (from_state == State.FALSE_POSITIVE) != (case.state == State.FALSE_POSITIVE):
        follow([case], act)


def _keep_clocks(case: Case, act: Act | Note, by: User | None, at: datetime, *, stays_found: bool) -> None:
    """What the act says of the unit's clocks, by the tables of `rules`."""
    if act in rules.RESTARTS:
        case.acknowledged_at = None if act in rules.FORGETS else case.acknowledged_at
        if act in rules.MOVES_AWAY and not stays_found:
            case.located_at = None
    if by is not None and act in rules.ACKNOWLEDGES:
        case.acknowledged_at = case.acknowledged_at or at
    if act in rules.LOCATES:
        case.located_at = case.located_at or at
    if act in rules.REACHES:
        case.tries, case.unreachable_at = 0, None
    if act is not Note.ASIDE and act not in rules.NOTES:
        case.aside_until = None  # the case moved: it is on the list again


def _is_above(person: User, case: Case) -> bool:
    """Whether the person acts for a unit above that of the machine."""
    path = case.device.owner.path
    above = [path[:end] for end in range(SEGMENT, len(path), SEGMENT)]
    return Membership.in_force.filter(user=person, unit__path__in=above).exists()


def unclaim(case: Case) -> None:
    """The claim of a case holds no longer, nor what was proven by it."""
    case.claimed_at, case.verified_at, case.quiet_until, case.confirmed_by = None, None, None, None
    case.done = ""


def of_batch(batch: str) -> dict[str, Any]:
    return {"batch": batch} if batch else {}


def held(pk: UUID) -> Case:
    """The case as it is now, for this transaction alone; with its machine.

    The machine is read after the lock: a database that waited for the lock may join rows as they were before.
    """
    case = Case.rows.select_for_update(of=("self",), no_key=True).get(pk=pk)
    case.device = Device.rows.select_related("owner__unit").get(pk=case.device_id)
    return case


def locked(
    case: Case, actor: User | None, verb: Verb = Verb.WORK_CASE, *, may_be_earlier: bool = False
) -> Case:
    """The case as `held` gives it, for an act that needs the right `verb`. A page may be older than what
    became known since. `actor` is None where the act follows from a decision about other cases.

    Raises:
        CaseError: the person may not do that for the unit of the machine any more; it goes on as that of
            another machine; or another episode counts now, unless the act is possible on an earlier one
            (`may_be_earlier`).
    """
    case = held(case.pk)
    if actor is not None:
        refuse_without_right(case.device, actor, verb)
    if case.merged_into is not None:
        machine = case.merged_into.device.key
        raise CaseError(_("This is the machine %(machine)s now. Record it there.") % {"machine": machine})
    if not (case.is_current or may_be_earlier):
        raise CaseError(_("Another case of this machine counts now. Record it there."))
    return case


@transaction.atomic
def start_cleaning(case: Case, actor: User, ip: str | None = None, batch: str = "") -> Case:
    """Record that somebody works on the machine. `batch` names the acts that are taken back together.

    Raises:
        CaseError: the address stands for several machines, and nobody has found the machine yet.
    """
    case = locked(case, actor)
    refuse_unfound(case)
    if case.state != State.CLEANING:
        move(case, Act.START, by=actor, data=of_batch(batch), ip=ip)
    return case


@transaction.atomic
def claim_clean(
    case: Case,
    actor: User,
    *,
    done: str,
    done_at: datetime,
    tool: str = "",
    note: str = "",
    steps: Sequence[str] = (),
    others: bool | None = None,
    proof: str = "",
    asset: str = "",
    lifts: bool = False,
    ip: str | None = None,
    batch: str = "",
) -> Case:
    """Record that the machine was cleaned at `done_at` by event time: later signs count against the claim.

    `steps` are the advised steps that were done, by their number; `others` says whether the machine was
    looked at for other malware too, None where the person did not say; `proof` names the report or file;
    `asset` the asset number, or the machine that replaced this one; `lifts`: it is on the network again.

    Raises:
        CaseError: the case cannot be claimed now, or the logs already show a sign after `done_at`; or the
            address stands for several machines, and nobody has found the machine yet.
    """
    case = locked(case, actor)
    refuse_unfound(case)
    now, before = timezone.now(), keeping.kept(case)
    if done_at > now:
        raise CaseError(_("The time of handling lies in the future."))
    if case.last_seen is not None and done_at < case.last_seen <= now:
        raise CaseError(
            _("There is a sign later than that time. Handle the machine again, or correct the time.")
        )
    if done in rules.NEEDS_ASSET and not asset:
        raise CaseError(
            _("Write the asset number or the name of the new machine. The page of the case has the field.")
        )
    if lifts and case.device.isolated_at is not None:
        case.device.isolated_at, case.device.released_at = None, now
        case.device.save(update_fields=["isolated_at", "released_at"])
    unclaim(case)
    case.claimed_at, case.done = done_at, done
    told = {
        "done": done, "done_at": done_at.isoformat(), "tool": tool, "steps": list(steps), "others": others,
        "proof": proof, "asset": asset,
        "lifts": lifts and "isolated_at" in keeping.changed(before, case),
        "decision": say_replaced(case, asset, actor, note, ip) if done == rules.REPLACE else "",
    }  # fmt: skip
    data = {key: value for key, value in told.items() if value not in ("", [], None, False)}
    if others is False:
        data["others"] = False
    move(case, Act.CLAIM, by=actor, reason=note, data=data | of_batch(batch), ip=ip, before=before)
    return case


@transaction.atomic
def confirm_clean(case: Case, actor: User, reason: str, ip: str | None = None) -> Case:
    """A person with authority declares the machine clean; pages show this apart from proof by logs."""
    case = locked(case, actor, Verb.CONFIRM_CASE)
    now, before = timezone.now(), keeping.kept(case)
    case.verified_at, case.quiet_until, case.confirmed_by = now, now, actor
    move(case, Act.CONFIRM, by=actor, reason=reason, ip=ip, before=before)
    return case


@transaction.atomic
def dismiss(
    case: Case,
    actor: User,
    reason: str,
    ip: str | None = None,
    batch: str = "",
    data: dict[str, Any] | None = None,
) -> Case:
    """Close the case as a false alarm, after a second person agreed (`false_alarms`). New evidence opens it
    again."""
    case = locked(case, None)
    move(case, Act.DISMISS, by=actor, reason=reason, data=(data or {}) | of_batch(batch), ip=ip)
    return case


@transaction.atomic
def reopen(case: Case, actor: User, reason: str, ip: str | None = None) -> Case:
    """Take back a claim, a confirmation or a false alarm. Only the current episode can be opened again, and a
    false alarm after which nothing has come."""
    case = locked(case, actor, may_be_earlier=True)
    if not Case.rows.filter(may_return(), pk=case.pk).exists():
        raise CaseError(_("A later case of this machine is open: continue there."))
    before, was = keeping.kept(case), case.state
    unclaim(case)
    move(case, Act.REOPEN, by=actor, reason=reason, ip=ip, before=before)
    if was == State.FALSE_POSITIVE:
        said = FalseAlarm.rows.filter(case=case, is_agreed=True, ended_at=None)
        own = said.exclude(scope_of=FalseAlarm.Scope.EVERYWHERE)
        own.update(ended_at=timezone.now(), ended_by=actor, ended_why=reason)
    return case
