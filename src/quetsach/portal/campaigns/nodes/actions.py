"""Changes of frozen units while the campaign runs: always with a reason, and no figure counts twice."""

from __future__ import annotations

from django.db import transaction

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.cascade.actions import NotAllowedNowError
from quetsach.portal.campaigns.models import Campaign, CampaignNode

State = CampaignNode.State


@transaction.atomic
def change_node(
    node: CampaignNode,
    state: str,
    reason: str,
    actor: User,
    *,
    expected: bool = True,
    successor: CampaignNode | None = None,
    ip: str | None = None,
) -> CampaignNode:
    """Let a node take part, merge it into `successor`, or void it; set whether it must report.

    The figures of a node count only while it takes part. The report of a merged node stays readable, and the
    successor reports for both. Raises NotAllowedNowError: `closed`, `issuer`, `no_successor`.
    """
    node = (
        CampaignNode.rows.select_for_update(of=("self",), no_key=True)
        .select_related("campaign")
        .get(pk=node.pk)
    )
    if node.campaign.status != Campaign.Status.PUBLISHED:
        raise NotAllowedNowError("closed")
    if node.parent_id is None:
        raise NotAllowedNowError("issuer")
    if state == State.MERGED and not _can_succeed(node, successor):
        raise NotAllowedNowError("no_successor")
    before = {"state": node.state, "expected": node.expected}
    node.state, node.expected = state, expected
    node.successor = successor if state == State.MERGED else None
    node.save(update_fields=["state", "expected", "successor"])
    data = {
        "unit": node.name,
        "state": state,
        "expected": expected,
        "successor": node.successor.name if node.successor else "",
        "reason": reason,
        "before": before,
    }
    record(actor, "campaign.change_node", unit_path=node.path, about=node, data=data, ip=ip)
    return node


def _can_succeed(node: CampaignNode, successor: CampaignNode | None) -> bool:
    return (
        successor is not None
        and successor.pk != node.pk
        and successor.campaign_id == node.campaign_id
        and CampaignNode.rows.active().filter(pk=successor.pk).exists()
    )
