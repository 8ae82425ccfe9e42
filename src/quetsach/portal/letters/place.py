"""Access to a unit's letters: by its seat, or by the issuer's seat while the campaign is a draft."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest

from quetsach.portal.campaigns.issuing.desk import draft_seat
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.campaigns.seat import Seat, take_seat
from quetsach.portal.units.roles import Verb


def take_place(request: HttpRequest, slug: str, node_id: UUID, verb: Verb = Verb.READ) -> Seat:
    """As `take_seat`. A draft has no nodes: the issuer's unit id stands for its node, then and later."""
    seat = draft_seat(request, slug)
    if seat is None:
        top = CampaignNode.rows.filter(campaign__slug=slug, parent=None, unit=node_id).first()
        return take_seat(request, slug, top.pk if top else node_id, verb)
    if seat.node.pk != node_id or not seat.may(verb):
        raise Http404
    return seat


def is_draft(seat: Seat) -> bool:
    """Whether only the issuer's coordinators see the campaign yet."""
    return seat.campaign.status == Campaign.Status.DRAFT
