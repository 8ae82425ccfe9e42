"""Reads about joining: accounts of units, their codes, and the unit of a code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, When

from quetsach.portal.campaigns.contacts import ANSWERING
from quetsach.portal.campaigns.joining.codes import digest
from quetsach.portal.campaigns.models import CampaignNode, JoinCode
from quetsach.portal.campaigns.queries import active_nodes
from quetsach.portal.units.models import HeldPath, Membership, Unit
from quetsach.portal.units.roles import Verb, people_who_may


def invited_nodes(node: CampaignNode) -> QuerySet[CampaignNode]:
    """The active nodes strictly below."""
    return active_nodes(node.campaign, node.path).exclude(pk=node.pk).order_by("depth", "position", "name")


@dataclass(frozen=True)
class Heir:
    """A successor without a node of its own: its people act at the nodes of the units that it took over."""

    name: str
    took_over: tuple[str, ...]


def heirs_below(node: CampaignNode) -> tuple[dict[UUID, Heir], set[UUID]]:
    """By node: the successor that it stands for. And the other nodes of successors, which stand for none.

    A successor stands at the highest node that it took over. If it has a node itself, that one stands for it.
    """
    ended = invited_nodes(node).filter(unit__retired_at__isnull=False)
    held = HeldPath.rows.filter(path__in=ended.order_by().values("path"), unit__retired_at=None)
    after = {path: (unit, name) for path, unit, name in held.values_list("path", "unit", "unit__name")}
    if not after:
        return {}, set()
    campaign = CampaignNode.rows.active().filter(campaign=node.campaign)
    known = set(
        campaign.filter(unit__in={unit for unit, _name in after.values()}).values_list("unit", flat=True)
    )
    taken: dict[UUID, list[CampaignNode]] = {}
    others: set[UUID] = set()
    for one in ended.filter(path__in=after):
        unit, _name = after[one.path]
        if unit in known or unit in taken:
            others.add(one.pk)
        if unit not in known:
            taken.setdefault(unit, []).append(one)
    names = dict(after.values())
    heirs = {
        nodes[0].pk: Heir(names[unit], tuple(one.name for one in nodes)) for unit, nodes in taken.items()
    }
    return heirs, others


def same_duties(nodes: Iterable[CampaignNode]) -> set[UUID]:
    """The nodes, and those of ended units whose duties went to the same people."""
    nodes = list(nodes)
    acting = HeldPath.rows.filter(path__in=[node.path for node in nodes], unit__retired_at=None)
    paths = HeldPath.rows.filter(unit__in=acting.values("unit")).values("path")
    ended = CampaignNode.rows.filter(
        campaign__in={node.campaign_id for node in nodes}, unit__retired_at__isnull=False, path__in=paths
    )
    return {*(node.pk for node in nodes), *ended.values_list("pk", flat=True)}


def units_joined(node: CampaignNode) -> list[Unit]:
    """The unit of a person who joins by the node's code: its own unit, or its successors."""
    if not node.unit.is_retired:
        return [node.unit]
    after = Unit.rows.filter(held_paths__path=node.path, retired_at=None).distinct()
    return list(after) or [node.unit]


def invitations(node: CampaignNode, *, deep: bool, everyone: bool) -> QuerySet[CampaignNode]:
    """Nodes directly below, or at all levels with `deep`; without an account, or all with `everyone`.

    Annotated with `has_account`, `code_at` (the issue of a live code) and `code_until`. For a unit that has
    ended, `has_account` is about its successor.
    """
    members = Membership.in_force.filter(role__in=ANSWERING, user__is_active=True)
    after = HeldPath.rows.filter(path=OuterRef("path"), unit__retired_at=None)
    of_heir = members.filter(unit__retired_at=None, unit__held_paths__path=OuterRef("path"))
    makers = people_who_may(Verb.INVITE, "node__path", "issued_by")
    live = JoinCode.rows.filter(makers, node=OuterRef("pk"), used_at=None, revoked_at=None)
    nodes = invited_nodes(node).annotate(
        has_account=Case(
            When(Q(unit__retired_at__isnull=False) & Q(Exists(after)), then=Exists(of_heir)),
            default=Exists(members.filter(unit=OuterRef("unit"))),
        ),
        code_at=Subquery(live.values("issued_at")[:1]),
        code_until=Subquery(live.values("expires_at")[:1]),
    )
    if not deep:
        nodes = nodes.filter(parent=node)
    return nodes if everyone else nodes.filter(has_account=False)


def without_way_in(node: CampaignNode) -> int:
    """The number of living units directly below that have neither an account nor a code."""
    rows: Any = invitations(node, deep=False, everyone=False).filter(unit__retired_at=None)
    found: int = rows.filter(code_at=None).count()
    return found


def by_code(code: str) -> JoinCode | None:
    """The code's row with its node and campaign."""
    rows = JoinCode.rows.select_related("node__campaign__issuer", "node__unit", "issued_by")
    return rows.filter(digest=digest(code)).first()
