"""Units with open work, as selections of nodes; adds "not reported" to the audiences of reminders."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.reminders.audiences import AUDIENCES, Audience
from quetsach.portal.reports import arrived_files


def not_received() -> Q:
    """Nodes that have not confirmed the letter."""
    return AUDIENCES["not_received"].wanted()


def not_started() -> Q:
    """Nodes that have not carried it out."""
    return AUDIENCES["not_started"].wanted()


def not_reported() -> Q:
    """Nodes that must report and of which nothing came: no report, and no file that waits on a desk."""
    lacking = Q(expected=True, report__accepted=None) & ~Q(report__state="submitted")
    return lacking & ~arrived_files.waits()


def returned() -> Q:
    """Nodes of `not_reported` whose report came and was returned: it waits for the unit."""
    return not_reported() & Q(report__state="returned")


def anything() -> Q:
    """Nodes with any of these."""
    return not_received() | not_started() | not_reported()


def late(now: datetime) -> Q:
    """Nodes whose report has not arrived by their own deadline."""
    return not_reported() & Q(due_at__lte=now)


def add() -> None:
    """Add "not reported" to the reminders' audiences; called once when the app is ready."""
    AUDIENCES["not_reported"] = Audience(_("who has not reported"), not_reported, _("send the report"))
