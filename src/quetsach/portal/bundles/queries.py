"""Which bundle a unit has, how far it is, and what there is to put in."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from quetsach.portal.bundles.models import Bundle, BundlePart
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.queries import active_nodes
from quetsach.portal.reports.models import SignedCopy
from quetsach.portal.units.models import subtree


@dataclass(frozen=True)
class Progress:
    """Papers drawn, those that cannot be drawn, and all."""

    drawn: int
    faulty: int
    all: int


def latest(node: CampaignNode) -> Bundle | None:
    """The bundle asked for last."""
    return Bundle.rows.filter(node=node).select_related("by").first()


def progress_of(bundle: Bundle) -> Progress:
    """How far it is."""
    told = bundle.parts.aggregate(
        drawn=Count("pk", filter=~Q(sha256="")), faulty=Count("pk", filter=~Q(fault="")), all=Count("pk")
    )
    return Progress(**told)


def reported(node: CampaignNode) -> QuerySet[CampaignNode]:
    """Units at the node and below that have ever sent a report, superiors first."""
    found = active_nodes(node.campaign, node.path).exclude(report__current=None).filter(report__isnull=False)
    return found.order_by("depth", "position", "name")


def signed(node: CampaignNode) -> set[UUID]:
    """Units at the node and below whose signed report is kept."""
    rows = SignedCopy.rows.filter(
        subtree(node.path, "signing__revision__report__node__path"),
        signing__revision__report__node__campaign=node.campaign_id,
    )
    return set(rows.values_list("signing__revision__report__node", flat=True).distinct().order_by())


def signed_copy(node: CampaignNode) -> SignedCopy | None:
    """The signed file in force of the report that the unit signed last and has the file of."""
    rows = SignedCopy.rows.filter(signing__revision__report__node=node)
    return rows.order_by("-signing__at", "-at", "-pk").first()


def left_to_draw(bundle: Bundle) -> QuerySet[BundlePart]:
    """Papers that nobody has drawn yet."""
    return bundle.parts.filter(sha256="", fault="").select_related("node__campaign", "node__unit__parent")
