"""What counts for all rows of the work list that are saved together."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from quetsach.portal.cases.forms import LEAST_REASON, HandlingForm
from quetsach.portal.kit.fields import TypedField


class TogetherForm(HandlingForm):
    """Moment, tool and reason. `needs_reason`: one of the rows is said to be a false alarm."""

    reason = TypedField(
        label=_("Reason or note"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("A false alarm needs a reason of at least ten characters; it stays in the history."),
    )  # fmt: skip
    needs_reason = False

    def clean_reason(self) -> str:
        """The reason, which a false alarm must have."""
        text: str = self.cleaned_data["reason"]
        if self.needs_reason and len(text) < LEAST_REASON:
            raise forms.ValidationError(_("Say in at least ten characters why it is a false alarm."))
        return text
