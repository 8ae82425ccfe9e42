"""Units with open work, as selections of nodes; adds "not reported" to the audiences of reminders."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.reminders.audiences import AUDIENCES, Audience

NOT_RECEIVED = AUDIENCES["not_received"].wanted
NOT_STARTED = AUDIENCES["not_started"].wanted
NOT_REPORTED = Q(expected=True, report__accepted=None) & ~Q(report__state="submitted")
ANYTHING = NOT_RECEIVED | NOT_STARTED | NOT_REPORTED


def late(now: datetime) -> Q:
    """Nodes whose report has not arrived by their own deadline."""
    return NOT_REPORTED & Q(due_at__lte=now)


def add() -> None:
    """Add "not reported" to the reminders' audiences; called once when the app is ready."""
    AUDIENCES["not_reported"] = Audience(_("who has not reported"), NOT_REPORTED, _("send the report"))
