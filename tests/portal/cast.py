"""One cast for all portal tests: centre > province A > communes A1, A2; province B > commune B1.

People are named after their unit and role: `cast.user("A1", "officer")`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.cascade.actions import publish
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.units.actions import create_unit
from quetsach.portal.units.models import Membership, Unit

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


def tree_and_campaign() -> Cast:
    """The units, and the campaign that their centre published."""
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
