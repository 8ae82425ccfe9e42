"""Template tags for tables of reports."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.functional import Promise
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quetsach.annexes.form.definition import Form, Row
from quetsach.annexes.form.figures import Figures
from quetsach.portal.kit.language import language
from quetsach.portal.kit.templatetags.figures import scope
from quetsach.portal.kit.templatetags.kit import num, state
from quetsach.portal.reports.arrived_files import FILE

register = template.Library()

STATES: dict[str, tuple[str, Promise]] = {
    "accepted": ("ok", gettext_lazy("Accepted")),
    "amend_asked": ("sent", gettext_lazy("Asks to amend")),
    "in_review": ("draft", gettext_lazy("With the head of the unit")),
    "submitted": ("sent", gettext_lazy("Waiting for review")),
    "returned": ("back", gettext_lazy("Returned")),
    "draft": ("draft", gettext_lazy("Being written")),
    FILE: ("sent", gettext_lazy("A file waits on the desk")),
    "none": ("none", gettext_lazy("None yet")),
}
"""Shape and words of the state of a report."""
_SETTLED = {"accepted", "amend_asked"}


@register.filter
def asked(row: Row) -> str:
    """The question of a row of the form, in the language in use; printed papers keep the form's own words."""
    return row.said(language())


@register.filter
def head(form: Form) -> dict[str, Any]:
    """The headings and labels of a form, in the language in use."""
    return form.words(language())


@register.simple_tag
def report_state(name: str, counts: Any = None) -> SafeString:
    """The state of a report; says if an accepted revision counts (`counts`) while another is prepared."""
    chip = state(*STATES.get(name, STATES["none"]))
    if counts is None or counts is False or name in _SETTLED:
        return chip
    return format_html('{} <span class="muted">{}</span>', chip, _("the accepted revision counts"))


@register.simple_tag
def figure_cells(figures: Figures, kind: str = "", where: Any = None, reach: str = "") -> SafeString:
    """A cell for each row of the form, labelled for the phone; `kind` is the class of the cells.

    `where` and `reach` are the scope of the figures, if it is not that of the line.
    """
    row = _("Row %(n)s")
    attributes = format_html(' class="{}"', kind) if kind else ""
    attributes += scope(where, reach) if where is not None else ""
    return SafeString(
        "".join(
            f"<td{attributes}{f' data-figure="annex.{key}"' if where else ''}"
            f' data-label="{escape(row % {"n": n})}">{num(count)}</td>'
            for n, (key, count) in enumerate(figures.items(), start=1)
        )
    )
