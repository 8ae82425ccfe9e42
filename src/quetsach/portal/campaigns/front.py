"""The campaign that speaks for the portal: on the front page, on the tools page, and about personal data.

Only campaigns of the highest units do (`units.queries.highest`): none of their superiors has a coordinator.
Any other campaign has only its own address: a coordinator of a commune decides nothing for a district that
takes part.
"""

from __future__ import annotations

from django.db.models import F, QuerySet

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.kit.compiled import compiled
from quetsach.portal.units.models import Unit
from quetsach.portal.units.queries import highest


def running_campaigns() -> QuerySet[Campaign]:
    """All running campaigns of all units, the newest first."""
    rows = Campaign.objects.filter(status=Campaign.Status.PUBLISHED).select_related("issuer")
    return rows.order_by("-published_at")


@compiled
def running_now() -> QuerySet[Campaign]:
    """The rows of `running_campaigns` without their long texts, for a page that many strangers open."""
    return running_campaigns().only(
        "slug", "title", "contact", "check_days", "published_at", "front_at", "issuer__name", "issuer__path"
    )


def top_campaigns() -> list[Campaign]:
    """Running campaigns of the highest units: the campaign put in front last comes first, then the newest."""
    rows = _by_front()
    units = {unit.pk for unit in highest(one.issuer for one in rows)}
    return [one for one in rows if one.issuer_id in units]


@compiled
def _by_front() -> QuerySet[Campaign]:
    return running_campaigns().order_by(F("front_at").desc(nulls_last=True), "-published_at")


def is_of_a_top_unit(campaign: Campaign) -> bool:
    """Whether the campaign may stand on the front page."""
    return bool(highest([campaign.issuer]))


def front_campaign() -> Campaign | None:
    """The campaign on the front page: the campaign that somebody put there, else the newest one.

    None where several of the highest units run campaigns and nobody put one in front: chance decides nothing
    between equals.
    """
    return in_front(top_campaigns())


def in_front(found: list[Campaign]) -> Campaign | None:
    """The front campaign of the result of `top_campaigns`."""
    if not found:
        return None
    is_decided = found[0].front_at is not None or len({one.issuer_id for one in found}) == 1
    return found[0] if is_decided else None


def answering_issuer() -> Unit | None:
    """The office that answers people without a unit: the front campaign's issuer, else the oldest issuer."""
    found = top_campaigns()
    front = in_front(found)
    if front is not None:
        return front.issuer
    return min((one.issuer for one in found), key=lambda unit: (unit.created_at, unit.pk), default=None)
