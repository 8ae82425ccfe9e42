"""Template filters of letters."""

from __future__ import annotations

from django import template

from quetsach.portal.letters.forms import GROUPS

register = template.Library()
_LABELS = {box.name: box.label for group in GROUPS for box in group.boxes}


@register.filter
def box_label(name: str) -> str:
    """The label of an element's box; its bare name where it has none, such as the annex."""
    return str(_LABELS.get(name, name))
