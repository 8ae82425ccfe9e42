"""The office that answers for personal data, and the people in it who do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.front import answering_issuer
from quetsach.portal.privacy.models import ErasureRequest
from quetsach.portal.units.models import Membership, Role, Unit, within
from quetsach.portal.units.queries import above, tops_of
from quetsach.portal.units.roles import MAY, Verb, places_of


def answering_unit(user: User | AnonymousUser) -> Unit | None:
    """The office that gets the person's request: their own unit, or the nearest above it in which somebody
    can answer; else the office of the front page."""
    own = tops_of(user)
    if not own:
        return answering_issuer()
    near = [own[0], *reversed(above(own[:1])[own[0].pk])]
    staffed = set(_serving([unit.path for unit in near], Role.COORDINATOR, Role.OFFICER))
    return next((unit for unit in near if unit.path in staffed), None) or answering_issuer() or own[0]


def _serving(paths: Iterable[str], *roles: str) -> QuerySet[Membership, str]:
    """Those of the paths at which somebody with such a role can sign in."""
    rows = Membership.in_force.filter(unit__path__in=list(paths), role__in=roles, user__is_active=True)
    return rows.values_list("unit__path", flat=True).distinct()


def _answers(user: User | AnonymousUser) -> tuple[list[tuple[str, str]], set[str]]:
    """The places whose whole subtree the person answers for, and the paths of units that they answer for
    alone: coordinators there and above, and officers of a unit that has no coordinator."""
    places = places_of(user)
    wide = [place for place in places if Verb.MANAGE_SEATS in MAY[place[0]]]
    own = {path for role, path in places if role == Role.OFFICER}
    return wide, own - set(_serving(own, Role.COORDINATOR)) if own else own


def answerable(user: User | AnonymousUser) -> QuerySet[ErasureRequest]:
    """The requests that the person may read and answer."""
    wide, own = _answers(user)
    mine = within(wide, "unit__path") | Q(unit__path__in=own)
    return ErasureRequest.objects.visible_to(user).filter(mine).select_related("unit")


def may_answer_somewhere(user: User | AnonymousUser) -> bool:
    """Whether the person answers requests to any unit."""
    return any(_answers(user))


def open_requests(user: User, unit: Unit) -> list[ErasureRequest]:
    """The unit's requests without an answer that the person may answer, those first whose time ends first; at
    most 500."""
    return sorted(answerable(user).filter(unit=unit, answered_at=None).order_by("at")[:500], key=_ends)


def in_order(rows: list[ErasureRequest]) -> list[ErasureRequest]:
    """Requests that wait, by the end of their time; then those with an answer, the latest first."""
    waiting = sorted((row for row in rows if row.answered_at is None), key=_ends)
    answered = [row for row in rows if row.answered_at is not None]
    return waiting + sorted(answered, key=lambda row: row.answered_at or row.at, reverse=True)


def _ends(row: ErasureRequest) -> date:
    term = row.clock.next
    return term.by if term else date.max
