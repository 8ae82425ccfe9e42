"""The common first and last steps of each act on a report: lock its row, check the state, store, record.

The row is locked first, so that two acts at once run one after the other. No act locks the report of another
unit.
"""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.reports.errors import LockedReport, ReportError, StaleReport
from quetsach.portal.reports.locks import HOW, REASONS, Lock, Terms, is_closed, lock_of, terms_of
from quetsach.portal.reports.models import Report, ReportEvent


def hold(node: CampaignNode) -> Report:
    """The node's report, locked; made if there is none."""
    # Locked without joins: PostgreSQL re-reads the locked row after waiting, but not the rows joined to it.
    locked = Report.rows.select_for_update(no_key=True).filter(node=node).order_by()
    for report in locked:
        return report
    Report.rows.bulk_create([Report(node=node)], ignore_conflicts=True)
    return locked.get()


def must_be_unlocked(node: CampaignNode, report: Report) -> Terms:
    """Check that the unit may change its report. Raises LockedReport with the reason and the next step."""
    terms = terms_of(node)
    if not terms.is_active:
        raise LockedReport(
            _("This unit takes no part in the campaign any more; its report no longer counts.")
        )
    lock = lock_of(node, report, timezone.now(), terms)
    if lock is not None:
        raise LockedReport(f"{REASONS[lock]} {HOW}")
    return terms


def must_be_running(node: CampaignNode) -> None:
    """Check that the superior may still act: the campaign is not closed. Raises LockedReport."""
    if is_closed(node, timezone.now()):
        raise LockedReport(str(REASONS[Lock.CLOSED]))


def must_be_fresh(report: Report, version: int, key: UUID | None = None, actor: User | None = None) -> None:
    """Check that nobody else changed the report since `version`. Raises StaleReport. `key` is the form's
    one-time id: a version that the same form saved is no change by others."""
    is_mine = (
        key is not None and report.draft_key == key and actor is not None and report.draft_by_id == actor.pk
    )
    if report.version != version and not is_mine:
        raise StaleReport(_("Someone changed this report after you opened it."), report)


def must_be_waiting(report: Report, number: int, *states: Report.State) -> None:
    """Check that revision `number` waits in one of the `states`. Raises StaleReport if it does not."""
    if report.state not in states or report.current is None or report.current.number != number:
        raise StaleReport(
            _("The report has changed since you looked at it. Look again, then decide."), report
        )


def must_be_typed(report: Report) -> None:
    """Check that the unit may type. Raises ReportError if the report waits for review or is accepted."""
    if report.is_with_others:
        raise ReportError(_("The report is waiting for review. Withdraw it first, then change it."))
    if report.state in {Report.State.ACCEPTED, Report.State.AMEND_ASKED}:
        raise ReportError(_("The report is accepted. Ask for an amendment first, then change it."))


def store(report: Report, key: UUID | None = None) -> None:
    """Save the report as its next version; `key` names the form that saved it."""
    report.version += 1
    report.draft_key = key
    report.save()


def note(report: Report, type_: ReportEvent.Type, actor: User, reason: str = "") -> ReportEvent:
    """Append an event about the report's current revision."""
    return ReportEvent.rows.create(
        report=report, type=type_, revision=report.current, actor=actor, at=timezone.now(), reason=reason
    )
