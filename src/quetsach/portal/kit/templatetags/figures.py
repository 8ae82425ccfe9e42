"""Template tags for figures that stand on several pages: with their name, scope and moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from quetsach.portal.kit.figures import REACHES, kind_of
from quetsach.portal.kit.templatetags.kit import num

register = template.Library()


@register.simple_tag
def figure(
    name: str,
    value: int | None,
    where: Any = None,
    reach: str = "",
    *,
    at: datetime | None = None,
    row: str = "",
    text: str | Promise = "",
) -> SafeString:
    """A figure, such as {% figure "units.received" seen.acknowledged seat.node "below" %}.

    `where` is the row that it is about, `reach` how far it reaches, `at` its moment (default: now). Without
    `where` the element around it says so (`figures_of`). `row` is the kind of a name with kinds. `text` is a
    sentence that contains the figure, shown in its place.
    """
    name = f"{name}.{row}" if row else name
    kind = kind_of(name)
    if where is None or where == "":
        return format_html('<data data-figure="{}">{}</data>', name, num(value))
    return format_html(
        '<data value="{}" data-figure="{}" data-scope="{}" data-moment="{}" title="{}">{}</data>',
        "" if value is None else value, name, scope_of(where, reach), _moment(at), kind.says,
        text or num(value),
    )  # fmt: skip


def in_chart(name: str, value: int | None, where: Any, reach: str, at: datetime | None = None) -> SafeString:
    """A figure in the text of a chart, with name, scope and moment like others. SVG has no element `data`."""
    kind_of(name)  # an unknown name shows at once
    return format_html(
        '<tspan data-figure="{}" data-scope="{}" data-moment="{}">{}</tspan>',
        name, scope_of(where, reach), _moment(at), num(value),
    )  # fmt: skip


def sentence(text: str, **parts: str) -> SafeString:
    """A translated text with `%(name)s` in it, filled with figures; the rest of it is escaped."""
    return SafeString(
        conditional_escape(text) % {name: conditional_escape(part) for name, part in parts.items()}
    )


@register.simple_tag
def figures_of(where: Any, reach: str = "", *, at: datetime | None = None) -> SafeString:
    """Attributes of an element, such as a line of a table: scope and moment of all figures in it."""
    return format_html(' data-scope="{}" data-moment="{}"', scope_of(where, reach), _moment(at))


@register.filter
def in_line(value: int | None) -> SafeString:
    """A figure in a line of a long table, named by the heading of its column: a province has 168 lines.

    The table has `figures_of` and `data-lines`, which says how far the figures of a line reach; the line is
    about the unit that its first link leads to, or has a `scope`. The heading has `data-figure`.
    """
    return num(value)


@register.simple_tag
def scope(where: Any, reach: str = "") -> SafeString:
    """The scope alone, for a line of a table that has the moment."""
    return format_html(' data-scope="{}"', scope_of(where, reach))


def scope_of(where: Any, reach: str) -> str:
    """The scope as text: kind and key of the row, and how far the figure reaches."""
    meta = getattr(where, "_meta", None)
    # A place in the tree is read as a node, or as the columns of one that a sum needs.
    kind = "unit" if meta is None or meta.model_name == "campaignnode" else meta.model_name
    if reach:
        REACHES[reach]  # a wrong word shows at once
    return f"{kind}:{where.pk}{f':{reach}' if reach else ''}"


def _moment(at: datetime | None) -> str:
    return (at or timezone.now()).isoformat(timespec="seconds")
