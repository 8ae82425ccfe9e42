"""One cast for all portal tests: centre > province A > communes A1, A2; province B > commune B1.

People are named after their unit and role: `cast.user("A1", "officer")`.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Model, QuerySet
from django.test import Client
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.cascade.actions import publish
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.units.actions import create_unit
from quetsach.portal.units.models import Membership, Network, Unit

PASSWORD = "quet-sach-123"


@dataclass
class Cast:
    units: dict[str, Unit]
    campaign: Campaign
    nodes: dict[str, CampaignNode]
    people: dict[tuple[str, str], User] = field(default_factory=dict)

    def user(self, unit: str, role: str) -> User:
        """The person with that role in that unit."""
        if (unit, role) not in self.people:
            name = f"{role}-{unit}".lower()
            user = User.objects.create_user(name, password=PASSWORD, full_name=name)
            Membership.ever.create(user=user, unit=self.units[unit], role=role)
            self.people[unit, role] = user
        return self.people[unit, role]

    def client(self, unit: str, role: str) -> Client:
        """A browser in which that person is signed in."""
        client = Client()
        client.force_login(
            self.user(unit, role), backend="allauth.account.auth_backends.AuthenticationBackend"
        )
        return client


@dataclass
class _Kept:
    """The cast of an earlier test, with all its rows."""

    cast: Cast
    rows: list[Model]
    made_at: datetime


MODELS = (User, Unit, Network, Membership, Campaign, CampaignNode, Entry)
"""The models of all rows that making the cast leaves (tests/portal/test_cast.py)."""
MOST_MINUTES = 5
_kept: list[_Kept] = []


def tree_and_campaign() -> Cast:
    """The units, and the campaign that their centre published.

    Made by the portal's own actions every few minutes, and written again in between, which is less work.
    """
    if any(QuerySet(model).exists() for model in (Entry, Unit, User)):
        return made_by_actions()
    since = timezone.now() - _kept[0].made_at if _kept else None
    if since is None or not timedelta(0) <= since < timedelta(minutes=MOST_MINUTES):
        made_at, cast = timezone.now(), made_by_actions()
        _kept[:] = [_Kept(deepcopy(cast), [row for model in MODELS for row in QuerySet(model)], made_at)]
        return cast
    with transaction.atomic():  # rows name each other, and a database gives them back in any order
        for row in _kept[0].rows:
            row.save_base(raw=True, force_insert=True)
    return deepcopy(_kept[0].cast)


def made_by_actions() -> Cast:
    shape = {
        "centre": (None, "ubnd_province", []),
        "A": ("centre", "ubnd_district", []),
        "A1": ("A", "ubnd_commune", ["10.1.1.0/24", "192.168.1.0/24"]),
        "A2": ("A", "ubnd_commune", ["10.1.2.0/24", "192.168.1.0/24"]),
        "B": ("centre", "ubnd_district", []),
        "B1": ("B", "ubnd_commune", ["10.2.1.0/24", "192.168.1.0/24"]),
    }
    units: dict[str, Unit] = {}
    for name, (parent, kind, networks) in shape.items():
        units[name] = create_unit(
            None,
            units[parent] if parent else None,
            f"Đơn vị {name}",
            kind=kind,
            networks=networks,
            doc_abbr="UBND",
        )
    campaign = Campaign.objects.create(
        slug="lam-sach",
        issuer=units["centre"],
        title="Chiến dịch làm sạch mã độc",
        due_at=timezone.now() + timedelta(days=12),
    )
    cast = Cast(units=units, campaign=campaign, nodes={})
    publish(campaign, cast.user("centre", "coordinator"))
    campaign.refresh_from_db()
    by_unit = {node.unit_id: node for node in campaign.nodes.all()}
    cast.nodes.update({name: by_unit[unit.pk] for name, unit in units.items()})
    return cast
