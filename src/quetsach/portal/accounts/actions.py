"""Changes of an account that nobody decides."""

from __future__ import annotations

from datetime import datetime

from allauth.usersessions.models import UserSession
from django.utils import timezone

from quetsach.portal.accounts.models import User


def note_seen(session_key: str) -> None:
    """Remember that the session's person was here a moment ago."""
    UserSession.objects.filter(session_key=session_key).update(last_seen_at=timezone.now())


def demand_second_step(user: User, due: datetime) -> None:
    """Set the moment from which the account needs one-time codes; an earlier moment stays."""
    if User.objects.filter(pk=user.pk, second_step_due=None).update(second_step_due=due):
        user.second_step_due = due
