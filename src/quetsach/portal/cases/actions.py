"""People's acts on machines and cases: one verb each, with its transaction and its audit entry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.errors import PortalError
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.cases.models import Case, CaseEvent
from quetsach.portal.cases.rules import TRANSITIONS, Act, State, allows
from quetsach.portal.sightings.models import Coverage


class CaseError(PortalError):
    """The act does not fit the case's present state; the text is for the person."""


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
) -> CaseEvent:
    """Move a locked case; write its event and the audit entry. The caller saves its own other changes.

    Raises:
        CaseError: someone else has moved the case in between.
    """
    before = State(case.state)
    if not allows(before, act):
        raise CaseError(_("The case has changed in the meantime. Look at it again before you go on."))
    case.state = TRANSITIONS[before, act].value
    case.false_alarm_of = None
    event = CaseEvent(
        case=case, at=at or timezone.now(), act=act.value, from_state=before.value, to_state=case.state,
        by=by, reason=reason, data=data or {}, coverage=coverage,
    )  # fmt: skip
    event.save(force_insert=True)
    case.save()
    record(
        by,
        f"case.{act.value}",
        unit_path=case.device.owner.path,
        about=case,
        data={
            "device": case.device.key,
            "from": before.value,
            "to": case.state,
            "reason": reason,
            **(data or {}),
        },
        ip=ip,
    )
    return event


def _of(batch: str) -> dict[str, Any]:
    return {"batch": batch} if batch else {}


def _locked(case: Case) -> Case:
    return (
        Case.rows.select_for_update(of=("self",), no_key=True).select_related("device__owner").get(pk=case.pk)
    )


@transaction.atomic
def start_cleaning(case: Case, actor: User, ip: str | None = None, batch: str = "") -> Case:
    """Record that somebody works on the machine. `batch` names the acts that are taken back together."""
    case = _locked(case)
    if case.state != State.CLEANING:
        move(case, Act.START, by=actor, data=_of(batch), ip=ip)
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
    ip: str | None = None,
    batch: str = "",
) -> Case:
    """Record that the machine was cleaned at `done_at` by event time: later signs count against the claim.

    `steps` are the advised steps that were done, by their number; `others` says whether the machine was
    looked at for other malware too, None where the person did not say; `proof` names the report or file.

    Raises:
        CaseError: the case cannot be claimed now, or the logs already show a sign after `done_at`.
    """
    case = _locked(case)
    now = timezone.now()
    if done_at > now:
        raise CaseError(_("The time of handling lies in the future."))
    if case.last_seen is not None and done_at < case.last_seen <= now:
        raise CaseError(
            _("There is a sign later than that time. Handle the machine again, or correct the time.")
        )
    case.claimed_at, case.verified_at, case.quiet_until, case.confirmed_by = done_at, None, None, None
    told = {"done": done, "tool": tool, "steps": list(steps), "others": others, "proof": proof}
    data = {key: value for key, value in told.items() if value not in ("", [], None)}
    move(case, Act.CLAIM, by=actor, reason=note, data=data | _of(batch), ip=ip)
    return case


@transaction.atomic
def confirm_clean(case: Case, actor: User, reason: str, ip: str | None = None) -> Case:
    """A person with authority declares the machine clean; pages show this apart from proof by logs."""
    case = _locked(case)
    now = timezone.now()
    case.verified_at, case.quiet_until, case.confirmed_by = now, now, actor
    move(case, Act.CONFIRM, by=actor, reason=reason, ip=ip)
    return case


@transaction.atomic
def dismiss(case: Case, actor: User, reason: str, ip: str | None = None, batch: str = "") -> Case:
    """Mark the case as a false alarm. Evidence of another indicator opens the case again."""
    case = _locked(case)
    move(case, Act.DISMISS, by=actor, reason=reason, data=_of(batch), ip=ip)
    return case


@transaction.atomic
def reopen(case: Case, actor: User, reason: str, ip: str | None = None) -> Case:
    """Take back a claim, a confirmation or a dismissal. Only the current episode can be opened again."""
    case = _locked(case)
    if not case.is_current:
        raise CaseError(_("A later case of this machine is open: continue there."))
    case.claimed_at, case.verified_at, case.quiet_until, case.confirmed_by = None, None, None, None
    move(case, Act.REOPEN, by=actor, reason=reason, ip=ip)
    return case
