"""Units directly below with open work, the most urgent first, with words to remind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from quetsach.portal.campaigns.contacts import Contact
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.reminders.wording import Ways
from quetsach.portal.campaigns.reminders.wording import message as short_message
from quetsach.portal.reports.arrived_files import FILE, WORDS
from quetsach.portal.reports.dashboard.queries import Branch

REPORT_WORDS: dict[str, tuple[str, str | Promise, str | Promise]] = {
    "none": ("none", gettext_lazy("no report yet"), gettext_lazy("send the report")),
    "draft": ("draft", gettext_lazy("report being written"), gettext_lazy("send the report")),
    "in_review": (
        "draft",
        gettext_lazy("with the head of the unit"),
        gettext_lazy("have the head of the unit send the report on"),
    ),
    "returned": (
        "back",
        gettext_lazy("report returned"),
        gettext_lazy("correct the returned report and send it again"),
    ),
}
"""State of a report: its shape, the words for the coordinator, and the request to the unit."""


@dataclass(frozen=True)
class Chase:
    """One unit to remind: its chip, its open work, its file, its contact, and a message."""

    branch: Branch
    shape: str
    word: str
    missing: tuple[str, ...]
    contact: Contact | None
    message: str


def late(branches: Sequence[Branch], now: datetime) -> list[Branch]:
    """The unfinished branches with a request to their unit: units with open work of their own come first."""
    open_ones = [branch for branch in branches if not branch.is_finished and _asked(branch)]
    return sorted(
        open_ones, key=lambda b: (not b.is_owing, not is_overdue(b, now), *_done_flags(b), b.coverage)
    )


def chases(
    node: CampaignNode,
    found: Sequence[Branch],
    whom: Mapping[UUID, Contact],
    ways: Ways,
) -> list[Chase]:
    """Words for each branch of `late`."""
    now = timezone.now()
    items = []
    for branch in found:
        shape, word = _chip(branch, now)
        contact = whom.get(branch.node.pk)
        message = short_message(
            node.name, branch.node.name, _asked(branch), branch.node.due_at, ways,
            has_account=contact is not None and contact.has_account,
        )  # fmt: skip
        items.append(Chase(branch, shape, word, tuple(_missing(branch)), contact, message))
    return items


def _done_flags(branch: Branch) -> tuple[bool, bool, bool]:
    return branch.acknowledged_at is not None, branch.deployed_at is not None, not branch.lacks_report


def is_overdue(branch: Branch, now: datetime) -> bool:
    """Whether the branch's own report has not come by its deadline."""
    return branch.lacks_report and branch.node.is_late(now)


def _chip(branch: Branch, now: datetime) -> tuple[str, str]:
    if is_overdue(branch, now):
        days = (timezone.localdate(now) - timezone.localdate(branch.node.due_at)).days + 1
        return "bad", ngettext("%(n)s day overdue", "%(n)s days overdue", days) % {"n": days}
    if branch.is_owing and branch.acknowledged_at is None:
        return "none", _("not received yet")
    if branch.lacks_report and branch.line.report_state in REPORT_WORDS:
        shape, word, _todo = REPORT_WORDS[branch.line.report_state]
        return shape, str(word)
    if branch.is_owing and branch.deployed_at is None:
        return "none", _("not carried out")
    return "busy", _("units below missing")


def _missing(branch: Branch) -> list[str]:
    missing = []
    if branch.is_owing and branch.acknowledged_at is None:
        missing.append(_("Receipt is not confirmed."))
    if branch.is_owing and branch.deployed_at is None:
        missing.append(_("Not carried out yet."))
    if branch.lacks_report and branch.line.report_state in REPORT_WORDS:
        missing.append(f"{REPORT_WORDS[branch.line.report_state][1]}.".capitalize())
    if branch.line.missing_below:
        n = branch.line.missing_below
        text = ngettext(
            "%(n)s unit below it has no accepted report.", "%(n)s units below it have no accepted report.", n
        )
        missing.append(text % {"n": n})
    if branch.line.report_state == FILE:
        missing.append(f"{WORDS}.".capitalize())
    if branch.is_by_file:
        missing.append(_("Has reported (by file)."))
    return missing


def _asked(branch: Branch) -> list[str]:
    """The requests to the unit, in the order of the work."""
    todo = []
    if branch.is_owing and branch.acknowledged_at is None:
        todo.append(_("confirm that the letter has arrived"))
    if branch.is_owing and branch.deployed_at is None:
        todo.append(_("carry the campaign out and say so"))
    if branch.lacks_report and branch.line.report_state in REPORT_WORDS:
        todo.append(str(REPORT_WORDS[branch.line.report_state][2]))
    if branch.line.missing_below:
        n = branch.line.missing_below
        todo.append(
            ngettext(
                "deal with the report of %(n)s unit below", "deal with the reports of %(n)s units below", n
            )
            % {"n": n}
        )
    return todo
