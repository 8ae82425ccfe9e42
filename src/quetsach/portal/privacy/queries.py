"""The office that answers for personal data."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.front import answering_issuer
from quetsach.portal.units.models import Unit
from quetsach.portal.units.queries import tops_of
from quetsach.portal.units.roles import MAY, Verb, places_of


def answering_unit(user: User | AnonymousUser) -> Unit | None:
    """The office that gets the person's request: their own unit, else the office of the front page."""
    own = tops_of(user)
    return own[0] if own else answering_issuer()


def may_answer_somewhere(user: User | AnonymousUser) -> bool:
    """Whether the person coordinates any unit."""
    return any(Verb.MANAGE_SEATS in MAY[role] for role, _ in places_of(user))
