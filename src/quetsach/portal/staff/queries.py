"""Reads: the people at and below some paths, their roles, and the rights to change them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When
from django.db.models.functions import Length
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.staff.links import digest
from quetsach.portal.staff.models import HandOver, Invitation
from quetsach.portal.units.models import Membership, Role, Unit, subtree
from quetsach.portal.units.queries import above, in_order, order_key
from quetsach.portal.units.role_term import not_over
from quetsach.portal.units.roles import MAY, Place, Verb, fits, people_who_may, places_of
from quetsach.text.vietnamese import search_key, sort_key

OPEN_AT_MOST = 200
SORTED_AT_MOST = 5_000
"""Up to so many roles are sorted; more are listed in the order of the tree, which the database can page."""
SHOWN_AFTER = 30
"""Days for which an expired link can still be renewed."""


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
    """The roles, ended ones too, at and below the paths, each with whether its person uses one-time codes
    (`has_codes`) and has a role there that has not ended (`has_role`)."""
    codes = Authenticator.objects.filter(user=OuterRef("user"), type=Authenticator.Type.TOTP)
    rows = Membership.ever.filter(area(paths, "unit__path")).select_related("user", "unit")
    if key := search_key(text):
        named = set(rows.values_list("user", "user__full_name", "user__username").distinct())
        found = [pk for pk, *names in named if any(key in search_key(name) for name in names)]
        rows = rows.filter(Q(user__in=found) | Q(unit__search_key__contains=key))
    kept = Membership.ever.filter(not_over(), area(paths, "unit__path"), user=OuterRef("user"))
    rows = rows.annotate(has_codes=Exists(codes), has_role=Exists(kept))
    return rows.order_by("unit__path", "role", "pk")


def seats_in_order(rows: QuerySet[Membership]) -> list[int]:
    """The ids of those roles: superiors first, then in the order of units; in each unit coordinators
    first and ended roles last."""
    rank = {role: place for place, role in enumerate(Role.values)}
    told = rows.values_list("unit__path", "unit__kind", "unit__name", "until", "role", "pk")
    if told.count() > SORTED_AT_MOST:
        return [pk for *_rest, pk in told]
    today = timezone.localdate()
    keyed = [
        (len(path), order_key(kind, name), path, until is not None and until < today, rank[role], pk)
        for path, kind, name, until, role, pk in told
    ]
    return [key[-1] for key in sorted(keyed)]


def seats_shown(
    rows: QuerySet[Membership], pks: Sequence[int], paths: list[str]
) -> list[tuple[Membership, str]]:
    """Those roles in that order, each with the names between the paths and its unit."""
    found = {seat.pk: seat for seat in rows.filter(pk__in=pks)}
    known = _between({seat.unit for seat in found.values()}, paths)
    return [(found[pk], known[found[pk].unit_id]) for pk in pks if pk in found]


def _between(units: Collection[Unit], paths: list[str]) -> dict[UUID, str]:
    """The names between each unit and the paths, to distinguish units of one name."""
    return {
        pk: " › ".join(
            up.name for up in ups if any(up.path.startswith(top) and up.path != top for top in paths)
        )
        for pk, ups in above(units).items()
    }


def units(paths: list[str], text: str) -> list[tuple[Unit, str]]:
    """Living units at and below the paths, to choose one, each with the names between.

    Superiors first, then in the order of units; of more than OPEN_AT_MOST only some, the text finds others.
    """
    rows = Unit.rows.filter(area(paths, "path"), retired_at=None)
    if key := search_key(text):
        rows = rows.filter(search_key__contains=key)
    found = sorted(
        in_order(rows.order_by(Length("path"), "path")[:OPEN_AT_MOST]), key=lambda unit: len(unit.path)
    )
    known = _between(found, paths)
    return [(unit, known[unit.pk]) for unit in found]


def open_invitations(paths: list[str]) -> list[Invitation]:
    """Unused links, the newest first, also those that expired less than SHOWN_AFTER days ago."""
    after = timezone.now() - timedelta(days=SHOWN_AFTER)
    rows = Invitation.rows.filter(area(paths, "unit__path"), used_at=None, revoked_at=None)
    rows = rows.filter(expires_at__gt=after)
    given = people_who_may(Verb.MANAGE_SEATS, "unit__path", "issued_by")
    rows = rows.annotate(maker_may=Case(When(Q(issued_by=None) | Q(given), then=True), default=False))
    return list(rows.select_related("unit", "issued_by", "person")[:OPEN_AT_MOST])


def seats_of(person: User) -> list[Membership]:
    """All roles of one person, also ended and future ones."""
    return list(Membership.ever.filter(user=person).select_related("unit").order_by("unit__path", "role"))


def people(paths: list[str], without: User) -> list[tuple[User, str]]:
    """The people at and below the paths, to choose from, each with their units; in alphabetical order."""
    seats = Membership.in_force.filter(area(paths, "unit__path"), user__is_active=True).exclude(user=without)
    places: dict[User, dict[str, None]] = {}
    for seat in seats.select_related("user", "unit").order_by("unit__path", "pk"):
        places.setdefault(seat.user, {})[seat.unit.name] = None
    listed = [(user, ", ".join(units)) for user, units in places.items()]
    return sorted(listed, key=lambda one: (sort_key(one[0].get_full_name()), sort_key(one[1])))


def may_change(actor: User, person: User, verb: Verb = Verb.MANAGE_SEATS) -> bool:
    """Whether all roles that the person ever has lie where the actor may do `verb`; nobody changes
    themselves.

    A password or a lock concerns the whole account: also a role elsewhere that begins tomorrow.
    """
    places: list[Place] = places_of(actor)
    paths = [path for _role, path in _counted(person)]
    return person != actor and bool(paths) and all(fits(places, verb, path) for path in paths)


def _counted(person: User) -> list[Place]:
    """The roles that decide about the rights over an account: all but the ended ones, so that a person who
    moved belongs to the new unit; all of them, if all have ended."""
    roles = list(Membership.ever.filter(user=person).values_list("role", "unit__path", "ended_on"))
    kept = [(role, path) for role, path, ended_on in roles if ended_on is None]
    return kept or [(role, path) for role, path, _ended_on in roles]


def may_offer_password(actor: User, person: User) -> bool:
    """Whether the actor may make a link for a new password, whose holder gets the whole account. The actor
    must have the right for all units of the person, and be the superior where the person is a coordinator."""
    places: list[Place] = places_of(actor)
    paths = [path for role, path in _counted(person) if role == Role.COORDINATOR]
    return may_change(actor, person) and all(fits(places, Verb.RESET_SECOND_STEP, path) for path in paths)


def by_token(token: str) -> Invitation | None:
    """The invitation of a link, used or not."""
    return by_digest(digest(token))


def by_digest(sha: str) -> Invitation | None:
    """The invitation by the stored hash of its link."""
    return Invitation.rows.filter(digest=sha).select_related("unit", "person", "issued_by").first()


def hand_overs(person: User) -> list[HandOver]:
    """The roles that the person gave to others and took from them."""
    rows = HandOver.rows.filter(Q(giver=person) | Q(taker=person))
    return list(rows.select_related("giver", "taker", "by"))


def must_use_codes(user: User, roles: list[str]) -> bool:
    """Whether a role of the person needs one-time codes and they are not switched on."""
    if not roles or not any(role in roles for role, _ in places_of(user)):
        return False
    return not Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()
