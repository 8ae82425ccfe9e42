"""Django's sessions in the database, read by a compiled query: every request needs it."""

from __future__ import annotations

from datetime import datetime

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from quetsach.portal.kit.compiled import compiled


class SessionStore(db.SessionStore):
    """Loads, saves and ends sessions as Django does."""

    def _get_session_from_db(self) -> Session | None:
        found = next(iter(_running(self.session_key or "", timezone.now())), None)
        if found is None:
            self._session_key = None
        return found


@compiled
def _running(key: str, now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(session_key=key, expire_date__gt=now)
