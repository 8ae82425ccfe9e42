"""The link from a page to its help."""

from __future__ import annotations

from django import template

from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.handbook.leading import help_for, page_of_role

register = template.Library()


@register.simple_tag(takes_context=True)
def help_here(context: template.Context) -> str:
    """The address of the help for this page."""
    seat, request = context.get("seat"), context.get("request")
    role_page = page_of_role(seat if isinstance(seat, Seat) else None)
    return help_for(request.resolver_match if request else None, role_page)
