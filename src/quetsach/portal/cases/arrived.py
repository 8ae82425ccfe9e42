"""A document of sightings in machines and cases, for the answer to its sender."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from itertools import batched
from uuid import UUID

from django.urls import reverse

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.models import Alias, Case
from quetsach.portal.sightings.arrivals import Outcome


def outcome_of(node: CampaignNode, names: Collection[str], since: datetime) -> Outcome:
    """The machines that the reporter names, and their cases opened since that moment."""
    devices: set[UUID] = set()
    known: set[str] = set()
    opened: list[UUID] = []
    for some in batched(sorted(names), 400):
        for name, device in Alias.rows.filter(reporter=node, key__in=some).values_list("key", "device"):
            known.add(name)
            devices.add(device)
    for those in batched(sorted(devices), 400):
        opened += Case.rows.filter(device__in=those, opened_at__gte=since).values_list("pk", flat=True)
    slug = node.campaign.slug
    address = f"{reverse('cases', args=[slug])}?don-vi={node.pk}"
    if len(opened) == 1:
        address = reverse("case", args=[slug, opened[0]])
    unlisted = len(names) - len(known)
    return Outcome(len(devices) + unlisted, unlisted, len(opened), address)
