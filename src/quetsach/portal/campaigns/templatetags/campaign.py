"""Template tags for pages of a campaign."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from django import template
from django.utils import timezone

from quetsach.portal.campaigns import nav
from quetsach.portal.campaigns.seat import Seat

register = template.Library()


@register.inclusion_tag("campaigns/doors.html", takes_context=True)
def doors(context: template.Context, seat: Seat) -> dict[str, object]:
    """The navigation of a campaign's inner pages; the view's `door` or route name marks the open page."""
    match = context["request"].resolver_match
    groups = nav.groups(seat)
    current = context.get("door") or (match.url_name if match else "")
    return {
        "every_day": nav.every_day(seat),
        "groups": groups,
        "current": current,
        "here": next(
            (door["label"] for _, doors in groups for door in doors if door["route"] == current), ""
        ),
    }


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
