"""Who serves where below somebody, and whom they may change."""

from __future__ import annotations

from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.staff.links import digest
from quetsach.portal.staff.models import HandOver, Invitation
from quetsach.portal.units.models import Membership, Unit, subtree
from quetsach.portal.units.roles import MAY, Place, Verb, fits, places_of
from quetsach.vietnamese import sort_key

OPEN_AT_MOST = 200
SHOWN_AFTER = 30
"""Days for which a link that has grown old can still be renewed."""


def tops(user: User | AnonymousUser, verb: Verb) -> list[str]:
    """The paths at and below which the person may do `verb`."""
    return sorted({path for role, path in places_of(user) if verb in MAY[role]})


def area(paths: list[str], field: str) -> Q:
    """Rows at or below one of the paths."""
    wanted = Q(pk__in=[])
    for path in paths:
        wanted |= subtree(path, field)
    return wanted


def seats(paths: list[str], text: str = "") -> QuerySet[Membership]:
    """Who serves at and below the paths, with whether they use one-time codes (`has_codes`)."""
    codes = Authenticator.objects.filter(user=OuterRef("user"), type=Authenticator.Type.TOTP)
    rows = Membership.rows.filter(area(paths, "unit__path")).select_related("user", "unit")
    if text:
        rows = rows.filter(
            Q(user__full_name__icontains=text)
            | Q(user__username__icontains=text)
            | Q(unit__name__icontains=text)
        )
    return rows.annotate(has_codes=Exists(codes)).order_by("unit__path", "role", "pk")


def units(paths: list[str], text: str) -> list[Unit]:
    """Living units at and below the paths, to choose one from."""
    rows = Unit.rows.filter(area(paths, "path"), retired_at=None)
    if text:
        rows = rows.filter(name__icontains=text)
    return list(rows.order_by("path")[:OPEN_AT_MOST])


def open_invitations(paths: list[str]) -> list[Invitation]:
    """Links that nobody has used yet, the newest first; those too old by less than a month too."""
    after = timezone.now() - timedelta(days=SHOWN_AFTER)
    rows = Invitation.rows.filter(area(paths, "unit__path"), used_at=None, revoked_at=None)
    rows = rows.filter(expires_at__gt=after)
    return list(rows.select_related("unit", "issued_by", "person")[:OPEN_AT_MOST])


def seats_of(person: User) -> list[Membership]:
    """All roles of one person, ended and coming ones too."""
    return list(Membership.rows.filter(user=person).select_related("unit").order_by("unit__path", "role"))


def people(paths: list[str], without: User) -> list[User]:
    """Whoever serves at and below the paths, to choose one from, in the order of a dictionary."""
    rows = User.objects.filter(
        pk__in=Membership.rows.filter(area(paths, "unit__path")).values("user"), is_active=True
    )
    return sorted(rows.exclude(pk=without.pk), key=lambda user: sort_key(user.get_full_name()))


def may_change(actor: User, person: User, verb: Verb = Verb.MANAGE_SEATS) -> bool:
    """Whether all that the person serves in lies where the actor may; nobody changes themselves."""
    places: list[Place] = places_of(actor)
    paths = list(Membership.rows.filter(user=person).values_list("unit__path", flat=True))
    return person != actor and bool(paths) and all(fits(places, verb, path) for path in paths)


def by_token(token: str) -> Invitation | None:
    """The invitation behind a link, used or not."""
    return by_digest(digest(token))


def by_digest(sha: str) -> Invitation | None:
    """The same by what the database holds of the link."""
    return Invitation.rows.filter(digest=sha).select_related("unit", "person", "issued_by").first()


def hand_overs(person: User) -> list[HandOver]:
    """What the person gave to others and took from them."""
    rows = HandOver.rows.filter(Q(giver=person) | Q(taker=person))
    return list(rows.select_related("giver", "taker", "by"))


def must_use_codes(user: User, roles: list[str]) -> bool:
    """Whether a role of the person asks for one-time codes that are not switched on."""
    if not roles or not any(role in roles for role, _ in places_of(user)):
        return False
    return not Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()
