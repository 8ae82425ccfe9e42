"""Sends a supplementary report: the same own figures, today's sums, and the changes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.reports.actions import components, count
from quetsach.portal.reports.assessment.moments import moved_at_sending
from quetsach.portal.reports.errors import ReportError
from quetsach.portal.reports.frozen.actions import freeze, take
from quetsach.portal.reports.held_actions import hold, must_be_running, must_be_waiting, note, store
from quetsach.portal.reports.models import Report, ReportComponent, ReportEvent, Revision
from quetsach.portal.reports.queries import form_of
from quetsach.portal.reports.rollup.queries import lines
from quetsach.portal.reports.sealing import seal
from quetsach.portal.reports.supplement.changes import supplement_of

MOST_TEXT = 10_000


@transaction.atomic
def send_supplement(
    actor: User, node: CampaignNode, number: int, client_uuid: UUID, *, ip: str | None = None
) -> Revision:
    """A new revision after revision `number`. One `client_uuid`, one revision.

    A lock does not forbid it, because the unit's own figures stay. Raises StaleReport, and ReportError if
    nothing changed.
    """
    report = hold(node)
    sent = Revision.rows.filter(report=report, client_uuid=client_uuid).first()
    if sent is not None:
        return sent
    must_be_running(node)
    must_be_waiting(report, number, Report.State.ACCEPTED)
    found = supplement_of(node, report)
    if found is None:
        raise ReportError(_("Nothing has changed below; there is nothing to add."))
    children, now, last = lines(node), timezone.now(), found.revision
    below = sum((line.total for line in children), form_of(node).zero)
    narrative = f"{found.official_text}\n\n{last.narrative}".strip()[:MOST_TEXT]
    moved = moved_at_sending(narrative, node, children)
    revision = Revision(
        report=report, number=last.number + 1, form=last.form, own=last.own, adjust=last.adjust,
        adjust_reason=last.adjust_reason, counts=last.counts, notes=last.notes,
        narrative=narrative, proposals=last.proposals, external=last.external, known=last.known,
        warnings=_answered(last),
        totals={
            "children": below.as_dict(), "total": found.now.as_dict(),
            "missing": sum(line.missing for line in children), **({"moved": moved} if moved else {}),
        },
        author=actor, at=now, submitted_at=now, due_at=node.due_at, client_uuid=client_uuid, based_on=last,
    )  # fmt: skip
    machines = take(node, now)
    revision.totals["machines"] = machines.whole
    revision.sha256 = seal(revision, node)
    revision.save(force_insert=True)
    freeze(revision, machines)
    ReportComponent.rows.bulk_create(components(revision, children))
    is_final = node.parent_id is None
    report.current = revision
    report.state = Report.State.ACCEPTED if is_final else Report.State.SUBMITTED
    if is_final:
        count(report)
    store(report)
    note(report, ReportEvent.Type.SUBMIT, actor)
    if is_final:
        note(report, ReportEvent.Type.ACCEPT, actor)
    details = {"revision": revision.number, "sha256": revision.sha256, "units": len(found.changed)}
    record(actor, "report.supplement", unit_path=node.path, about=report, data=details, ip=ip)
    return revision


def _answered(last: Revision) -> list[dict[str, Any]]:
    """The warnings of the figures that stay, each with the revision in which it was answered: nobody answers
    it again."""
    return [{"revision": last.number, **warning} for warning in last.warnings]
