"""Which campaign speaks for the portal: its front page, its tools, the office that answers for what is kept.

Only campaigns of a unit without a superior do. Any other has its own address, and nothing more: whoever
coordinates a commune decides nothing for a whole province. That a national tree ends in one unit above all
provinces, which is no office, makes the provinces no less the highest.
"""

from __future__ import annotations

from django.db.models import F, Q, QuerySet

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.units.models import Unit
from quetsach.portal.units.national_actions import ROOT

_BELOW_NOBODY = Q(issuer__parent=None) | Q(
    issuer__parent__parent=None, issuer__parent__name=ROOT, issuer__parent__kind=Unit.Kind.OTHER
)


def running_campaigns() -> QuerySet[Campaign]:
    """All that run, of whatever unit, the one published last first."""
    rows = Campaign.objects.filter(status=Campaign.Status.PUBLISHED).select_related("issuer")
    return rows.order_by("-published_at")


def top_campaigns() -> list[Campaign]:
    """Those that run and are of a unit without a superior: the one put in front last, then by day."""
    rows = running_campaigns().filter(_BELOW_NOBODY)
    return list(rows.order_by(F("front_at").desc(nulls_last=True), "-published_at"))


def is_of_a_top_unit(campaign: Campaign) -> bool:
    """Whether the campaign may stand on the front page."""
    return Campaign.objects.filter(_BELOW_NOBODY, pk=campaign.pk).exists()


def front_campaign() -> Campaign | None:
    """What the front page shows: the campaign that was put there, else the one published last.

    None where several units without a superior run campaigns and none was put in front: chance decides
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
