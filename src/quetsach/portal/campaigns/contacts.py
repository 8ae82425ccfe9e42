"""Whom to call in a unit: the contact that the tree of offices holds, else somebody who has an account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.units.models import Membership, Role, Unit, subtree

ANSWERING = (Role.OFFICER, Role.COORDINATOR)
"""Roles that answer for a unit, the first to be called first."""

_FIELDS = ("contact_name", "contact_phone", "contact_email")


@dataclass(frozen=True)
class Contact:
    """Somebody of a unit who can be called or written to; `phone` and `email` may be empty."""

    name: str
    phone: str
    email: str = ""
    has_account: bool = False


def contacts(nodes: Iterable[CampaignNode]) -> dict[UUID, Contact]:
    """Whom to call, by node: an officer before a coordinator, and who has a phone before who has none."""
    by_unit = {node.unit_id: node.pk for node in nodes}
    members = Membership.rows.filter(
        unit__in=by_unit, role__in=ANSWERING, user__is_active=True
    ).select_related("user")
    ranked = sorted(members, key=lambda m: (m.role != Role.OFFICER, not m.user.phone, m.pk))
    found: dict[UUID, Contact] = {}
    for member in ranked:
        user = member.user
        person = Contact(user.get_full_name(), user.phone, user.email, has_account=True)
        found.setdefault(by_unit[member.unit_id], person)
    for unit, (name, phone, email) in _written_down(by_unit).items():
        person = found.get(by_unit[unit], Contact("", ""))
        found[by_unit[unit]] = Contact(
            name or person.name, phone or person.phone, email or person.email, person.has_account
        )
    return found


def _written_down(units: Iterable[UUID]) -> dict[UUID, tuple[str, str, str]]:
    rows = Unit.rows.filter(pk__in=list(units)).values_list("pk", *_FIELDS)
    return {pk: (name, phone, email) for pk, name, phone, email in rows if name or phone or email}


def reachable_units(path: str) -> set[UUID]:
    """The units at `path` and below with somebody to call."""
    members = Membership.rows.filter(
        subtree(path, "unit__path"), role__in=ANSWERING, user__is_active=True
    ).values_list("unit", flat=True)
    written = Unit.rows.filter(subtree(path)).exclude(contact_phone="").values_list("pk", flat=True)
    return {*members, *written}
