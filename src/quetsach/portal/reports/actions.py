"""Writes a report and sends it. The page draws `client_uuid` for each form: one form, one revision.

Later acts of other people are in review/actions.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.annexes.form.entry import Entry, clean_text, read_entry, unprintable
from quetsach.annexes.form.rules import Problem, check, unanswered
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.people.body_actions import claim_in_report
from quetsach.portal.reports import queries
from quetsach.portal.reports.assessment.moments import moved_at_sending
from quetsach.portal.reports.counted_self import off_paper
from quetsach.portal.reports.errors import BlockedReport, ReportError
from quetsach.portal.reports.facts import facts
from quetsach.portal.reports.frozen.actions import freeze, take
from quetsach.portal.reports.held_actions import (
    hold,
    must_be_fresh,
    must_be_running,
    must_be_typed,
    must_be_unlocked,
    note,
    store,
)
from quetsach.portal.reports.locks import Terms, terms_of
from quetsach.portal.reports.models import Report, ReportComponent, ReportEvent, Revision
from quetsach.portal.reports.rollup.queries import lines
from quetsach.portal.reports.rollup.sums import Line
from quetsach.portal.reports.sealing import seal
from quetsach.portal.units.models import Membership
from quetsach.portal.units.roles import MAY, Verb, may

State = Report.State
Type = ReportEvent.Type
BY_SUPERIOR = "superior"
"""Answer to a warning of a report that the superior took: the unit was not asked."""


@dataclass(frozen=True)
class Source:
    """The file that the figures were read from. `sha256` is of its bytes, in hexadecimal.

    `note` is the remark of the superior who took the file, and `changes` the figures that the superior
    corrected: by row, as read and as entered.
    """

    name: str
    sha256: str
    note: str = ""
    changes: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Its name as pages show it: without control characters and marks that turn the text around."""
        return "".join(c for c in clean_text(self.name) if not unprintable(c) and c not in "\n\t")[:200]

    def as_dict(self) -> dict[str, Any]:
        """The source as stored with a revision, under its seal."""
        told = {"note": self.note, "changes": {row: list(pair) for row, pair in self.changes.items()}}
        return {"name": self.label, "sha256": self.sha256} | {key: one for key, one in told.items() if one}


@dataclass(frozen=True)
class _Sending:
    """One submission on its way: the author, the typed entries, and their source."""

    actor: User
    entry: Entry
    client_uuid: UUID
    ticked: set[str] | None
    on_behalf: bool = False
    source: dict[str, Any] = field(default_factory=dict)
    paper: Mapping[str, int] = field(default_factory=dict)
    told: Sequence[Mapping[str, Any]] = ()
    ip: str | None = None


@transaction.atomic
def save_draft(
    actor: User,
    node: CampaignNode,
    data: Mapping[str, Any],
    version: int,
    *,
    key: UUID | None = None,
    source: Source | None = None,
    ip: str | None = None,
) -> Report:
    """Store the typed entries, valid or not. The same draft again changes nothing.

    `key` is the id of the open form: a form that saves repeatedly while somebody types makes one change and
    one audit entry. Raises StaleReport if somebody else changed the report since `version`, ReportError if it
    waits for review or is accepted, LockedReport if it is locked.
    """
    report = hold(node)
    must_be_unlocked(node, report)
    draft = read_entry(data, queries.form_of(node).keys).typed
    if report.draft == draft and report.version:
        return report
    must_be_fresh(report, version, key, actor)
    must_be_typed(report)
    is_going_on = key is not None and report.draft_key == key
    report.draft, report.draft_by, report.draft_at = draft, actor, timezone.now()
    if source is not None:
        report.draft_file = source.as_dict()
    store(report, key)
    if not is_going_on:
        details = {"version": report.version, **({"file": source.label} if source else {})}
        record(actor, "report.save", unit_path=node.path, about=report, data=details, ip=ip)
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
    """Make a revision of the typed entries and hand it on. One `client_uuid`, one revision.

    It goes to the superior; or first to the unit's head, if the campaign asks for that and the author is not
    the head. `ticked` are the warnings confirmed without a note, such as "W09:narrative". The report of the
    node on top has no superior and is accepted at once. Raises BlockedReport, StaleReport, LockedReport,
    ReportError.
    """
    entry = read_entry(data, queries.form_of(node).keys)
    sending = _Sending(actor, entry, client_uuid, set(ticked), ip=ip)
    with _one_form_one_report(), transaction.atomic():
        report = hold(node)
        sent = Revision.rows.filter(report=report, client_uuid=client_uuid).first()
        if sent is not None:
            return sent
        terms = must_be_unlocked(node, report)
        must_be_fresh(report, version, client_uuid, actor)
        if report.is_with_others:
            raise ReportError(_("The report is already waiting for review."))
        must_be_typed(report)
        return _send(report, node, sending, terms)


def submit_on_behalf(
    actor: User,
    node: CampaignNode,
    data: Mapping[str, Any],
    client_uuid: UUID,
    *,
    source: Source,
    shown: Collection[str] | None = None,
    told: Sequence[Mapping[str, Any]] = (),
    paper: Mapping[str, int] | None = None,
    ip: str | None = None,
) -> Revision:
    """A superior enters the report that a unit sent as a file or on paper: the actor is the author, the file
    the source.

    The unit is not asked, so no warning is confirmed: each is stored as taken by the superior, also in a row
    with a note, because the note came with the paper. `shown` are the keys of the rules that the superior
    was shown, such as "W09:narrative"; another warning stops the act. None leaves this check out. `told` are
    further warnings that the superior was shown, as a revision stores them.

    The same file again gives the same revision, unless that was returned; a newer file replaces one that
    still waits. `paper` is the total of each row on the paper, kept as evidence beside the computed total. If
    papers count the unit itself, the unit is subtracted first. The report waits for acceptance like any
    other. Raises BlockedReport, LockedReport, and ReportError if the unit has sent its report itself, or it
    is accepted.
    """
    form = queries.form_of(node)
    entry = read_entry(off_paper(node.campaign, form, data), form.keys)
    sending = _Sending(
        actor,
        entry,
        client_uuid,
        None if shown is None else set(shown),
        on_behalf=True,
        source=source.as_dict(),
        paper=paper or {},
        told=told,
        ip=ip,
    )
    with _one_form_one_report(), transaction.atomic():
        report = hold(node)
        for sent in report.revisions.all():
            is_same_file = sent.source.get("sha256") == source.sha256
            counts_no_more = report.state in {State.RETURNED, State.DRAFT} and report.accepted_id is None
            is_given_back = counts_no_more and report.current_id == sent.pk
            if sent.client_uuid == client_uuid or (is_same_file and not is_given_back):
                return sent
        must_be_running(node)
        replaces = report.state == State.SUBMITTED and report.current is not None and report.current.on_behalf
        if replaces:
            note(report, Type.WITHDRAW, actor)
        elif report.is_with_others:
            raise ReportError(
                _("The unit itself has sent its report. Return it first if this file is to replace it.")
            )
        elif report.accepted_id is not None:
            raise ReportError(
                _("The report of this unit is accepted. Return it first if this file is to replace it.")
            )
        return _send(report, node, sending, terms_of(node))


@contextmanager
def _one_form_one_report() -> Iterator[None]:
    """Turns the database's refusal of a used one-time id, or of a claimed tax code, into a sentence."""
    try:
        yield
    except IntegrityError as error:
        if "claim" in str(error):
            raise ReportError(
                _("Another unit has just named the same tax code. Open the report again.")
            ) from error
        raise ReportError(
            _("This form was already used for another report. Open the report again.")
        ) from error


def _send(report: Report, node: CampaignNode, sending: _Sending, terms: Terms) -> Revision:
    entry, children = sending.entry, lines(node)
    known = facts(
        node,
        report,
        entry,
        children,
        paper=sending.paper,
        is_raw=sending.on_behalf,
        is_locked=False,
        terms=terms,
    )
    problems = check(queries.form_of(node), entry, known)
    left = (
        _unseen(problems, sending)
        if sending.on_behalf
        else unanswered(problems, entry, sending.ticked or set())
    )
    if left:
        refused = (
            _("The row cannot be taken yet.") if sending.on_behalf else _("The report cannot be sent yet.")
        )
        raise BlockedReport(refused, left)
    goes_up = sending.on_behalf or not _needs_head(node, sending.actor, terms)
    now = timezone.now()
    revision = _revise(report, node, sending, children, now)
    revision.known = {row: known[f"known_{row}"] for row in entry.figures}
    revision.warnings = _warnings(problems, sending)
    revision.due_at = node.due_at
    revision.submitted_at = now if goes_up else None
    machines = take(node, now)
    revision.totals["machines"] = machines.whole
    revision.sha256 = seal(revision, node)
    revision.save(force_insert=True)
    freeze(revision, machines)
    ReportComponent.rows.bulk_create(components(revision, children))
    claim_in_report(node, entry.tax_codes)
    is_final = goes_up and node.parent_id is None
    report.current = revision
    report.state = State.ACCEPTED if is_final else State.SUBMITTED if goes_up else State.IN_REVIEW
    report.draft, report.draft_by, report.draft_at = entry.typed, sending.actor, now
    report.draft_file = {}
    if is_final:
        count(report)
    store(report)
    note(report, Type.SUBMIT if goes_up else Type.REVIEW, sending.actor)
    if is_final:
        note(report, Type.ACCEPT, sending.actor)
    details = {"revision": revision.number, "sha256": revision.sha256, "figures": _listed(revision)}
    details |= {"file": sending.source["name"]} if sending.source else {}
    if sending.on_behalf:
        details["warnings"] = [f"{one['rule']}:{one['row']}" for one in revision.warnings]
    verb = "report.submit_on_behalf" if sending.on_behalf else "report.submit" if goes_up else "report.review"
    record(sending.actor, verb, unit_path=node.path, about=report, data=details, ip=sending.ip)
    return revision


def count(report: Report) -> None:
    """Let the current revision count from now on; the first such one decides whether the unit was in time."""
    report.accepted = report.current
    if report.is_on_time is None and report.current is not None:
        report.is_on_time = not report.current.is_late


def _needs_head(node: CampaignNode, actor: User, terms: Terms) -> bool:
    """Whether the unit's head reviews first: the campaign asks for it, and the author is no head."""
    if not terms.head_review or may(actor, Verb.APPROVE_REPORT, node.path):
        return False
    heads = [role for role, verbs in MAY.items() if Verb.APPROVE_REPORT in verbs]
    return Membership.in_force.filter(unit=node.unit_id, role__in=heads, user__is_active=True).exists()


def _listed(revision: Revision) -> str:
    return " / ".join(str(count) for count in revision.counts.values())


def problems_on_behalf(node: CampaignNode, data: Mapping[str, Any]) -> list[Problem]:
    """The rules that fire now for entries off a unit's paper, as `submit_on_behalf` would judge them."""
    form = queries.form_of(node)
    entry = read_entry(off_paper(node.campaign, form, data), form.keys)
    known = facts(node, queries.report_of(node), entry, lines(node), is_raw=True, is_locked=False)
    return check(form, entry, known)


def _unseen(problems: Iterable[Problem], sending: _Sending) -> list[Problem]:
    """The problems that stop a superior: blocking rules, and warnings that were not shown."""
    shown = sending.ticked
    return [
        problem
        for problem in problems
        if problem.level == "block"
        or (problem.level == "warn" and shown is not None and problem.key not in shown)
    ]


def _warnings(problems: Iterable[Problem], sending: _Sending) -> list[dict[str, Any]]:
    """The warnings as the revision stores them, each with its answer."""
    found = [
        {"rule": one.rule, "row": one.row, "by": _answered_by(one, sending), "text": one.text}
        for one in problems
        if one.level == "warn"
    ]
    there = {(one["rule"], one["row"]) for one in found}
    found += [dict(one) for one in sending.told if (one["rule"], one["row"]) not in there]
    return found


def _answered_by(problem: Problem, sending: _Sending) -> str:
    if sending.on_behalf:
        return BY_SUPERIOR
    return "note" if problem.row in sending.entry.notes else "tick"


def _revise(
    report: Report, node: CampaignNode, sending: _Sending, children: Iterable[Line], at: datetime
) -> Revision:
    children, entry = list(children), sending.entry
    form = queries.form_of(node)
    below = sum((line.total for line in children), form.zero)
    last: int = report.revisions.aggregate(last=Max("number"))["last"] or 0
    moved = moved_at_sending(entry.typed["narrative"], node, children)
    return Revision(
        report=report,
        number=last + 1,
        form=form.version,
        own=entry.own.as_dict(),
        adjust={row: change for row, change in entry.adjust.items() if change},
        adjust_reason=entry.typed["adjust_reason"],
        counts=entry.counts.as_dict(),
        notes=entry.notes,
        narrative=entry.typed["narrative"],
        proposals=entry.typed["proposals"],
        external=list(entry.external),
        totals={
            "children": below.as_dict(),
            "total": (entry.counts + below).as_dict(),
            "missing": sum(line.missing for line in children),
            **({"moved": moved} if moved else {}),
        },
        author=sending.actor,
        on_behalf=sending.on_behalf,
        source=sending.source or report.draft_file,
        paper=dict(sending.paper),
        at=at,
        client_uuid=sending.client_uuid,
        based_on=report.current,
    )


def components(revision: Revision, children: Iterable[Line]) -> list[ReportComponent]:
    """The components of a revision's sum: one for each unit directly below."""
    children = list(children)
    nodes = [line.node.pk for line in children]
    accepted = dict(Report.rows.filter(node__in=nodes).values_list("node_id", "accepted_id"))
    return [
        ReportComponent(
            revision=revision,
            node_id=line.node.pk,
            node_revision_id=accepted.get(line.node.pk),
            missing=line.missing,
            counts=line.total.as_dict(),
        )
        for line in children
    ]
