"""The tasks of a unit about reports."""

from __future__ import annotations

from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.campaigns.open_work import OpenWork, number_of
from quetsach.portal.campaigns.queries import statuses
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.campaigns.tasks import Counted, Rank, Task, facts_of
from quetsach.portal.reports import locks, queries
from quetsach.portal.reports.dashboard import audiences
from quetsach.portal.reports.models import Report
from quetsach.portal.reports.supplement.changes import supplement_of

RESTATED = "figures_restated"
"""The name of `restated_unread` among the facts of a node."""


def reports_to_do(seat: Seat) -> list[Task]:
    """In order: correct a returned report, send a due one, review waiting ones, ask for overdue ones."""
    if seat.campaign.status != Campaign.Status.PUBLISHED:
        return []
    tasks = []
    if seat.can["edit_report"]:
        tasks += _own(seat)
        tasks += _restated(seat)
    if seat.can["approve_report"]:
        tasks += _heads(seat)
    if queries.may_review_below(seat):
        tasks += _reviews(seat)
        tasks += _overdue(seat)
    return tasks


def _heads(seat: Seat) -> list[Task]:
    """The tasks of the unit's head: review an officer's report, and send supplements about changes below."""
    found = seat.once(queries.open_at)
    report = found.own
    if report is not None and report.state == Report.State.IN_REVIEW:
        return [
            Task(
                rank=Rank.REPORT, title=_("Look at the report and send it on"),
                text=_("Written by %(author)s.") % {"author": report.draft_by or ""},
                url=reverse("report", args=[seat.campaign.slug, seat.node.pk]), action=_("Look at it"),
                shape="draft", word=_("With the head of the unit"),
            )
        ]  # fmt: skip
    if report is None or report.state != Report.State.ACCEPTED or not found.is_signed:
        return []
    supplement = supplement_of(seat.node, report)
    if supplement is None:
        return []
    return [
        Task(
            rank=Rank.REPORT, title=_("Send the supplementary report"),
            text=" ".join(supplement.sentences[:3]),
            url=reverse("supplement", args=[seat.campaign.slug, seat.node.pk]), action=_("Read it"),
            shape="unsure", word=_("Figures differ"),
        )
    ]  # fmt: skip


def _own(seat: Seat) -> list[Task]:
    report = seat.once(queries.open_at).own
    page = reverse("report", args=[seat.campaign.slug, seat.node.pk])
    state = report.state if report else None
    if report and state == Report.State.RETURNED:
        return [
            Task(
                rank=Rank.URGENT, title=_("Correct the report that was returned"),
                text=seat.once(queries.open_at).returned_because[:300], url=page, action=_("Correct it"),
                shape="back", word=_("Returned"),
            )
        ]  # fmt: skip
    if state not in {None, Report.State.DRAFT}:
        return []
    is_draft = bool(report and report.version)
    text = _("Four figures, already filled in where known.")
    if is_draft:
        text = _("A draft is stored; it has not been sent.")
    rank, shape, word = Rank.REPORT, "draft" if is_draft else "none", _("None yet")
    if is_draft:
        word = _("Being written")
    if seat.node.is_late(now := timezone.now()):
        rank, shape, word = Rank.URGENT, "bad", _how_late(seat.node)
        lock = locks.lock_of(seat.node, report, now)
        text = f"{locks.REASONS[lock]} {locks.HOW}" if lock else f"{text} {_('Late reports still count.')}"
    action = _("Continue with the draft") if is_draft else _("Fill in the report")
    return [Task(rank, _("Send the report"), text, page, action, shape, word)]


def _restated(seat: Seat) -> list[Task]:
    """The figures of machines of the report last sent are others than those that were sent."""
    number = seat.once(facts_of)[RESTATED]
    if number is None:
        return []
    text = _(
        "Number %(n)s: more became known about the moment of the report. If it must say so, send it again."
    )
    return [
        Task(
            rank=Rank.REPORT + 2, title=_("Read the restated figures of machines of the report"),
            text=text % {"n": number}, action=_("Read them"), shape="unsure", word=_("Figures differ"),
            url=reverse("machine_figures", args=[seat.campaign.slug, seat.node.pk]),
        )
    ]  # fmt: skip


def _reviews(seat: Seat) -> list[Task]:
    waiting = seat.once(queries.open_at).waiting
    if not waiting:
        return []
    n = len(waiting)
    title = ngettext("Review %(n)d report", "Review %(n)d reports", n) % {"n": n}
    names = ", ".join(report.node.name for report in waiting[:5]) + ("…" if n > 5 else "")
    return [
        Task(
            rank=Rank.REVIEW, title=title, text=names, action=_("Review"),
            shape="sent", word=_("Waiting for review"), counts=Counted("reports.waiting", n, "direct"),
            url=reverse("rollup", args=[seat.campaign.slug, seat.node.pk]) + "#cho-tiep-nhan",
        )
    ]  # fmt: skip


def _overdue(seat: Seat) -> list[Task]:
    """The units directly below to call, because their report is late by their own deadline."""
    now = timezone.now()
    _own, below = seat.once(statuses)
    if not any(status.node.expected and status.node.is_late(now) for status in below):
        return []
    found = CampaignNode.rows.active().filter(audiences.late(now), parent=seat.node)
    late = list(found.order_by("due_at", "position", "name"))
    if not late:
        return []
    n = len(late)
    title = ngettext("Ask %(n)d unit for its overdue report", "Ask %(n)d units for their overdue reports", n)
    names = ", ".join(node.name for node in late[:5]) + ("…" if n > 5 else "")
    return [
        Task(
            rank=Rank.OVERDUE, title=title % {"n": n}, text=names, action=_("Call or write to them"),
            shape="bad", word=_how_late(late[0]), counts=Counted("units.overdue", n, "direct"),
            url=reverse("chase", args=[seat.campaign.slug, seat.node.pk]) + "?thieu=tre",
        )
    ]  # fmt: skip


def _how_late(node: CampaignNode) -> str:
    days = max(1, node.days_late)
    return ngettext("%(n)s day overdue", "%(n)s days overdue", days) % {"n": days}


def _waiting_below() -> Subquery:
    """The reports of the units directly below that wait for this node."""
    return number_of(Report.rows.filter(queries.WAITS, node__parent=OuterRef("pk")), "node__parent")


def _words(n: int) -> str:
    return ngettext("%(n)d report waits for review", "%(n)d reports wait for review", n) % {"n": n}


REVIEWS = OpenWork(_waiting_below, _words, queries.may_review_below_home)
