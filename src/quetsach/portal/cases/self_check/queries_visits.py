"""The names of the units that visits of the self-check belong to."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.units.models import subtree


def names_of(units: Iterable[UUID], node: CampaignNode) -> dict[UUID, str]:
    """The names of those of the units that lie within the node's part of the campaign."""
    inside = CampaignNode.rows.filter(subtree(node.path), campaign=node.campaign_id, unit__in=list(units))
    return dict(inside.values_list("unit", "name"))
