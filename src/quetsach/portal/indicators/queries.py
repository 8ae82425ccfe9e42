"""Reads about a campaign's lists.

The version in use is the latest version that stands: it was not withdrawn. All reads of it here build on
`standing`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, Max, OuterRef, QuerySet, Subquery

from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.front import top_campaigns
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.indicators import store
from quetsach.portal.indicators.models import IndicatorSet

PUBLISHED = IndicatorSet.Status.PUBLISHED


def standing() -> QuerySet[IndicatorSet]:
    """The published lists that were not withdrawn, the latest versions first."""
    return IndicatorSet.rows.filter(status=PUBLISHED, withdrawn_at=None).order_by("-version")


def versions(campaign: Campaign | UUID | OuterRef) -> QuerySet[IndicatorSet]:
    """The standing versions of a campaign, the list in force first."""
    return standing().filter(campaign=campaign)


def current(campaign: Campaign | UUID) -> IndicatorSet | None:
    """The list in force: the latest standing version."""
    return versions(campaign).first()


def is_same(one: IndicatorSet, other: IndicatorSet) -> bool:
    """Whether two lists have the same content: entries with families and files, and hashes."""
    return (one.sha256, one.hashes) == (other.sha256, other.hashes)


def alike(row: IndicatorSet) -> QuerySet[IndicatorSet]:
    """The standing versions with the row's content, among them the row itself if it stands."""
    return versions(row.campaign_id).filter(sha256=row.sha256, hashes=row.hashes)


def before(row: IndicatorSet) -> IndicatorSet | None:
    """The version whose content is in use after the row is withdrawn."""
    return versions(row.campaign_id).exclude(sha256=row.sha256, hashes=row.hashes).first()


def next_version(campaign_id: UUID) -> int:
    """The number of the next version; a withdrawn version keeps its number."""
    latest = IndicatorSet.rows.filter(campaign=campaign_id).aggregate(n=Max("version"))["n"]
    return (latest or 0) + 1


def first_published_at() -> Subquery:
    """An expression over Campaign: when its first list that stands was published; None without one."""
    return Subquery(versions(OuterRef("pk")).order_by("version").values("published_at")[:1])


def published(campaign_id: UUID, set_id: str) -> IndicatorSet | None:
    """The campaign's latest version with that set id, also a withdrawn one: a scan tells with which list it
    looked. None if the campaign never published that list."""
    return (
        IndicatorSet.rows.filter(campaign=campaign_id, status=PUBLISHED, set_id=set_id)
        .order_by("-version")
        .first()
    )


def campaigns_of_set(set_id: str) -> set[UUID]:
    """The campaigns that ever published the list."""
    return set(IndicatorSet.rows.filter(status=PUBLISHED, set_id=set_id).values_list("campaign", flat=True))


def names_on(rows: Iterable[IndicatorSet], names: Iterable[str]) -> set[str]:
    """Those of the names that stand on one of the lists."""
    left = set(names)
    found: set[str] = set()
    for sha256 in dict.fromkeys(row.sha256 for row in rows):
        if left:
            here = store.listed(sha256, left)
            found |= here
            left -= here
    return found


def withdrawn(campaign_id: UUID) -> QuerySet[IndicatorSet]:
    """The withdrawn versions of a campaign."""
    return IndicatorSet.rows.filter(campaign=campaign_id, status=PUBLISHED).exclude(withdrawn_at=None)


def withdrawn_before(row: IndicatorSet) -> IndicatorSet | None:
    """The latest withdrawn version with the row's entries, if they stand in no version: to publish the row
    would bring them back."""
    if row.withdrawn_at is not None or versions(row.campaign_id).filter(set_id=row.set_id).exists():
        return None
    same = withdrawn(row.campaign_id).filter(set_id=row.set_id)
    return same.select_related("withdrawn_by").order_by("-withdrawn_at").first()


def unfollowed(campaign_id: UUID) -> QuerySet[IndicatorSet]:
    """The versions whose last change has not reached sightings and cases yet."""
    return IndicatorSet.rows.filter(campaign=campaign_id, status=PUBLISHED, is_followed=False)


def standing_hashes(campaign_id: UUID) -> QuerySet[IndicatorSet, str]:
    """The stored hashes of files that came with standing versions: their SHA-256."""
    rows = versions(campaign_id).exclude(hashes="")
    return rows.order_by().values_list("hashes", flat=True).distinct()


@dataclass(frozen=True, slots=True)
class Listing:
    """The names that are on the campaign's list, and the version in force (0: there is none)."""

    names: set[str]
    version: int


def listing(campaign_id: UUID, set_id: str, names: set[str]) -> Listing:
    """The names that count for a scan. If the scan's list is a standing version of the campaign, they are
    looked up in that list; else in the list in force, because a unit may scan with more names than the
    campaign ordered."""
    latest = current(campaign_id)
    if latest is None or latest.version is None:
        return Listing(set(), 0)
    known = versions(campaign_id).filter(set_id=set_id).first()
    found = store.listed((known or latest).sha256, names)
    return Listing(found, latest.version)


def lists_of(campaign: Campaign) -> list[IndicatorSet]:
    """All versions ever published, the latest first."""
    return list(
        IndicatorSet.rows.filter(campaign=campaign, status=PUBLISHED)
        .select_related("published_by", "withdrawn_by")
        .order_by("-version")
    )


MOST_STEPS = 200
"""Steps of the history that the page shows."""


def steps_of(campaign: Campaign) -> list[Entry]:
    """What happened to the lists of the campaign that are still there, from the audit trail, the latest
    first."""
    rows = IndicatorSet.rows.filter(campaign=campaign).values_list("pk", flat=True)
    told = Entry.objects.filter(object_id__in=[str(pk) for pk in rows], action__startswith="indicators.")
    return list(told.order_by("-pk")[:MOST_STEPS])


def latest_lists() -> list[IndicatorSet]:
    """For the public page: the list in force of each published campaign; that of the front campaign first."""
    latest: dict[UUID, IndicatorSet] = {}
    rows = standing().exclude(campaign__status=Campaign.Status.DRAFT)
    for row in rows.select_related("campaign").order_by("version"):
        latest[row.campaign_id] = row
    order = {campaign.pk: -place for place, campaign in enumerate(top_campaigns())}
    lowest = -len(order)
    return sorted(
        latest.values(),
        key=lambda s: (order.get(s.campaign_id, lowest), s.published_at or s.created_at),
        reverse=True,
    )


def withdrawn_lists() -> list[IndicatorSet]:
    """For the public page: the last version of each published campaign that has no list any more."""
    gone: dict[UUID, IndicatorSet] = {}
    rows = IndicatorSet.rows.filter(status=PUBLISHED).exclude(campaign__status=Campaign.Status.DRAFT)
    without = rows.exclude(campaign__in=standing().values("campaign"))
    for row in without.select_related("campaign").order_by("withdrawn_at"):
        gone[row.campaign_id] = row
    return list(gone.values())


def withdrawn_numbers() -> dict[UUID, list[int]]:
    """By campaign: the numbers of its withdrawn versions, the lowest first. A version whose content stands
    again under a later number is left out."""
    found: dict[UUID, list[int]] = defaultdict(list)
    stands = IndicatorSet.rows.filter(
        campaign=OuterRef("campaign"), sha256=OuterRef("sha256"), status=PUBLISHED, withdrawn_at=None
    )
    rows = IndicatorSet.rows.filter(~Exists(stands), status=PUBLISHED).exclude(withdrawn_at=None)
    for campaign, version in rows.order_by("version").values_list("campaign", "version"):
        found[campaign].append(version or 0)
    return found


def ever_published_of(slug: str) -> QuerySet[IndicatorSet]:
    """All versions of a published campaign, also the withdrawn ones, the latest first; for everybody."""
    rows = IndicatorSet.rows.filter(campaign__slug=slug.replace("\0", ""), status=PUBLISHED)
    return (
        rows.exclude(campaign__status=Campaign.Status.DRAFT).select_related("campaign").order_by("-version")
    )


def published_of(slug: str) -> list[IndicatorSet]:
    """The standing versions of a published campaign, the list in force first; for everybody."""
    return list(ever_published_of(slug).filter(withdrawn_at=None))


def version_of(slug: str, version: int) -> IndicatorSet | None:
    """One published version, also a withdrawn one; for everybody."""
    return ever_published_of(slug).filter(version=version).first()


def version_by_id(campaign: Campaign, set_id: UUID) -> IndicatorSet | None:
    """A version or the draft of the campaign."""
    return IndicatorSet.rows.filter(campaign=campaign, pk=set_id).select_related("campaign__issuer").first()


def draft_of(campaign: Campaign) -> IndicatorSet | None:
    """The list that waits for publishing."""
    return IndicatorSet.rows.filter(campaign=campaign, status=IndicatorSet.Status.DRAFT).first()


def is_compared(draft: IndicatorSet) -> bool:
    """Whether the draft was compared with the version that is in use now."""
    now = current(draft.campaign_id)
    against: str | None = draft.difference.get("against")
    return against == (str(now.pk) if now is not None else None)
