"""Acts on many cases at once, each with its own event and audit entry, and the way back from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.cases.actions import CaseError, claim_clean, dismiss, start_cleaning
from quetsach.portal.cases.models import Case, CaseEvent
from quetsach.portal.cases.rules import Act
from quetsach.portal.cases.words import DONE

START, FALSE_ALARM = "start", "false"
CHOICES = (START, *DONE, FALSE_ALARM)
UNDO_WITHIN = timedelta(hours=24)
_TAKEN_BACK = (Act.START, Act.CLAIM, Act.DISMISS)


@dataclass
class Outcome:
    """`done` cases were acted on; `refused` with the reason of each."""

    batch: str
    done: list[Case] = field(default_factory=list)
    refused: list[tuple[Case, str]] = field(default_factory=list)


def act_on(
    chosen: Sequence[tuple[Case, str]],
    actor: User,
    *,
    done_at: datetime,
    tool: str = "",
    reason: str = "",
    ip: str | None = None,
) -> Outcome:
    """Do to each case what was chosen for it (`CHOICES`). A case that refuses does not stop the others.

    `done_at`, `tool` and `reason` are the same for all.
    """
    outcome = Outcome(uuid4().hex)
    for case, choice in chosen:
        try:
            _act(case, choice, actor, outcome.batch, done_at, tool, reason, ip)
        except CaseError as error:
            outcome.refused.append((case, str(error)))
        else:
            outcome.done.append(case)
    return outcome


def _act(
    case: Case,
    choice: str,
    actor: User,
    batch: str,
    done_at: datetime,
    tool: str,
    reason: str,
    ip: str | None,
) -> None:
    if choice == START:
        start_cleaning(case, actor, ip, batch)
    elif choice == FALSE_ALARM:
        dismiss(case, actor, reason, ip, batch)
    else:
        claim_clean(case, actor, done=choice, done_at=done_at, tool=tool, note=reason, ip=ip, batch=batch)


@transaction.atomic
def take_back(batch: str, actor: User, ip: str | None = None) -> Outcome:
    """Take back the acts of a batch: own ones of the last day, of cases to which nothing has happened since.

    The events stay in the history; each case gets one more, and the state before the act.
    """
    outcome = Outcome(batch)
    for event in _events(batch, actor):
        case = (
            Case.rows.select_for_update(of=("self",), no_key=True)
            .select_related("device__owner")
            .get(pk=event.case_id)
        )
        last = case.events.order_by("-at", "-pk").first()
        if last is None or last.pk != event.pk or not case.is_current:
            outcome.refused.append((case, _("Something has happened to the case since.")))
            continue
        before = case.state
        case.state = event.from_state
        if event.act == Act.CLAIM:
            case.claimed_at = None
        case.save()
        told = {"batch": batch, "act": event.act}
        CaseEvent.rows.create(
            case=case, at=timezone.now(), act=Act.UNDO.value, from_state=before, to_state=case.state,
            by=actor, data=told,
        )  # fmt: skip
        record(
            actor, "case.undo", unit_path=case.device.owner.path, about=case,
            data={"device": case.device.key, "from": before, "to": case.state, **told}, ip=ip,
        )  # fmt: skip
        outcome.done.append(case)
    return outcome


def _events(batch: str, actor: User) -> list[CaseEvent]:
    since = timezone.now() - UNDO_WITHIN
    acts = [act.value for act in _TAKEN_BACK]
    rows = CaseEvent.rows.filter(by=actor, at__gte=since, act__in=acts, data__batch=batch)
    return list(rows.order_by("pk"))
