"""Addresses in lines that are of no single machine: that of a whole network, and one that is listed itself.

Logs hold broadcasts, and a line may change the caller and the called. The page of the case gives the reason,
and figures count such an address apart from machines.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from django.utils import timezone

from quetsach.machines.evidence import Sign
from quetsach.machines.identity.keys import is_private
from quetsach.machines.identity.locating import SHARED, UNLOCATED, WEAK, Place
from quetsach.portal.indicators.queries import names_on, versions
from quetsach.portal.sightings.models import Sighting
from quetsach.portal.sightings.owners import Owners
from quetsach.text.canonical import address

WHOLE, LISTED = "whole network", "listed address"


class NoMachines:
    """The rules for rows of one reporter. What a table or the line tells of an address counts first."""

    def __init__(self, rows: Sequence[Sighting], ranges: Owners) -> None:
        public = {row.device for row in rows if address(row.device) == row.device}
        public = {one for one in public if not is_private(one)}
        self._listed = names_on(versions(rows[0].node.campaign_id), public) if public else set()
        self._ranges = ranges

    def judged(self, place: Place, sign: Sign) -> Place:
        """The place of a sign; that of no machine where its address is none."""
        if place.status not in (WEAK, SHARED) or not sign.address:
            return place
        day = timezone.localdate(datetime.fromtimestamp(sign.first // 1_000_000, UTC)) if sign.first else None
        day = day or timezone.localdate()
        if self._ranges.is_whole_network(sign.address, day):
            return Place(UNLOCATED, place.device, (), WHOLE, place.scope)
        if sign.address in self._listed and not self._ranges.holders(sign.address, day):
            return Place(UNLOCATED, place.device, (), LISTED, place.scope)
        return place
