"""One cast for all portal tests: centre > province A > communes A1, A2; province B > commune B1.

People are named after their unit and role: `cast.user("A1", "officer")`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.test import Client

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import Campaign, CampaignNode
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
            Membership.rows.create(user=user, unit=self.units[unit], role=role)
            self.people[unit, role] = user
        return self.people[unit, role]

    def client(self, unit: str, role: str) -> Client:
        """A browser in which that person is signed in."""
        client = Client()
        client.force_login(
            self.user(unit, role), backend="allauth.account.auth_backends.AuthenticationBackend"
        )
        return client
