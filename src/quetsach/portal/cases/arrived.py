"""A document of sightings in machines and cases, for the answer to its sender."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import batched
from uuid import UUID

from django.urls import reverse

from quetsach.portal.campaigns.arrivals import Outcome
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.models import Alias, Case, CaseSighting

_AT_ONCE = 5000


def _names(node: CampaignNode, some: Collection[str]) -> Iterable[tuple[str, UUID]]:
    """The reporter's names of machines; a machine that turned out to be another one is not counted twice."""
    rows = Alias.rows.filter(reporter=node, key__among=set(some), device__merged_into=None)
    return rows.values_list("key", "device")


def _by_translation(node: CampaignNode, some: Collection[str]) -> Iterable[tuple[str, UUID]]:
    """The machines behind translated addresses and cards of lines that name nothing else."""
    links = CaseSighting.rows.filter(sighting__node=node, sighting__device="", case__device__merged_into=None)
    for field in ("sighting__nat", "sighting__card"):
        yield from (
            links.filter(**{f"{field}__among": set(some)}).values_list(field, "case__device").distinct()
        )


def outcome_of(node: CampaignNode, names: Collection[str], since: datetime) -> Outcome:
    """The machines that the reporter names, and their cases opened since that moment."""
    devices: set[UUID] = set()
    known: set[str] = set()
    opened: list[UUID] = []
    for some in batched(sorted(names), _AT_ONCE):
        for name, device in _names(node, some):
            known.add(name)
            devices.add(device)
        if left := [one for one in some if one not in known]:
            for name, device in _by_translation(node, left):
                known.add(name)
                devices.add(device)
    for those in batched(sorted(devices), _AT_ONCE):
        opened += Case.rows.filter(device__id__among=set(those), opened_at__gte=since).values_list(
            "pk", flat=True
        )
    slug = node.campaign.slug
    address = f"{reverse('cases', args=[slug])}?don-vi={node.pk}"
    if len(opened) == 1:
        address = reverse("case", args=[slug, opened[0]])
    unlisted = len(names) - len(known)
    return Outcome(len(devices) + unlisted, unlisted, len(opened), address)
