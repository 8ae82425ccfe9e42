"""Forms about roles, for a coordinator."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quetsach.portal.accounts.forms import NewPasswordField, refuse_own_words
from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.issuing.forms import DayField
from quetsach.portal.kit.fields import TypedField
from quetsach.portal.units.models import Role
from quetsach.text.vietnamese import nfc


def _not_past(day: date | None) -> date | None:
    if day is not None and day < timezone.localdate():
        raise ValidationError(_("Choose today or a later day."))
    return day


class SeatForm(forms.Form):
    """A role, and its last day for a deputy."""

    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices)
    until = DayField(
        label=gettext_lazy("Last day"),
        required=False,
        help_text=gettext_lazy("Only for a deputy or a fixed time; the role ends by itself after that day."),
    )

    def clean_until(self) -> date | None:
        return _not_past(self.cleaned_data["until"])


class InviteForm(SeatForm):
    """A role, and the address for its link; the page asks for the address only if e-mails can leave."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("The link is sent there. Leave it empty to hand it over yourself."),
        error_messages={
            "invalid": gettext_lazy("Write an address such as ha.nguyen@example.org, or leave it empty.")
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not settings.CAN_EMAIL:
            del self.fields["email"]


class ReasonForm(forms.Form):
    """A reason."""

    reason = TypedField(
        label=gettext_lazy("Reason"),
        max_length=300,
        error_messages={"required": gettext_lazy("Write the reason; it goes into the audit trail.")},
    )

    def clean_reason(self) -> str:
        return nfc(self.cleaned_data["reason"])


class HandOverForm(ReasonForm):
    """The new person, the day, and the reason."""

    taker = forms.IntegerField(error_messages={"required": gettext_lazy("Choose who takes over.")})
    on = DayField(label=gettext_lazy("From day"))

    def clean_on(self) -> date | None:
        return _not_past(self.cleaned_data["on"])


class PasswordForm(forms.Form):
    """A new password, chosen by its owner."""

    password = NewPasswordField(gettext_lazy("New password"))

    def __init__(self, data: Any, owner: User) -> None:
        super().__init__(data)
        self._owner = owner

    def clean(self) -> dict[str, Any]:
        refuse_own_words(self, self._owner)
        return self.cleaned_data
