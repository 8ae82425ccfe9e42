"""Keeps the mark `is_listed` of sightings in line with the versions of a campaign's list."""

from __future__ import annotations

from itertools import batched

from django.db import transaction

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.indicators import queries as indicators
from quetsach.portal.kit.inserting import AT_ONCE
from quetsach.portal.sightings.models import Sighting


def relist(campaign: Campaign) -> int:
    """Look up again the sightings that were on no list of the campaign; returns how many are on it now."""
    current = indicators.current(campaign)
    if current is None or current.version is None:
        return 0
    waiting = Sighting.rows.filter(
        node__campaign=campaign, is_listed=False, checked_version__lt=current.version
    )
    now_listed = 0
    while some := list(waiting.order_by("pk").values_list("pk", "indicator")[:AT_ONCE]):
        listing = indicators.listing(campaign.pk, current.set_id, {indicator for _pk, indicator in some})
        with transaction.atomic():
            for rows in batched(some, 400):
                listed = [pk for pk, indicator in rows if indicator in listing.names]
                these = Sighting.rows.filter(is_listed=False, pk__in=[pk for pk, _indicator in rows])
                now_listed += these.filter(pk__in=listed).update(is_listed=True, is_pulled=False)
                these.update(checked_version=current.version)
    return now_listed


def unlist(campaign: Campaign) -> int:
    """Take the mark `is_listed` from sightings whose indicator stands on withdrawn versions only; returns how
    many. A later version that lists the indicator gives the mark back (`relist`)."""
    current = indicators.current(campaign)
    version = current.version if current is not None else 0
    listed = Sighting.rows.filter(node__campaign=campaign, is_listed=True)
    names = set(listed.order_by().values_list("indicator", flat=True).distinct())
    names &= indicators.names_on(indicators.withdrawn(campaign.pk), names)
    names -= indicators.names_on(indicators.versions(campaign), names)
    changed = 0
    for some in batched(sorted(names), 400):
        changed += listed.filter(indicator__in=some).update(is_listed=False, checked_version=version)
    return changed
