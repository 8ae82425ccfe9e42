"""Where a person sits while looking at a campaign page: the campaign, one node of it, and what they may do there.

The only door from a URL to a campaign's inner pages. A stranger gets 404, so that nothing tells them what exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.http import Http404, HttpRequest

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.units.models import Membership
from quetsach.portal.units.roles import Verb, may


@dataclass
class Seat:
    """`node` is the one looked at; `home` the highest node in which the person serves in this campaign."""

    user: User
    campaign: Campaign
    node: CampaignNode
    home: CampaignNode

    def may(self, verb: str | Verb, node: CampaignNode | None = None) -> bool:
        """Whether the person may do `verb` at the node (default: the one looked at)."""
        return may(self.user, Verb(verb), (node or self.node).path)

    @cached_property
    def can(self) -> dict[str, bool]:
        """For templates: `seat.can.acknowledge`, at the node looked at."""
        return {verb.value: self.may(verb) for verb in Verb}

    @cached_property
    def can_home(self) -> dict[str, bool]:
        """For the navigation: what the person may do at home."""
        return {verb.value: self.may(verb, self.home) for verb in Verb}

    @cached_property
    def trail(self) -> list[CampaignNode]:
        """The nodes from home down to the one looked at."""
        nodes = CampaignNode.rows.filter(campaign=self.campaign, path__startswith=self.home.path)
        by_path = {n.path: n for n in nodes if self.node.path.startswith(n.path)}
        return [by_path[path] for path in sorted(by_path, key=len)]


def take_seat(request: HttpRequest, slug: str, node_id: UUID | None = None, verb: Verb = Verb.READ) -> Seat:
    """The person's seat, or 404 when the campaign, the node or the right is not theirs."""
    user = request.user
    if not isinstance(user, User):
        raise Http404
    campaign = Campaign.objects.exclude(status=Campaign.Status.DRAFT).filter(slug=slug).first()
    if campaign is None:
        raise Http404
    visible = CampaignNode.objects.visible_to(user).filter(campaign=campaign).select_related("unit")
    units = Membership.rows.filter(user=user).values("unit")
    home = visible.filter(unit__in=units).order_by("depth", "position").first()
    if home is None:
        raise Http404
    node = home if node_id is None else visible.filter(pk=node_id).first()
    if node is None or not may(user, verb, node.path):
        raise Http404
    return Seat(user=user, campaign=campaign, node=node, home=home)
