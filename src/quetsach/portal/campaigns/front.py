"""Which campaign speaks for the portal: its front page, its tools, the office that answers for what is kept.

Only campaigns of the highest units do (`units.queries.highest`): none of their superiors has a coordinator.
Any other has its own address, and nothing more: whoever coordinates a commune decides nothing for a district
that takes part.
"""

from __future__ import annotations

from django.db.models import F, QuerySet

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.units.models import Unit
from quetsach.portal.units.queries import highest


def running_campaigns() -> QuerySet[Campaign]:
    """All that run, of whatever unit, the one published last first."""
    rows = Campaign.objects.filter(status=Campaign.Status.PUBLISHED).select_related("issuer")
    return rows.order_by("-published_at")


def top_campaigns() -> list[Campaign]:
    """Those that run and are of one of the highest units: the one put in front last, then by day."""
    rows = list(running_campaigns().order_by(F("front_at").desc(nulls_last=True), "-published_at"))
    units = {unit.pk for unit in highest(one.issuer for one in rows)}
    return [one for one in rows if one.issuer_id in units]


def is_of_a_top_unit(campaign: Campaign) -> bool:
    """Whether the campaign may stand on the front page."""
    return bool(highest([campaign.issuer]))


def front_campaign() -> Campaign | None:
    """What the front page shows: the campaign that was put there, else the one published last.

    None where several of the highest units run campaigns and none was put in front: chance decides
    nothing between equals.
    """
    return in_front(top_campaigns())


def in_front(found: list[Campaign]) -> Campaign | None:
    """The same of `top_campaigns`."""
    if not found:
        return None
    is_decided = found[0].front_at is not None or len({one.issuer_id for one in found}) == 1
    return found[0] if is_decided else None


def answering_issuer() -> Unit | None:
    """The office to which people without a unit turn: that of the front page, else the oldest."""
    found = top_campaigns()
    front = in_front(found)
    if front is not None:
        return front.issuer
    return min((one.issuer for one in found), key=lambda unit: (unit.created_at, unit.pk), default=None)
