"""Signs of cases in the reader's language."""

from __future__ import annotations

from django import template

from quetsach.portal.cases.victims.words import sign_called

register = template.Library()


@register.filter
def sign(name: str) -> str:
    """An address as it is, a kind of report in words."""
    return sign_called(name)
