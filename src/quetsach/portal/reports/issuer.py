"""The seat of those who set how a campaign takes its reports: in the office that issued it, nowhere else."""

from __future__ import annotations

from django.http import Http404, HttpRequest

from quetsach.portal.campaigns.seat import Seat, take_seat
from quetsach.portal.units.roles import Verb


def take_issuer_seat(request: HttpRequest, slug: str) -> Seat:
    """The person's seat on top of the campaign, or 404."""
    seat = take_seat(request, slug, verb=Verb.PUBLISH)
    if seat.node.parent_id is not None:
        raise Http404
    return seat
