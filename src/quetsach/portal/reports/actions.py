"""What can be done to a report. Its row is locked first: two acts at once become one after the other.

A revision's `client_uuid` is drawn when the form is shown; sending one form twice gives one revision.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.reports import queries
from quetsach.portal.reports.annex import Entry, clean_text, load_form, read_entry
from quetsach.portal.reports.errors import BlockedReport, ReportError, StaleReport
from quetsach.portal.reports.models import Report, ReportComponent, ReportEvent, Revision
from quetsach.portal.reports.rollup import ROWS, ZERO, Figures, Line
from quetsach.portal.reports.rules import Problem, check, unanswered

State = Report.State
Type = ReportEvent.Type
MOST_REASON = 2000


@transaction.atomic
def save_draft(
    actor: User, node: CampaignNode, data: Mapping[str, Any], version: int, *, ip: str | None = None
) -> Report:
    """Keep what was typed, whatever it is. The same draft again changes nothing.

    An accepted report is opened for amendment by its first changed draft; its accepted revision goes on
    counting.
    Raises StaleReport when the report has changed since `version`, ReportError when it waits for review.
    """
    report = _hold(node)
    _must_be_open(node)
    draft = read_entry(data).typed
    if report.draft == draft and report.version:
        return report
    _must_be_fresh(report, version)
    if report.state == State.SUBMITTED:
        raise ReportError(_("The report is waiting for review. Withdraw it first, then change it."))
    if report.state == State.ACCEPTED:
        report.state = State.DRAFT
        _note(report, Type.AMEND, actor)
    report.draft, report.draft_by, report.draft_at = draft, actor, timezone.now()
    _store(report)
    record(actor, "report.save", unit_path=node.path, about=report, data={"version": report.version}, ip=ip)
    return report


def submit(
    actor: User,
    node: CampaignNode,
    data: Mapping[str, Any],
    version: int,
    client_uuid: UUID,
    *,
    ticked: Iterable[str] = (),
    ip: str | None = None,
) -> Revision:
    """Make a revision of what was typed and hand it to the superior. One `client_uuid`, one revision.

    `ticked` are the warnings confirmed without a note, such as "W09:narrative". The report of the node on
    top has no superior and is accepted by being submitted. Raises BlockedReport, StaleReport, ReportError.
    """
    try:
        return _submit(actor, node, data, version, client_uuid, set(ticked), ip)
    except IntegrityError as error:
        raise ReportError(
            _("This form was already used for another report. Open the report again.")
        ) from error


@transaction.atomic
def _submit(
    actor: User,
    node: CampaignNode,
    data: Mapping[str, Any],
    version: int,
    client_uuid: UUID,
    ticked: set[str],
    ip: str | None,
) -> Revision:
    report = _hold(node)
    sent = Revision.rows.filter(report=report, client_uuid=client_uuid).first()
    if sent is not None:
        return sent
    _must_be_open(node)
    _must_be_fresh(report, version)
    if report.state == State.SUBMITTED:
        raise ReportError(_("The report is already waiting for review."))
    entry, children = read_entry(data), queries.lines(node)
    known = queries.facts(node, report, entry, children)
    problems = check(load_form(node.campaign.form), entry, known)
    left = unanswered(problems, entry, ticked)
    if left:
        raise BlockedReport(_("The report cannot be sent yet."), left)
    own = Figures(*(entry.figures[row] or 0 for row in ROWS))
    revision = _revise(report, actor, entry, own, children, client_uuid)
    revision.known = {row: known[f"known{row[1]}"] for row in ROWS}
    revision.warnings = [_answer(problem, entry) for problem in problems if problem.level == "warn"]
    revision.sha256 = seal(revision, node)
    revision.save(force_insert=True)
    ReportComponent.rows.bulk_create(_components(revision, children))
    is_final = node.parent_id is None
    report.current, report.state = revision, State.ACCEPTED if is_final else State.SUBMITTED
    report.accepted = revision if is_final else report.accepted
    report.draft, report.draft_by, report.draft_at = entry.typed, actor, revision.at
    _store(report)
    _note(report, Type.SUBMIT, actor)
    if is_final:
        _note(report, Type.ACCEPT, actor)
    said = {"revision": revision.number, "sha256": revision.sha256, **own.as_dict()}
    record(actor, "report.submit", unit_path=node.path, about=report, data=said, ip=ip)
    return revision


@transaction.atomic
def withdraw(actor: User, node: CampaignNode, number: int, *, ip: str | None = None) -> Report:
    """Take revision `number` back before it is accepted. A second call changes nothing."""
    report = _hold(node)
    _must_be_open(node)
    if report.state == State.DRAFT:
        return report
    _must_be_waiting(report, number)
    report.state = State.DRAFT
    _store(report)
    _note(report, Type.WITHDRAW, actor)
    record(actor, "report.withdraw", unit_path=node.path, about=report, data={"revision": number}, ip=ip)
    return report


@transaction.atomic
def accept(actor: User, node: CampaignNode, number: int, *, ip: str | None = None) -> Report:
    """Count revision `number` in the sum from now on. A second call changes nothing.

    Raises StaleReport when another revision waits than the one that was looked at.
    """
    report = _hold(node)
    _must_be_open(node)
    if report.state == State.ACCEPTED and report.accepted and report.accepted.number == number:
        return report
    _must_be_waiting(report, number)
    report.state, report.accepted = State.ACCEPTED, report.current
    _store(report)
    _note(report, Type.ACCEPT, actor)
    record(actor, "report.accept", unit_path=node.path, about=report, data={"revision": number}, ip=ip)
    return report


@transaction.atomic
def send_back(actor: User, node: CampaignNode, number: int, reason: str, *, ip: str | None = None) -> Report:
    """Return revision `number` with a reason; if it was accepted, it stops counting.

    A second call changes nothing.
    """
    reason = clean_text(reason)[:MOST_REASON]
    if not reason:
        raise ReportError(_("Say what has to be corrected; the unit reads it."))
    report = _hold(node)
    _must_be_open(node)
    if report.state == State.RETURNED and report.current and report.current.number == number:
        return report
    if report.state == State.ACCEPTED and report.accepted and report.accepted.number == number:
        report.accepted = None
    else:
        _must_be_waiting(report, number)
    report.state = State.RETURNED
    _store(report)
    _note(report, Type.RETURN, actor, reason)
    said = {"revision": number, "reason": reason}
    record(actor, "report.return", unit_path=node.path, about=report, data=said, ip=ip)
    return report


def seal(revision: Revision, node: CampaignNode) -> str:
    """SHA-256 of all that a revision says, and of the one it is based on."""
    content = {
        "node": str(node.pk),
        "number": revision.number,
        "form": revision.form,
        "own": revision.figures.as_dict(),
        "notes": revision.notes,
        "narrative": revision.narrative,
        "proposals": revision.proposals,
        "external": revision.external,
        "totals": revision.totals,
        "author": revision.author_id,
        "at": revision.at.isoformat(),
        "based_on": revision.based_on.sha256 if revision.based_on else "",
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _hold(node: CampaignNode) -> Report:
    """The node's report, locked; made when there is none."""
    Report.rows.get_or_create(node=node)
    # Locked without joins: PostgreSQL re-reads the locked row after waiting, but not the rows joined to it.
    return Report.rows.select_for_update().get(node=node)


def _must_be_open(node: CampaignNode) -> None:
    # Asked afresh: the row that the caller holds may be older than the closing.
    if not Campaign.objects.filter(pk=node.campaign_id, status=Campaign.Status.PUBLISHED).exists():
        raise ReportError(_("The campaign is closed; its reports no longer change."))


def _must_be_fresh(report: Report, version: int) -> None:
    if report.version != version:
        raise StaleReport(_("Someone changed this report after you opened it."), report)


def _must_be_waiting(report: Report, number: int) -> None:
    if report.state != State.SUBMITTED or report.current is None or report.current.number != number:
        raise StaleReport(
            _("The report has changed since you looked at it. Look again, then decide."), report
        )


def _store(report: Report) -> None:
    report.version += 1
    report.save()


def _note(report: Report, type_: Type, actor: User, reason: str = "") -> None:
    ReportEvent.rows.create(
        report=report, type=type_, revision=report.current, actor=actor, at=timezone.now(), reason=reason
    )


def _answer(problem: Problem, entry: Entry) -> dict[str, Any]:
    by = "note" if problem.row in entry.notes else "tick"
    return {"rule": problem.rule, "row": problem.row, "by": by, "text": problem.text}


def _revise(
    report: Report,
    actor: User,
    entry: Entry,
    own: Figures,
    children: Iterable[Line],
    client_uuid: UUID,
) -> Revision:
    children = list(children)
    below = sum((line.total for line in children), ZERO)
    last = report.revisions.order_by("-number").first()
    return Revision(
        report=report,
        number=last.number + 1 if last else 1,
        form=report.node.campaign.form,
        notes=entry.notes,
        narrative=entry.typed["narrative"],
        proposals=entry.typed["proposals"],
        external=list(entry.external),
        totals={
            "children": below.as_dict(),
            "total": (own + below).as_dict(),
            "missing": sum(line.missing_below + (line.own is None) for line in children),
        },
        author=actor,
        at=timezone.now(),
        client_uuid=client_uuid,
        based_on=report.current,
        **own.as_dict(),
    )


def _components(revision: Revision, children: Iterable[Line]) -> list[ReportComponent]:
    nodes = [line.node.pk for line in children]
    accepted = dict(Report.rows.filter(node__in=nodes).values_list("node_id", "accepted_id"))
    return [
        ReportComponent(
            revision=revision,
            node_id=line.node.pk,
            node_revision_id=accepted.get(line.node.pk),
            missing=line.missing_below + (line.own is None),
            **line.total.as_dict(),
        )
        for line in children
    ]
