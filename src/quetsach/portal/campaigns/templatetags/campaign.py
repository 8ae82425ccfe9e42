"""Template tags for pages of a campaign."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from django import template
from django.utils import timezone

from quetsach.portal.campaigns import nav
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.campaigns.seat import Seat, last_seat
from quetsach.portal.units.roles import places_of

register = template.Library()


@register.simple_tag(takes_context=True)
def frame_seat(context: template.Context) -> Seat | None:
    """The seat in the head and the navigation of a page: that of its campaign, or on pages of none and of a
    draft the seat in the campaign that the person looked at last."""
    seat = context.get("seat")
    if isinstance(seat, Seat) and seat.campaign.status != Campaign.Status.DRAFT:
        return seat
    request = context["request"]
    if not hasattr(request, "frame_seat"):
        request.frame_seat = last_seat(request)
    found: Seat | None = request.frame_seat
    return found


@register.inclusion_tag("campaigns/doors.html", takes_context=True)
def doors(context: template.Context, seat: Seat | None) -> dict[str, object]:
    """The navigation of all pages of work; the view's `door` or route name marks the open page."""
    request = context["request"]
    match = request.resolver_match
    route = str(context.get("door") or (match.url_name if match else ""))
    every_day = nav.every_day(seat) if seat else nav.outside(places_of(request.user))
    groups = nav.groups(seat) if seat else []
    links = [*every_day, *(door for _heading, doors in groups for door in doors)]
    exact = (door for door in links if door["route"] == route)
    family = (door for door in links if door["family"] and route.startswith(str(door["family"])))
    return {"every_day": every_day, "groups": groups, "current": next(exact, next(family, None))}


@register.simple_tag
def mailto(address: str, subject: str, body: str) -> str:
    """An address that opens the reader's own mail program with all fields filled in."""
    return (
        f"mailto:{quote(address, safe='@')}?{urlencode({'subject': subject, 'body': body}, quote_via=quote)}"
    )


@register.filter
def last_day(due_at: datetime) -> str:
    """The last day in time, dd/mm/yyyy, for a deadline given as the first moment that is late."""
    return f"{timezone.localdate(due_at - timedelta(microseconds=1)):%d/%m/%Y}"
