"""Which unit may tell of an address: the unit whose range holds it, and units above and below that unit.

A unit that uploads a lease for an address of another unit would else take that unit's machine, with its case.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from uuid import UUID

from django.utils import timezone

from quetsach.machines.identity.scopes import related
from quetsach.machines.sources.outcome import FOREVER
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.machines.placing import Allows
from quetsach.portal.sightings.owners import Owners


def allowed(reporter: UUID, owners: Mapping[UUID, tuple[Owners, bool]]) -> Allows:
    """The rule for signs of a reporter. An address that no range below the reporter holds is anybody's."""
    ranges = owners[reporter][0]

    @cache
    def path_of(node: UUID) -> str:
        return CampaignNode.rows.values_list("unit__path", flat=True).get(pk=node)

    @cache
    def allows(path: str, address: str, at: int) -> bool:
        day = timezone.localdate(datetime.fromtimestamp(at // 1_000_000, UTC)) if at else timezone.localdate()
        holders = ranges.holders(address, day)
        return not holders or any(related(path, path_of(node)) for node in holders)

    return lambda path, address, at: allows(path, address, min(at, FOREVER))
