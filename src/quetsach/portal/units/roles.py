"""The rights of each role, as one table. A verb always needs a place in the tree.

`OWN` verbs need a role in exactly that unit: a superior acknowledges in a subordinate's name only by
ACT_FOR_BELOW, which needs channel and reason. `SUPERIOR` verbs need a role strictly above. All others need a
role there or above.
"""

from __future__ import annotations

from enum import StrEnum

from django.contrib.auth.models import AnonymousUser
from django.db.models import CharField, Exists, ExpressionWrapper, F, OuterRef, Q

from quetsach.portal.accounts.models import User
from quetsach.portal.units.models import Membership, Place, Role, places_of

__all__ = ["MAY", "Place", "Verb", "fits", "may", "people_who_may", "places_of", "still_may"]


class Verb(StrEnum):
    """Every protected act."""

    READ = "read"
    ACKNOWLEDGE = "acknowledge"
    PASS_ON = "pass_on"  # noqa: S105
    DEPLOY = "deploy"
    COUNT_PEOPLE = "count_people"
    EDIT_REPORT = "edit_report"
    REVIEW_REPORT = "review_report"
    PUBLISH = "publish"
    UPLOAD_INDICATORS = "upload_indicators"
    UPLOAD_SCAN = "upload_scan"
    WORK_CASE = "work_case"
    CONFIRM_CASE = "confirm_case"
    MANAGE_TOKENS = "manage_tokens"
    READ_AUDIT = "read_audit"
    APPROVE_REPORT = "approve_report"
    MAKE_BUNDLE = "make_bundle"
    INVITE = "invite"
    MANAGE_SEATS = "manage_seats"
    RESET_SECOND_STEP = "reset_second_step"
    ACT_FOR_BELOW = "act_for_below"
    CHANGE_UNITS = "change_units"
    EDIT_CONTACT = "edit_contact"
    CLAIM_RANGE = "claim_range"
    KEEP_REGISTER = "keep_register"


OWN = {Verb.ACKNOWLEDGE, Verb.PASS_ON, Verb.DEPLOY, Verb.COUNT_PEOPLE, Verb.EDIT_REPORT, Verb.PUBLISH,
       Verb.APPROVE_REPORT, Verb.UPLOAD_INDICATORS, Verb.UPLOAD_SCAN, Verb.MANAGE_TOKENS,
       Verb.KEEP_REGISTER}  # fmt: skip
SUPERIOR = {Verb.REVIEW_REPORT, Verb.CONFIRM_CASE, Verb.ACT_FOR_BELOW, Verb.RESET_SECOND_STEP}

_OFFICER = {Verb.READ, Verb.ACKNOWLEDGE, Verb.PASS_ON, Verb.DEPLOY, Verb.COUNT_PEOPLE, Verb.EDIT_REPORT,
            Verb.REVIEW_REPORT, Verb.WORK_CASE, Verb.CONFIRM_CASE, Verb.UPLOAD_SCAN, Verb.INVITE,
            Verb.ACT_FOR_BELOW, Verb.EDIT_CONTACT, Verb.MAKE_BUNDLE, Verb.CLAIM_RANGE,
            Verb.KEEP_REGISTER}  # fmt: skip
MAY: dict[str, set[Verb]] = {
    Role.COORDINATOR: set(Verb),
    Role.OFFICER: _OFFICER,
    Role.IT: {
        Verb.READ,
        Verb.UPLOAD_INDICATORS,
        Verb.UPLOAD_SCAN,
        Verb.WORK_CASE,
        Verb.MANAGE_TOKENS,
        Verb.CLAIM_RANGE,
        Verb.KEEP_REGISTER,
    },
    Role.READER: {Verb.READ},
    Role.AUDITOR: {Verb.READ, Verb.READ_AUDIT},
}


def fits(places: list[Place], verb: Verb, path: str) -> bool:
    """Whether a person with these places may do `verb` for the unit or campaign node at `path`."""
    for role, place in places:
        if verb not in MAY[role]:
            continue
        if verb in OWN:
            allowed = place == path
        elif verb in SUPERIOR:
            allowed = path.startswith(place) and path != place
        else:
            allowed = path.startswith(place)
        if allowed:
            return True
    return False


def may(user: User | AnonymousUser, verb: Verb, path: str) -> bool:
    """Whether the person may do `verb` for the unit or campaign node at `path`."""
    return fits(places_of(user), verb, path)


def still_may(maker: User | None, verb: Verb, path: str) -> bool:
    """Whether a code or a link that the person made at `path` still opens something: it lives no longer than
    the role by which it was made. What was made on the server (`maker` None) has no role that could end."""
    return maker is None or may(maker, verb, path)


def people_who_may(verb: Verb, path: str, person: str) -> Exists:
    """The same as a condition on rows, for a verb that needs a role there, or there and above: `path` and
    `person` are their fields."""
    seats = Membership.in_force.filter(
        user=OuterRef(person), user__is_active=True, role__in=[role for role in MAY if verb in MAY[role]]
    ).annotate(there=ExpressionWrapper(OuterRef(path), output_field=CharField()))
    how = "there" if verb in OWN else "there__startswith"
    at = Q((how, F("unit__path"))) | Q((how, F("unit__held_paths__path")))
    return Exists(seats.filter(at))
