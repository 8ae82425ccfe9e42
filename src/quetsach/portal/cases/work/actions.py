"""Acts on many cases at once, each with its own event and audit entry, and the way back from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.actions import (
    CaseError,
    claim_clean,
    held,
    refuse_without_right,
    start_cleaning,
)
from quetsach.portal.cases.false_alarms.actions import propose
from quetsach.portal.cases.merging_actions import unsay
from quetsach.portal.cases.models import Case, CaseEvent, FalseAlarm
from quetsach.portal.cases.noting_actions import acknowledge
from quetsach.portal.cases.rules import NEEDS_ASSET, Act, State
from quetsach.portal.cases.undoing_actions import (
    TAKEN_BACK,
    UNDO_WITHIN,
    last_said,
    may_take_back,
    undo,
)
from quetsach.portal.cases.words import ACTS, DONE
from quetsach.portal.units.models import subtree
from quetsach.portal.units.roles import Verb, may

SEEN, START, FALSE_ALARM = "seen", "start", "false"
CHOICES = (SEEN, START, *(done for done in DONE if done not in NEEDS_ASSET), FALSE_ALARM)
"""What can be chosen for a row. What needs a word for each machine is said on the page of its case."""

MOST_TOGETHER = 100
"""The choices that one save carries out; the browser keeps the others, and the page says so."""


@dataclass
class Outcome:
    """`done` cases were acted on, `proposed` of them as false alarms; `same` ones stood so already; `refused`
    with the reason of each."""

    batch: str
    done: list[Case] = field(default_factory=list)
    same: list[Case] = field(default_factory=list)
    refused: list[tuple[Case, str]] = field(default_factory=list)
    proposed: int = 0


def act_on(
    chosen: Sequence[tuple[Case, str]],
    actor: User,
    *,
    done_at: datetime,
    tool: str = "",
    note: str = "",
    reasons: Mapping[UUID, str] | None = None,
    ip: str | None = None,
) -> Outcome:
    """Do to each case what was chosen for it (`CHOICES`). A case that refuses does not stop the others.

    `done_at`, `tool` and `note` are the same for all that were handled; `reasons` says of each false alarm
    why it is one.
    """
    outcome = Outcome(uuid4().hex)
    for case, choice in chosen:
        if _stands_so(case, choice):
            outcome.same.append(case)
            continue
        try:
            if choice == FALSE_ALARM:
                why = (reasons or {})[case.pk]
                propose(case, actor, FalseAlarm.Scope.CASE, why, ip=ip, batch=outcome.batch)
                outcome.proposed += 1
            else:
                _act(case, choice, actor, outcome.batch, done_at, tool, note, ip)
        except CaseError as error:
            outcome.refused.append((case, str(error)))
        else:
            outcome.done.append(case)
    return outcome


def _stands_so(case: Case, choice: str) -> bool:
    """Whether the choice says only what the case says already."""
    is_known = case.acknowledged_at is not None
    return (choice == SEEN and is_known) or (choice == START and case.state == State.CLEANING)


def _act(
    case: Case,
    choice: str,
    actor: User,
    batch: str,
    done_at: datetime,
    tool: str,
    note: str,
    ip: str | None,
) -> None:
    if choice == SEEN:
        acknowledge(case, actor, ip, batch)
    elif choice == START:
        start_cleaning(case, actor, ip, batch)
    else:
        claim_clean(case, actor, done=choice, done_at=done_at, tool=tool, note=note, ip=ip, batch=batch)


@transaction.atomic
def take_back(batch: str, node: CampaignNode, actor: User, ip: str | None = None) -> Outcome:
    """Take back the acts of a batch: own ones of the last day, of cases of the node and of those below it to
    which nothing has happened since. That a file told that machines are one is nothing that happened to them.

    The events stay in the history; each case gets one more, and the state before the act.
    """
    outcome = Outcome(batch)
    for event in saved_by(actor, node, timezone.now()).filter(data__batch=batch).order_by("pk"):
        case = held(event.case_id)
        last = last_said(case)
        if last is not None and last.act == Act.UNDO and last.data.get("batch") == batch:
            continue  # a second click
        try:
            refuse_without_right(case.device, actor)
        except CaseError as error:
            outcome.refused.append((case, str(error)))
            continue
        if last is None or last.pk != event.pk or not may_take_back(case, event, actor):
            outcome.refused.append((case, _why_it_stays(last)))
        elif unsay(case, lambda one, event=event: undo(one, event, actor, ip)):  # type: ignore[misc]
            outcome.done.append(case)
        else:
            assert case.merged_into is not None
            outcome.refused.append((case, _why_it_stays_there(case.merged_into, actor)))
    return outcome


def _why_it_stays_there(into: Case, actor: User) -> str:
    """Why a case stays that leads to another machine; the person may not read of a machine elsewhere."""
    if not may(actor, Verb.READ, into.device.owner.path):
        return _("something has happened to it since")
    return f"{into.device.key}: {_why_it_stays(last_said(into))}"


def _why_it_stays(last: CaseEvent | None) -> str:
    """The event since then, with its author."""
    told = ACTS.get(last.act, "") if last is not None else ""
    if last is None or not told:
        return _("something has happened to it since")
    who = str(last.by) if last.by is not None else f"{timezone.localtime(last.at):%d/%m/%Y %H:%M}"
    return f"{told} ({who})"


def saved_by(actor: User, node: CampaignNode, now: datetime) -> QuerySet[CaseEvent]:
    """The acts of the last day that a person saved on the work list of the node or of one below it."""
    acts = [act.value for act in TAKEN_BACK]
    rows = CaseEvent.rows.filter(
        by=actor, at__gte=now - UNDO_WITHIN, act__in=acts, data__has_key="batch",
        case__device__campaign=node.campaign_id,
    )  # fmt: skip
    return rows.filter(subtree(node.path, "case__device__owner__path"))
