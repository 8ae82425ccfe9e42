"""The contact of a unit: the person that the tree of offices names, else a member who has an account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple
from uuid import UUID

from django.db.models import F, Value

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.units.models import Membership, Role, Unit, subtree
from quetsach.text.vietnamese import sort_key

ANSWERING = (Role.OFFICER, Role.COORDINATOR)
"""Roles that answer for a unit; the first role is called first."""

_FIELDS = ("contact_name", "contact_phone", "contact_email")


@dataclass(frozen=True)
class Contact:
    """A person of a unit who can be called or written to; `phone` and `email` may be empty.

    `today` is the unit's present name if it has changed since the freezing, or the names of its successors.
    """

    name: str
    phone: str
    email: str = ""
    has_account: bool = False
    today: str = ""


def contacts(nodes: Iterable[CampaignNode]) -> dict[UUID, Contact]:
    """The person to call, by node: officers before coordinators, people with a phone before people without.

    For a unit that has ended, the contact of its successors comes before its own.
    """
    nodes = list(nodes)
    own, heirs = _written_down(nodes)
    of_unit = _of_units({**own, **{pk: one for units in heirs.values() for pk, one in units.items()}})
    found: dict[UUID, Contact] = {}
    for node in nodes:
        unit = own[node.unit_id]
        after = heirs.get(node.path, {}) if unit.has_ended else {}
        known = [of_unit[unit] for unit in (*after, node.unit_id) if unit in of_unit]
        best = next((one for one in known if one.phone or one.email), known[0] if known else None)
        today = ", ".join(one.unit for one in after.values())
        if not unit.has_ended and unit.unit != node.name:
            today = unit.unit
        if best is not None or today:
            found[node.pk] = replace(best or Contact("", ""), today=today)
    return found


class _Written(NamedTuple):
    unit: str
    has_ended: bool
    name: str
    phone: str
    email: str


type _ByUnit = dict[UUID, _Written]


def _written_down(nodes: list[CampaignNode]) -> tuple[_ByUnit, dict[str, _ByUnit]]:
    """Contacts in the tree: of the nodes' own units, and of the units that act at their paths. One query."""
    columns = ("pk", "at", "name", "retired_at", *_FIELDS)
    units = Unit.rows.filter(pk__in=[node.unit_id for node in nodes]).annotate(at=Value("")).order_by()
    heirs = Unit.rows.filter(held_paths__path__in=[node.path for node in nodes], retired_at=None).order_by()
    rows = (
        units.values_list(*columns)
        .union(heirs.annotate(at=F("held_paths__path")).values_list(*columns), all=True)
        .order_by()
    )
    own: _ByUnit = {}
    after: dict[str, _ByUnit] = {}
    for pk, at, unit, retired_at, *contact in sorted(rows, key=lambda row: sort_key(row[2])):
        into = after.setdefault(at, {}) if at else own
        into[pk] = _Written(unit, retired_at is not None, *contact)
    return own, after


def _of_units(written: _ByUnit) -> dict[UUID, Contact]:
    members = Membership.in_force.filter(
        unit__in=list(written), role__in=ANSWERING, user__is_active=True
    ).select_related("user")
    ranked = sorted(members, key=lambda m: (m.role != Role.OFFICER, not m.user.phone, m.pk))
    found: dict[UUID, Contact] = {}
    for member in ranked:
        user = member.user
        person = Contact(user.get_full_name(), user.phone, user.email, has_account=True)
        found.setdefault(member.unit_id, person)
    for unit, (_unit, _ended, name, phone, email) in written.items():
        if name or phone or email:
            person = found.get(unit, Contact("", ""))
            found[unit] = Contact(
                name or person.name, phone or person.phone, email or person.email, person.has_account
            )
    return found


def reachable_units(path: str) -> set[UUID]:
    """The units at `path` and below with somebody to call."""
    members = Membership.in_force.filter(
        subtree(path, "unit__path"), role__in=ANSWERING, user__is_active=True
    ).values_list("unit", flat=True)
    written = Unit.rows.filter(subtree(path)).exclude(contact_phone="").values_list("pk", flat=True)
    return {*members, *written}
