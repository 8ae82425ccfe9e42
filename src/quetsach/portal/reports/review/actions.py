"""Acts on a sent report: pass up, withdraw, accept, return, amend, unlock."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.reports.actions import count
from quetsach.portal.reports.errors import ReportError, StaleReport
from quetsach.portal.reports.held_actions import (
    hold,
    must_be_running,
    must_be_unlocked,
    must_be_waiting,
    note,
    store,
)
from quetsach.portal.reports.locks import lock_of
from quetsach.portal.reports.models import Report, ReportEvent, ReportPolicy, Revision, UnlockGrant
from quetsach.text.typed import as_typed

State = Report.State
Type = ReportEvent.Type
MOST_REASON = 2000
LET_IN = timedelta(days=3)
"""How long a locked report stays open once its amendment is allowed."""


@transaction.atomic
def withdraw(actor: User, node: CampaignNode, number: int, *, ip: str | None = None) -> Report:
    """The unit takes revision `number` back before it is accepted, or its request to amend it.

    A second call changes nothing.
    """
    report = hold(node)
    if report.state == State.AMEND_ASKED:
        report.state = State.ACCEPTED
    else:
        must_be_unlocked(node, report)
        if report.state == State.DRAFT:
            return report
        must_be_waiting(report, number, State.SUBMITTED, State.IN_REVIEW)
        report.state = State.DRAFT
    return _done(report, node, actor, Type.WITHDRAW, "report.withdraw", ip)


@transaction.atomic
def pass_up(actor: User, node: CampaignNode, number: int, *, ip: str | None = None) -> Report:
    """The head of the unit hands revision `number` to the superior. A second call changes nothing."""
    report = hold(node)
    must_be_unlocked(node, report)
    if (
        report.state in {State.SUBMITTED, State.ACCEPTED}
        and report.current
        and report.current.number == number
    ):
        return report
    must_be_waiting(report, number, State.IN_REVIEW)
    assert report.current is not None
    report.current.submitted_at, report.current.due_at = timezone.now(), node.due_at
    report.current.save(update_fields=["submitted_at", "due_at"])
    is_final = node.parent_id is None
    report.state = State.ACCEPTED if is_final else State.SUBMITTED
    if is_final:
        count(report)
    report = _done(report, node, actor, Type.SUBMIT, "report.pass_up", ip)
    if is_final:
        note(report, Type.ACCEPT, actor)
    return report


@transaction.atomic
def accept(actor: User, node: CampaignNode, number: int, *, ip: str | None = None) -> Report:
    """Count revision `number` in the sum from now on. A second call changes nothing.

    Raises StaleReport if another revision waits than `number`.
    """
    report = hold(node)
    must_be_running(node)
    if report.state == State.ACCEPTED and report.accepted and report.accepted.number == number:
        return report
    must_be_waiting(report, number, State.SUBMITTED)
    report.state = State.ACCEPTED
    count(report)
    return _done(report, node, actor, Type.ACCEPT, "report.accept", ip)


@transaction.atomic
def send_back(
    actor: User,
    node: CampaignNode,
    number: int,
    reason: str,
    *,
    state: Report.State = State.RETURNED,
    ip: str | None = None,
) -> Report:
    """Return revision `number` with a reason, as head or superior; an accepted revision stops counting.

    `state` is DRAFT where the unit sent nothing itself, so that nobody asks it to correct a report. A second
    call changes nothing.
    """
    reason = _reason(reason, _("Say what has to be corrected; the unit reads it."))
    report = hold(node)
    must_be_running(node)
    if report.state == State.RETURNED and report.current and report.current.number == number:
        return report
    counted = report.state in {State.ACCEPTED, State.AMEND_ASKED}
    if counted and report.accepted and report.accepted.number == number:
        report.accepted = None
    else:
        must_be_waiting(report, number, State.SUBMITTED, State.IN_REVIEW)
    report.state = state
    return _done(report, node, actor, Type.RETURN, "report.return", ip, reason)


@transaction.atomic
def ask_amendment(
    actor: User, node: CampaignNode, number: int, reason: str, *, ip: str | None = None
) -> Report:
    """The unit asks to change its accepted revision `number`, which still counts. The node on top asks
    nobody.

    A locked report can be asked for, too. A second call changes nothing.
    """
    reason = _reason(reason, _("Say what is wrong in the accepted report; the superior reads it."))
    report = hold(node)
    if report.state in {State.AMEND_ASKED, State.DRAFT}:
        return report
    if report.state != State.ACCEPTED or report.accepted is None or report.accepted.number != number:
        raise StaleReport(
            _("The report has changed since you looked at it. Look again, then decide."), report
        )
    if node.parent_id is None:
        must_be_unlocked(node, report)
        report.state = State.DRAFT
        return _done(report, node, actor, Type.AMEND, "report.amend", ip, reason)
    report.state = State.AMEND_ASKED
    return _done(report, node, actor, Type.ASK, "report.ask_amendment", ip, reason)


@transaction.atomic
def allow_amendment(actor: User, node: CampaignNode, *, ip: str | None = None) -> Report:
    """The superior opens the accepted report, a locked one for three days. Twice changes nothing."""
    report = hold(node)
    if report.state != State.AMEND_ASKED:
        return report
    if lock_of(node, report, timezone.now()) is not None:
        asked = report.events.filter(type=Type.ASK).last()
        _grant(actor, node, timezone.now() + LET_IN, asked.reason if asked else "", with_below=False)
    report.state = State.DRAFT
    return _done(report, node, actor, Type.AMEND, "report.amend", ip)


@transaction.atomic
def decline_amendment(actor: User, node: CampaignNode, reason: str, *, ip: str | None = None) -> Report:
    """The superior leaves the accepted report unchanged. A second call changes nothing."""
    reason = _reason(reason, _("Say why; the unit reads it."))
    report = hold(node)
    if report.state != State.AMEND_ASKED:
        return report
    report.state = State.ACCEPTED
    return _done(report, node, actor, Type.DECLINE, "report.decline", ip, reason)


@transaction.atomic
def unlock(
    actor: User,
    node: CampaignNode,
    until: datetime,
    reason: str,
    *,
    with_below: bool = False,
    ip: str | None = None,
) -> UnlockGrant:
    """Let a unit, or it and all below, change locked reports until a moment. Raises ReportError."""
    reason = _reason(reason, _("Say why it is unlocked; it is kept with the report."))
    if until <= timezone.now():
        raise ReportError(_("Choose a moment that is still to come."))
    grant = _grant(actor, node, until, reason, with_below=with_below)
    details = {"until": until.isoformat(), "reason": reason, "with_below": with_below}
    record(actor, "report.unlock", unit_path=node.path, about=node, data=details, ip=ip)
    return grant


@transaction.atomic
def revoke(actor: User, grant: UnlockGrant, *, ip: str | None = None) -> None:
    """End a grant before its time. A second call changes nothing."""
    if UnlockGrant.rows.filter(pk=grant.pk, revoked_at=None).update(revoked_at=timezone.now()):
        record(actor, "report.lock_again", unit_path=grant.node.path, about=grant.node, data={}, ip=ip)


@transaction.atomic
def set_policy(
    actor: User, campaign: Campaign, *, head_review: bool, grace_until: datetime | None, ip: str | None = None
) -> ReportPolicy:
    """Set the campaign's policy for reports. Raises ReportError for a grace that ends before the deadline."""
    if grace_until is not None and grace_until < campaign.due_at:
        raise ReportError(_("Reports cannot be locked before the deadline of the campaign."))
    policy, _made = ReportPolicy.rows.update_or_create(
        campaign=campaign, defaults={"head_review": head_review, "grace_until": grace_until}
    )
    details = {"head_review": head_review, "grace_until": grace_until.isoformat() if grace_until else ""}
    record(actor, "report.policy", unit_path=campaign.issuer.path, about=campaign, data=details, ip=ip)
    return policy


def _grant(actor: User, node: CampaignNode, until: datetime, reason: str, *, with_below: bool) -> UnlockGrant:
    return UnlockGrant.rows.create(
        node=node, until=until, reason=reason, with_below=with_below, by=actor, at=timezone.now()
    )


def _reason(text: str, ask: str) -> str:
    reason = as_typed(text)
    if not reason:
        raise ReportError(ask)
    if len(reason) > MOST_REASON:
        over = {"most": MOST_REASON, "n": len(reason)}
        raise ReportError(_("It has %(n)d characters; at most %(most)d are kept. Shorten it.") % over)
    return reason


def _done(
    report: Report, node: CampaignNode, actor: User, type_: Type, verb: str, ip: str | None, reason: str = ""
) -> Report:
    """Store the report, and append the event and the audit entry."""
    store(report)
    note(report, type_, actor, reason)
    revision: Revision | None = report.current
    details = {"revision": revision.number if revision else None, **({"reason": reason} if reason else {})}
    record(actor, verb, unit_path=node.path, about=report, data=details, ip=ip)
    return report
