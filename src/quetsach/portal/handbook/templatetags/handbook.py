"""The link from a page to its help."""

from __future__ import annotations

from django import template

from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.handbook.leading import help_for

register = template.Library()


@register.simple_tag(takes_context=True)
def help_here(context: template.Context) -> str:
    """The address of the help for this page."""
    seat, request = context.get("seat"), context.get("request")
    is_superior = isinstance(seat, Seat) and seat.home.has_below
    return help_for(request.resolver_match if request else None, is_superior=is_superior)
