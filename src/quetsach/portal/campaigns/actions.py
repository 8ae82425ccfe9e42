"""What can be done to a campaign: one verb each, with its transaction and its audit entry."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.units.models import Unit, subtree


@transaction.atomic
def publish(campaign: Campaign, actor: User) -> list[CampaignNode]:
    """Publish the campaign and freeze the tree below its issuer. A second call changes nothing."""
    campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if campaign.status != Campaign.Status.DRAFT:
        return list(campaign.nodes.all())
    units = Unit.rows.filter(subtree(campaign.issuer.path), retired_at=None).order_by("path")
    nodes: dict[object, CampaignNode] = {}
    for unit in sorted(units, key=lambda u: u.path.count("/")):
        parent = nodes.get(unit.parent_id)
        nodes[unit.pk] = CampaignNode(
            campaign=campaign,
            unit=unit,
            parent=parent,
            path=unit.path,
            depth=parent.depth + 1 if parent else 0,
            position=unit.position,
            name=unit.name,
            code=unit.code,
            kind=unit.kind,
            doc_abbr=unit.doc_abbr,
            staff_count=unit.staff_count,
            due_at=campaign.due_at,
        )
    CampaignNode.rows.bulk_create(nodes.values())
    campaign.status = Campaign.Status.PUBLISHED
    campaign.published_at = timezone.now()
    campaign.published_by = actor
    campaign.save()
    record(
        actor, "campaign.publish", unit_path=campaign.issuer.path, about=campaign, data={"nodes": len(nodes)}
    )
    return list(nodes.values())
