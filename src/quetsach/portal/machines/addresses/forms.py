"""The form for a person's word on an address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from quetsach.portal.kit.fields import CalendarDay
from quetsach.portal.machines.addresses.words import KINDS
from quetsach.text.machine_address import machine_address

_DAY = {"invalid": _("Write the day like 31/12/2026.")}


class ForwarderForm(forms.Form):
    """The kind of an address, and its days."""

    address = forms.CharField(label=_("IP address"), max_length=45)
    kind = forms.ChoiceField(
        label=_("It is"),
        choices=[*KINDS.items(), ("", _("one machine, which asks for itself"))],
        required=False,
    )
    begin = CalendarDay(
        label=_("From the day"),
        required=False,
        error_messages=_DAY,
        help_text=_("Empty: as long as logs go back."),
    )
    until = CalendarDay(
        label=_("Until the day"), required=False, error_messages=_DAY, help_text=_("Empty: it still is.")
    )

    def clean_address(self) -> str:
        """The address in canonical form."""
        found = machine_address(str(self.cleaned_data["address"]).strip())
        if found is None:
            raise forms.ValidationError(_("This is not the IP address of one machine."))
        return found

    def clean(self) -> dict[str, Any]:
        """The days in their order."""
        told = self.cleaned_data
        if told.get("begin") and told.get("until") and told["until"] < told["begin"]:
            self.add_error("until", _("This day lies before the first one."))
        return told
