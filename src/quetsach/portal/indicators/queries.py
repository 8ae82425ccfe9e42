"""Reads about a campaign's lists."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from quetsach.portal.campaigns.front import top_campaigns
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.indicators import store
from quetsach.portal.indicators.models import IndicatorSet

PUBLISHED = IndicatorSet.Status.PUBLISHED


def versions(campaign: Campaign | OuterRef) -> QuerySet[IndicatorSet]:
    """The published lists of a campaign, the list in force first."""
    return IndicatorSet.rows.filter(campaign=campaign, status=PUBLISHED).order_by("-version")


def current(campaign: Campaign) -> IndicatorSet | None:
    """The list in force: the latest version."""
    return versions(campaign).first()


def first_published_at() -> Subquery:
    """An expression over Campaign: when its first list was published; None before that."""
    return Subquery(versions(OuterRef("pk")).order_by("version").values("published_at")[:1])


def published(campaign_id: UUID, set_id: str) -> IndicatorSet | None:
    """The campaign's latest version with that set id; None if the campaign never published that list."""
    return (
        IndicatorSet.rows.filter(campaign=campaign_id, status=PUBLISHED, set_id=set_id)
        .order_by("-version")
        .first()
    )


def campaigns_of_set(set_id: str) -> set[UUID]:
    """The campaigns that published the list."""
    return set(IndicatorSet.rows.filter(status=PUBLISHED, set_id=set_id).values_list("campaign", flat=True))


@dataclass(frozen=True, slots=True)
class Listing:
    """The names that are on the campaign's list, and the version in force (0: there is none)."""

    names: set[str]
    version: int


def listing(campaign_id: UUID, set_id: str, names: set[str]) -> Listing:
    """The names that count for a scan. If the campaign published the scan's list, they are looked up in that
    list; else in the list in force, because a unit may scan with more names than the campaign ordered."""
    latest = IndicatorSet.rows.filter(campaign=campaign_id, status=PUBLISHED).order_by("-version").first()
    if latest is None or latest.version is None:
        return Listing(set(), 0)
    known = published(campaign_id, set_id)
    found = store.listed((known or latest).sha256, names)
    return Listing(found, latest.version)


def lists_of(campaign: Campaign) -> list[IndicatorSet]:
    """All published versions, the latest first."""
    return list(
        IndicatorSet.rows.filter(campaign=campaign, status=PUBLISHED)
        .select_related("published_by")
        .order_by("-version")
    )


def latest_lists() -> list[IndicatorSet]:
    """For the public page: the list in force of each published campaign; that of the front campaign first."""
    latest: dict[UUID, IndicatorSet] = {}
    rows = IndicatorSet.rows.filter(status=PUBLISHED).exclude(campaign__status=Campaign.Status.DRAFT)
    for row in rows.select_related("campaign").order_by("version"):
        latest[row.campaign_id] = row
    order = {campaign.pk: -place for place, campaign in enumerate(top_campaigns())}
    lowest = -len(order)
    return sorted(
        latest.values(),
        key=lambda s: (order.get(s.campaign_id, lowest), s.published_at or s.created_at),
        reverse=True,
    )


def published_of(slug: str) -> list[IndicatorSet]:
    """The published versions of a published campaign, the latest first; for everybody."""
    rows = IndicatorSet.rows.filter(campaign__slug=slug.replace("\0", ""), status=PUBLISHED)
    return list(
        rows.exclude(campaign__status=Campaign.Status.DRAFT).select_related("campaign").order_by("-version")
    )


def version_of(slug: str, version: int) -> IndicatorSet | None:
    """One published version; for everybody."""
    return next((row for row in published_of(slug) if row.version == version), None)


def draft_of(campaign: Campaign) -> IndicatorSet | None:
    """The list that waits for publishing."""
    return IndicatorSet.rows.filter(campaign=campaign, status=IndicatorSet.Status.DRAFT).first()
