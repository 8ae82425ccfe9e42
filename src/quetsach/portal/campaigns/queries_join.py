"""Reads about joining: who has an account, who has a code, and which unit a code belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from quetsach.portal.campaigns.contacts import ANSWERING
from quetsach.portal.campaigns.joining import digest
from quetsach.portal.campaigns.models import Campaign, CampaignNode, JoinCode
from quetsach.portal.campaigns.queries import active_nodes
from quetsach.portal.units.models import Membership, path_segment

_SEGMENT = len(path_segment(CampaignNode().pk))


def invited_nodes(node: CampaignNode) -> QuerySet[CampaignNode]:
    """The active nodes strictly below."""
    return active_nodes(node.campaign, node.path).exclude(pk=node.pk).order_by("depth", "position", "name")


def invitations(node: CampaignNode, *, deep: bool, everyone: bool) -> QuerySet[CampaignNode]:
    """Nodes directly below, or at all levels where `deep`; those without an account, or `everyone`.

    Annotated with `has_account`, `code_at` (a live code's issue) and `code_until`.
    """
    members = Membership.rows.filter(unit=OuterRef("unit"), role__in=ANSWERING, user__is_active=True)
    live = JoinCode.rows.filter(node=OuterRef("pk"), used_at=None, revoked_at=None)
    nodes = invited_nodes(node).annotate(
        has_account=Exists(members),
        code_at=Subquery(live.values("issued_at")[:1]),
        code_until=Subquery(live.values("expires_at")[:1]),
    )
    if not deep:
        nodes = nodes.filter(parent=node)
    return nodes if everyone else nodes.filter(has_account=False)


def by_code(code: str) -> JoinCode | None:
    """The code's row with its node and campaign."""
    rows = JoinCode.rows.select_related("node__campaign__issuer")
    return rows.filter(digest=digest(code)).first()


class HasPlace(Protocol):
    """What stands somewhere in the tree."""

    @property
    def pk(self) -> UUID: ...
    @property
    def path(self) -> str: ...


def trails(nodes: Iterable[HasPlace], campaign: Campaign, *, below: str = "") -> dict[UUID, str]:
    """The names above each node, for telling apart units of one name: from the issuer down. One query.

    With `below` only of what stands below that path.
    """
    nodes = list(nodes)
    first = len(below) + _SEGMENT
    above = {node.path[:end] for node in nodes for end in range(first, len(node.path), _SEGMENT)}
    names = dict(CampaignNode.rows.filter(campaign=campaign, path__in=above).values_list("path", "name"))
    return {
        node.pk: " › ".join(
            names[node.path[:end]]
            for end in range(first, len(node.path), _SEGMENT)
            if node.path[:end] in names
        )
        for node in nodes
    }
