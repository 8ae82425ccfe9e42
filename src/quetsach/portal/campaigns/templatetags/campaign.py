"""Template tags that know campaigns."""

from __future__ import annotations

from django import template

from quetsach.portal.campaigns import nav
from quetsach.portal.campaigns.seat import Seat

register = template.Library()


@register.inclusion_tag("campaigns/doors.html", takes_context=True)
def doors(context: template.Context, seat: Seat) -> dict[str, object]:
    """The navigation of a campaign's inner pages; the view's `door` or route name tells which is open."""
    match = context["request"].resolver_match
    return {"doors": nav.doors(seat), "current": context.get("door") or (match.url_name if match else "")}
