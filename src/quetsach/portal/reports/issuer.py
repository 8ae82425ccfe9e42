"""The seat for settings of a campaign's reports: only people of the issuing office have it."""

from __future__ import annotations

from django.http import Http404, HttpRequest

from quetsach.portal.campaigns.seat import Seat, take_seat
from quetsach.portal.units.roles import Verb


def take_issuer_seat(request: HttpRequest, slug: str) -> Seat:
    """The person's seat at the top node of the campaign, or 404."""
    seat = take_seat(request, slug, verb=Verb.PUBLISH)
    if seat.node.parent_id is not None:
        raise Http404
    return seat
