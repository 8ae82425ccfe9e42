"""Reads of reports: a unit's own report, its signatures, and the reports that wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import (
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)

from quetsach.annexes.form.definition import Form
from quetsach.annexes.form.entry import read_entry
from quetsach.annexes.form.figures import Figures
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.kit.compiled import compiled
from quetsach.portal.reports.annexforms.versions import load_form
from quetsach.portal.reports.models import Report, ReportEvent, Revision, SignedCopy, Signing
from quetsach.portal.units.roles import Verb, fits


def form_of(node: CampaignNode) -> Form:
    """The form of the node's campaign."""
    return load_form(node.campaign.form)


def active(prefix: str = "") -> Q:
    """Nodes that count: neither merged into another nor void."""
    return Q((f"{prefix}state", CampaignNode.State.ACTIVE))


def report_of(node: CampaignNode) -> Report | None:
    """The node's report with its revisions and people; None before anything was typed."""
    # The node is read again: the caller's row may be older than a merger that takes it out of sums.
    return next(iter(_reports(node.pk)), None)


@compiled
def _reports(node_id: UUID) -> QuerySet[Report]:
    people = ("draft_by", "current__author", "accepted__author")
    return Report.rows.filter(node=node_id).select_related("node", *people).order_by()


def first_report_at() -> Subquery:
    """An expression over Campaign: when the first report of a unit below reached its superior; None before
    that."""
    sent = Revision.rows.filter(
        report__node__campaign=OuterRef("pk"), report__node__parent__isnull=False, submitted_at__isnull=False
    )
    return Subquery(sent.order_by("submitted_at").values("submitted_at")[:1])


def entered(report: Report | None, form: Form) -> Figures | None:
    """The sum of typed figures and adjustment; None if a row cannot be read."""
    if report is None:
        return None
    entry = read_entry(report.draft, form.keys)
    return entry.counts if entry.is_complete else None


def signing_of(report: Report | None) -> Signing | None:
    """The last signature under a report, if any."""
    if report is None or report.current_id is None:
        return None
    return next(iter(_signings(report.pk)), None)


@compiled
def _signings(report_id: UUID) -> QuerySet[Signing]:
    """The last signature under the report; at most one row."""
    rows = Signing.rows.filter(revision__report=report_id).select_related("by", "revision")
    return rows.order_by("-at")[:1]


def copies_of(signing: Signing | None) -> list[SignedCopy]:
    """The signed files of a report as they came; the file in force comes first."""
    return list(signing.copies.select_related("by")) if signing else []


def signed_copy(node: CampaignNode, copy_id: UUID) -> SignedCopy | None:
    """One signed file of the node's report."""
    return SignedCopy.rows.filter(pk=copy_id, signing__revision__report__node=node).first()


def may_review_below(seat: Seat) -> bool:
    """Whether the person reviews the reports below the node on the page."""
    return seat.node.has_below and fits(seat.places, Verb.REVIEW_REPORT, f"{seat.node.path}_")


def may_review_below_home(seat: Seat) -> bool:
    """The same at the person's own node."""
    return seat.home.has_below and fits(seat.places, Verb.REVIEW_REPORT, f"{seat.home.path}_")


WAITS = Q(state__in=(Report.State.SUBMITTED, Report.State.AMEND_ASKED)) & active("node__")
"""Reports that wait for the unit above."""


def _waits_below(node_id: UUID) -> Q:
    return WAITS & Q(node__parent=node_id)


def waiting_below(node: CampaignNode) -> list[Report]:
    """Reports and requests to amend of the units directly below; the longest wait comes first."""
    return _waiting(node.pk)


@compiled
def _waiting(node_id: UUID) -> QuerySet[Report]:
    rows = Report.rows.filter(_waits_below(node_id)).select_related("node", "current__author")
    return rows.order_by(F("current__at").asc())


@dataclass(frozen=True)
class Open:
    """The reports that need work: the node's own, the reason of its last return, and those below."""

    own: Report | None
    is_signed: bool
    returned_because: str
    waiting: list[Report]


def open_at(node: CampaignNode) -> Open:
    """The node's own report and the waiting reports below, the longest wait first. One query."""
    found: list[Any] = _open_at(node.pk, has_below=node.has_below)
    own = next((report for report in found if report.node_id == node.pk), None)
    waiting = [report for report in found if report is not own]
    return Open(own, bool(own and own.signed), own.because or "" if own else "", waiting)


@compiled
def _open_at(node_id: UUID, *, has_below: bool) -> QuerySet[Report]:
    returns = ReportEvent.rows.filter(report=OuterRef("pk"), type=ReportEvent.Type.RETURN)
    wanted = Q(node=node_id) | _waits_below(node_id) if has_below else Q(node=node_id)
    rows = Report.rows.filter(wanted).select_related("node", "draft_by", "current__author")
    reason = Subquery(returns.order_by("-at", "-pk").values("reason")[:1])
    signed = Exists(Signing.rows.filter(revision__report=OuterRef("pk")))
    return rows.annotate(because=reason, signed=signed).order_by(F("current__at").asc())


def last_reason(report: Report, type_: ReportEvent.Type) -> ReportEvent | None:
    """The last event of a kind, with its reason."""
    return report.events.filter(type=type_).select_related("actor").last()
