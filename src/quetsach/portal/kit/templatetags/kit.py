"""Template tags for states, icons, figures and dates."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import template
from django.utils import timezone, translation
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from quetsach.portal.kit import address
from quetsach.portal.kit.language import language
from quetsach.portal.kit.masking import masked
from quetsach.text.language import size_in, translator
from quetsach.text.problems import explain

register = template.Library()

SHAPES = {"none", "bad", "busy", "ok", "unsure", "sent", "back", "draft"}
"""Shapes of the icon sprite. A state is shape + word + colour, to survive printing and colour blindness."""
_LONGEST_PROBLEM = 1_000
_UNKNOWN = SafeString("–")
_TINT = {"sent": "busy", "back": "bad", "draft": "none"}


_ICONS = {
    shape: format_html('<svg class="ico" aria-hidden="true"><use href="#i-{}"/></svg>', shape)
    for shape in SHAPES
}


@register.simple_tag
def icon(shape: str) -> SafeString:
    """An icon of the sprite in base.html."""
    return _ICONS[shape]


@register.simple_tag
def state(shape: str, word: Any) -> SafeString:
    """A state chip, such as {% state "ok" _("clean") %}."""
    tint = _TINT.get(shape, shape)
    return SafeString(f'<span class="state st-{tint}">{icon(shape)}{conditional_escape(word)}</span>')


@register.simple_tag
def portal_is_addressed() -> bool:
    """Whether the portal knows the address that other people open it by."""
    return address.is_known()


@register.simple_tag(takes_context=True)
def portal_address(context: Any, path: str) -> str:
    """The portal's own address with a path behind it, for a reader who copies it."""
    return address.on_screen(context["request"], path)


@register.filter
def explained(problem: str, path: str = "") -> str:
    """A problem of a scanner in the reader's language, without `path` before it. A problem longer than any
    that a scanner tells stays as it is."""
    if language() == "en" or len(problem) > _LONGEST_PROBLEM:
        return problem.removeprefix(f"{path}: ") if path else problem
    return explain(problem, path, translator(language()))


@register.filter
def num(value: Any) -> SafeString:
    """1234 as 1.234 in Vietnamese and 1,234 in English; a dash for None."""
    if value is None or value == "":
        return _UNKNOWN
    text = f"{int(value):,}"
    is_vietnamese = "," in text and (translation.get_language() or "vi").startswith("vi")
    return SafeString(text.replace(",", ".") if is_vietnamese else text)


@register.filter
def between(value: tuple[int, int] | None) -> SafeString:
    """A number of which only the bounds are known: 5 – 8, or 5 where both are one; a dash for None."""
    if value is None or value[0] == value[1]:
        return num(value and value[0])
    return SafeString(f"{num(value[0])} – {num(value[1])}")


@register.filter
def size(value: float) -> str:
    """A number of bytes in units of 1000, such as 24,3 MB: as in checksum files and on the command line."""
    return size_in(language(), value)


@register.filter
def day(value: date | None) -> str:
    """dd/mm/yyyy on the portal's calendar."""
    if value is None:
        return "–"
    local = timezone.localtime(value) if isinstance(value, datetime) else value
    return f"{local:%d/%m/%Y}"


@register.filter
def moment(value: datetime | None) -> str:
    """HH:MM dd/mm/yyyy on the portal's calendar."""
    return "–" if value is None else f"{timezone.localtime(value):%H:%M %d/%m/%Y}"


@register.filter
def end(value: datetime | None) -> str:
    """A moment up to which something is in time: a midnight is the end of the day before it."""
    if value is None:
        return "–"
    local = timezone.localtime(value)
    if local.time() != time.min:
        return moment(value)
    return _("the end of %(day)s") % {"day": f"{local - timedelta(microseconds=1):%d/%m/%Y}"}


@register.filter
def isomoment(text: str) -> str:
    """HH:MM dd/mm/yyyy of a moment kept as ISO text."""
    return moment(datetime.fromisoformat(text))


@register.simple_tag(takes_context=True)
def address_here(context: template.Context) -> str:
    """The full address of the page, for its printed copy, without what would open something."""
    request = context.get("request")
    return masked(address.absolute(request.get_full_path())) if request else ""
