"""Sightings that wait for their cases, and how many are taken at once."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.sightings.models import Sighting

BATCH = 400
"""Machines that are looked up together."""
MOST = 1600
"""Rows of these machines that are taken together."""


def waiting_rows(campaign: Campaign) -> QuerySet[Sighting]:
    """The listed sightings of a campaign that no case has taken yet."""
    return Sighting.rows.filter(is_pulled=False, is_listed=True, node__campaign=campaign)


def names_at_once(waiting: QuerySet[Sighting]) -> set[str]:
    """Names of at most BATCH machines, whose waiting rows are at most MOST: then each is looked up once. A
    first machine with more rows stands alone."""
    # A push tells the rows of a machine one after another; a file of a scan is in the order of indicators.
    names = list(dict.fromkeys(waiting.values_list("device", flat=True)[:MOST]))[:BATCH]
    counts = waiting.order_by().filter(device__among=names).values_list("device").annotate(Count("pk"))
    rows, held = dict(counts), 0
    for taken, name in enumerate(names):
        held += rows.get(name, 0)
        if held > MOST:
            return set(names[: max(taken, 1)])
    return set(names)
