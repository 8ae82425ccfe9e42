"""What officers fill in on the letter page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.kit.fields import CountField


class HeadcountForm(forms.Form):
    """How many of the unit's own people are informed and done."""

    informed = CountField(error_messages={"required": _("Write a number; nobody is 0.")})
    done = CountField(error_messages={"required": _("Write a number; nobody is 0.")})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        informed, done = cleaned.get("informed"), cleaned.get("done")
        if informed is not None and done is not None and done > informed:
            self.add_error("done", _("More people done than informed. Correct one of the two numbers."))
        return cleaned


class PassOnForm(forms.Form):
    """Which of the nodes directly below get the letter now."""

    children = forms.ModelMultipleChoiceField(
        queryset=CampaignNode.rows.none(),
        error_messages={
            "required": _("Tick at least one unit."),
            "invalid_choice": _("One of the units has the letter already. Reload the page."),
        },
    )

    def __init__(self, data: Any, *, choices: list[CampaignNode]) -> None:
        super().__init__(data)
        field: Any = self.fields["children"]
        field.queryset = CampaignNode.rows.filter(pk__in=[child.pk for child in choices])
