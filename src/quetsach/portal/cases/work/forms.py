"""What counts for all rows of the work list that are saved together, and the reason of one row."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from quetsach.portal.cases.forms import LEAST_REASON, HandlingForm
from quetsach.portal.kit.fields import TypedField


class TogetherForm(HandlingForm):
    """Moment, tool and note of all rows that were handled."""

    note = TypedField(
        label=_("Note"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_(
            "It goes to every row that is saved as handled. A false alarm has its reason in its row."
        ),
    )  # fmt: skip


_WHY = _("Say in at least ten characters why it is a false alarm.")
_REASON = TypedField(
    min_length=LEAST_REASON, max_length=2000, error_messages={"required": _WHY, "min_length": _WHY}
)


def reason_of(text: str) -> str:
    """The reason of one row. Raises ValidationError where it is too short or too long."""
    found: str = _REASON.clean(text)
    return found
