"""Reads: a unit's bundle, its progress, and the papers to put in."""

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
    """Numbers of papers: drawn, not drawable, and all."""

    drawn: int
    faulty: int
    all: int


def latest(node: CampaignNode) -> Bundle | None:
    """The node's newest bundle."""
    return Bundle.rows.filter(node=node).select_related("by").first()


def progress_of(bundle: Bundle) -> Progress:
    """The bundle's progress."""
    counts = bundle.parts.aggregate(
        drawn=Count("pk", filter=~Q(sha256="")), faulty=Count("pk", filter=~Q(fault="")), all=Count("pk")
    )
    return Progress(**counts)


def reported(node: CampaignNode) -> QuerySet[CampaignNode]:
    """Units at the node and below that have ever sent a report, superiors first."""
    found = active_nodes(node.campaign, node.path).exclude(report__current=None).filter(report__isnull=False)
    return found.order_by("depth", "position", "name")


def signed(node: CampaignNode) -> set[UUID]:
    """Units at the node and below that have a signed file of their report."""
    rows = SignedCopy.rows.filter(
        subtree(node.path, "signing__revision__report__node__path"),
        signing__revision__report__node__campaign=node.campaign_id,
    )
    return set(rows.values_list("signing__revision__report__node", flat=True).distinct().order_by())


def signed_copy(node: CampaignNode) -> SignedCopy | None:
    """The signed file in force of the unit's last signed report that has a file."""
    rows = SignedCopy.rows.filter(signing__revision__report__node=node)
    return rows.order_by("-signing__at", "-at", "-pk").first()


def left_to_draw(bundle: Bundle) -> QuerySet[BundlePart]:
    """Papers that are not drawn yet."""
    return bundle.parts.filter(sha256="", fault="").select_related("node__campaign", "node__unit__parent")
