"""Forms about people and bodies."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.cascade.deadline import DAYS
from quetsach.portal.campaigns.forms import BAD_DAY, HeadcountForm
from quetsach.portal.campaigns.proofs import ACCEPT
from quetsach.portal.kit.fields import CalendarDay, CountField
from quetsach.portal.people.models import Channel
from quetsach.portal.people.refusals import LINES
from quetsach.portal.units.models import PHONE
from quetsach.text.vietnamese import nfc
from quetsach.units.bodies import LENGTHS
from quetsach.units.taxcode import TaxCodeError, read_tax_code


def day_field(label: Any, **kwargs: Any) -> CalendarDay:
    """A day as officers write it, not in the future."""
    attrs = {"placeholder": "05/09/2022", "inputmode": "numeric", "class": "day", "autocomplete": "off"}
    return CalendarDay(
        label=label,
        input_formats=DAYS,
        error_messages=BAD_DAY,
        widget=forms.DateInput(format="%d/%m/%Y", attrs=attrs),
        validators=[_not_ahead],
        **kwargs,
    )


def _not_ahead(day: date) -> None:
    if day > timezone.localdate():
        raise forms.ValidationError(_("This day has not come yet."))


class PeopleForm(HeadcountForm):
    """Numbers of people, and their signed sheet."""

    sheet = forms.FileField(
        label=_("Sheet of signatures, if there is one"),
        required=False,
        help_text=_("Photo or scan (PDF, JPEG, PNG; at most 10 MB). Only your unit and those above open it."),
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
    )


class ListForm(forms.Form):
    """A pasted list or a file."""

    text = forms.CharField(required=False, max_length=2_000_000, strip=False)
    file = forms.FileField(required=False, allow_empty_file=True)


class MarkManyForm(forms.Form):
    """The marks for all ticked bodies at once."""

    channel = forms.ChoiceField(
        label=_("By which channel"),
        choices=Channel.choices,
        error_messages={"required": _("Choose how they were informed.")},
    )
    day = day_field(_("On which day"))


class BodyForm(forms.Form):
    """One body: its identity, and its marks."""

    name = forms.CharField(
        label=_("Name"), max_length=LENGTHS["name"], error_messages={"required": _("Write the name.")}
    )
    tax_code = forms.CharField(
        label=_("Tax code"), required=False, max_length=20, help_text=_("10 digits; a branch has -001 behind")
    )
    address = forms.CharField(label=_("Street address"), required=False, max_length=LENGTHS["address"])
    phone = forms.CharField(label=_("Phone"), required=False, max_length=LENGTHS["phone"], validators=[PHONE])
    channel = forms.ChoiceField(
        label=_("How were they informed?"),
        required=False,
        choices=[("", _("not informed yet")), *Channel.choices],
    )
    informed_on = day_field(_("Informed on"), required=False)
    persons_informed = CountField(label=_("Persons informed"), required=False)
    deployed_on = day_field(_("Carried out on"), required=False)
    persons_done = CountField(label=_("Persons done"), required=False)

    def clean_name(self) -> str:
        return nfc(self.cleaned_data["name"])

    def clean_address(self) -> str:
        return nfc(self.cleaned_data["address"])

    def clean_tax_code(self) -> str:
        typed = str(self.cleaned_data["tax_code"])
        if not typed:
            return ""
        try:
            return read_tax_code(typed)
        except TaxCodeError as error:
            raise forms.ValidationError(str(LINES[error.code]) % {"value": typed}) from error

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in ("persons_informed", "persons_done"):
            cleaned[name] = cleaned.get(name) or 0
        is_marked = cleaned["persons_informed"] or cleaned.get("channel") or cleaned.get("deployed_on")
        if is_marked and not cleaned.get("informed_on") and "informed_on" not in self.errors:
            self.add_error("informed_on", _("Write on which day they were informed."))
        if cleaned["persons_done"] > cleaned["persons_informed"]:
            self.add_error("persons_done", _("More persons done than informed."))
        return cleaned
