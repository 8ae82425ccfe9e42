"""Forms about reminders and days off, for a coordinator."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.models import ReminderRule
from quetsach.portal.campaigns.reminders.actions import FARTHEST
from quetsach.portal.campaigns.reminders.audiences import AUDIENCES
from quetsach.portal.kit.fields import FIRST_DAY, LAST_DAY
from quetsach.text.vietnamese import nfc

MOST_DAYS_OFF = 100
_LINE = re.compile(r"(\d{1,2}/\d{1,2}/\d{4})\s*(.*)")
_WORKED = {"làm", "lam", "làm bù", "worked", "work"}
_OFF = {"", "nghỉ", "nghi", "off"}


class RuleForm(forms.Form):
    """One rule: day, audience, channel and words."""

    days = forms.IntegerField(
        label=_("Working days"), min_value=0, max_value=FARTHEST, initial=2,
        help_text=_("0: on the last working day in time."),
    )  # fmt: skip
    side = forms.ChoiceField(
        label=_("Before or after the unit's deadline"),
        choices=[("before", _("before")), ("after", _("after"))],
    )
    audience = forms.ChoiceField(label=_("Whom"))
    channel = forms.ChoiceField(label=_("How"), choices=ReminderRule.Channel.choices)
    text = forms.CharField(
        label=_("Own words"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Empty: the portal's words. Deadline and address are added in any case."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        audience: Any = self.fields["audience"]
        audience.choices = [(key, one.label) for key, one in AUDIENCES.items()]

    @property
    def offset(self) -> int:
        """Working days, negative before the deadline."""
        days: int = self.cleaned_data["days"]
        return -days if self.cleaned_data["side"] == "before" else days

    def clean_text(self) -> str:
        return nfc(self.cleaned_data["text"])


class DaysOffForm(forms.Form):
    """One day a line: "02/01/2026" or "02/01/2026 nghỉ" is off, "10/01/2026 làm" is worked."""

    days = forms.CharField(
        label=_("Other days off and days worked, one a line"),
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "02/01/2026 nghỉ\n10/01/2026 làm"}),
    )

    def clean_days(self) -> dict[str, bool]:
        found: dict[str, bool] = {}
        for number, line in enumerate(self.cleaned_data["days"].splitlines(), start=1):
            text = nfc(line)
            if text:
                day, off = _read_line(number, text)
                found[day.isoformat()] = off
        if len(found) > MOST_DAYS_OFF:
            raise forms.ValidationError(gettext("At most %(n)d days.") % {"n": MOST_DAYS_OFF})
        return found


def _read_line(number: int, text: str) -> tuple[date, bool]:
    match = _LINE.fullmatch(text)
    word = match[2].casefold() if match else "?"
    try:
        day = datetime.strptime(match[1], "%d/%m/%Y").date() if match else None
    except ValueError:
        day = None
    if day is None or not FIRST_DAY <= day <= LAST_DAY or word not in _WORKED | _OFF:
        problem = gettext("Line %(n)d: write a day and “nghỉ” or “làm”, such as 02/01/2026 nghỉ.")
        raise forms.ValidationError(problem % {"n": number})
    return day, word in _OFF


def written(days_off: dict[str, bool]) -> str:
    """The days as lines of text to edit."""
    lines = (
        f"{date.fromisoformat(day):%d/%m/%Y} {'nghỉ' if off else 'làm'}"
        for day, off in sorted(days_off.items())
    )
    return "\n".join(lines)
