"""The office that answers for personal data."""

from __future__ import annotations

from datetime import date

from django.contrib.auth.models import AnonymousUser

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.front import answering_issuer
from quetsach.portal.privacy.models import ErasureRequest
from quetsach.portal.units.models import Unit
from quetsach.portal.units.queries import tops_of
from quetsach.portal.units.roles import MAY, Verb, places_of


def answering_unit(user: User | AnonymousUser) -> Unit | None:
    """The office that gets the person's request: their own unit, else the office of the front page."""
    own = tops_of(user)
    return own[0] if own else answering_issuer()


def open_requests(unit: Unit) -> list[ErasureRequest]:
    """The unit's requests without an answer, those first whose time ends first; at most 500."""
    rows = ErasureRequest.rows.filter(unit=unit, answered_at=None).order_by("at")[:500]
    return sorted(rows, key=_ends)


def in_order(rows: list[ErasureRequest]) -> list[ErasureRequest]:
    """Requests that wait, by the end of their time; then those with an answer, the latest first."""
    waiting = sorted((row for row in rows if row.answered_at is None), key=_ends)
    answered = [row for row in rows if row.answered_at is not None]
    return waiting + sorted(answered, key=lambda row: row.answered_at or row.at, reverse=True)


def _ends(row: ErasureRequest) -> date:
    term = row.clock.next
    return term.by if term else date.max


def may_answer_somewhere(user: User | AnonymousUser) -> bool:
    """Whether the person coordinates any unit."""
    return any(Verb.MANAGE_SEATS in MAY[role] for role, _ in places_of(user))
