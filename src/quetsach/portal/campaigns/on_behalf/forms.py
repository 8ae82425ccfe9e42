"""The form for acts that a superior enters for a unit below."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.cascade.deadline import DAYS
from quetsach.portal.campaigns.forms import BAD_DAY
from quetsach.portal.campaigns.models import KeyedAct
from quetsach.portal.campaigns.proofs import ACCEPT
from quetsach.portal.kit.fields import CalendarDay, CountField


class OnBehalfForm(forms.Form):
    """The act, and how the superior knows of it."""

    act = forms.ChoiceField(label=_("What did the unit do?"), choices=KeyedAct.Act.choices)
    informed = CountField(label=_("People informed"), required=False)
    done = CountField(label=_("People done"), required=False)
    channel = forms.ChoiceField(
        label=_("How do you know?"),
        choices=[one for one in KeyedAct.Channel.choices if one[0] != KeyedAct.Channel.ANNEX],
    )
    day = CalendarDay(
        label=_("On which day?"),
        input_formats=DAYS,
        error_messages=BAD_DAY,
        widget=forms.DateInput(
            format="%d/%m/%Y", attrs={"placeholder": "05/09/2022", "inputmode": "numeric"}
        ),
    )
    reason = forms.CharField(
        label=_("Who said so, and why does the unit not enter it itself?"),
        max_length=500,
        error_messages={"required": _("Write who said so and why.")},
    )
    file = forms.FileField(
        label=_("Proof"),
        required=False,
        help_text=_("Photo or scan (PDF, JPEG, PNG; at most 10 MB). A receipt on paper needs one."),
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
    )

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("This day has not come yet."))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("act") == KeyedAct.Act.COUNT_PEOPLE:
            for name in ("informed", "done"):
                if cleaned.get(name) is None and name not in self.errors:
                    self.add_error(name, _("Write a number; nobody is 0."))
            informed, done = cleaned.get("informed"), cleaned.get("done")
            if informed is not None and done is not None and done > informed:
                self.add_error("done", _("More people done than informed. Correct one of the two numbers."))
        if cleaned.get("channel") == KeyedAct.Channel.PAPER and not cleaned.get("file"):
            self.add_error("file", _("A receipt on paper needs its proof: add a photo or a scan."))
        return cleaned
