"""Forms about an incident."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from quetsach.portal.incidents.models import Incident
from quetsach.portal.kit.fields import CalendarMoment, TypedField

_LONG = 4000


def _moment(label: Any, help_text: Any) -> CalendarMoment:
    return CalendarMoment(
        label=label,
        input_formats=["%d/%m/%Y %H:%M", "%H:%M %d/%m/%Y", "%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(
            attrs={"placeholder": "31/12/2026 08:30", "autocomplete": "off"}, format="%d/%m/%Y %H:%M"
        ),
        error_messages={"invalid": _("Write the day and the time like 31/12/2026 08:30.")},
        help_text=help_text,
    )


def _reason() -> TypedField:
    return TypedField(
        label=_("Reason"), min_length=10, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("At least ten characters; it stays in the record with your name."),
    )  # fmt: skip


class DetectedForm(forms.Form):
    """An earlier moment of detection."""

    at = _moment(_("Detected at"), _("Vietnamese time. It must lie before the case was opened."))
    why = _reason()


class WithdrawForm(forms.Form):
    """Why an incident is taken back."""

    why = _reason()


class SeverityForm(forms.Form):
    """A person's decision on the severity."""

    severity = forms.ChoiceField(
        label=_("How serious is it?"),
        choices=[("", _("Choose")), *Incident.SEVERITIES[1:]],
        help_text=_("The law has no definition yet. When in doubt, choose the higher level."),
        error_messages={"required": _("Choose a level.")},
    )
    why = _reason()


class PersonalDataForm(forms.Form):
    """Whether personal data are affected."""

    answer = forms.ChoiceField(
        label=_("Are personal data affected?"),
        choices=[("", _("Choose")), *Incident.ANSWERS[1:]],
        help_text=_(
            "Read, copied, changed, locked or lost. If so, another notice is due, to another addressee."
        ),
        error_messages={"required": _("Choose an answer.")},
    )
    why = _reason()


class TextsForm(forms.Form):
    """What people write in the papers; an empty text is printed as lines to write on."""

    contact_name = TypedField(label=_("Who answers questions"), max_length=100, required=False)
    contact_phone = TypedField(label=_("Phone"), max_length=40, required=False)
    addressees = TypedField(
        label=_("Addressees of notice and report"), max_length=1000, required=False,
        widget=forms.Textarea(attrs={"rows": 3}), help_text=_("A line each."),
    )  # fmt: skip
    cause = TypedField(
        label=_("Cause"), max_length=_LONG, required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("How it came in, as far as it is known."),
    )  # fmt: skip
    extent = TypedField(
        label=_("Extent and damage"), max_length=_LONG, required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Services that stopped, documents or accounts at risk. Machines are counted already."),
    )  # fmt: skip
    measures = TypedField(
        label=_("Other measures taken"), max_length=_LONG, required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What the cases here do not show: blocked addresses, changed passwords, help called in."),
    )  # fmt: skip
    next = TypedField(
        label=_("What comes next"), max_length=_LONG, required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip
    data_addressees = TypedField(
        label=_("Addressees of the notice about personal data"), max_length=1000, required=False,
        widget=forms.Textarea(attrs={"rows": 2}), help_text=_("A line each."),
    )  # fmt: skip
    personal = TypedField(
        label=_("Which personal data"), max_length=_LONG, required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Kinds of data, about how many people, and what may follow. Write no name of a person."),
    )  # fmt: skip


class SentForm(forms.Form):
    """The paper was sent."""

    at = _moment(_("Sent at"), _("When it left your office."))
    to = TypedField(
        label=_("To whom, by which way"), max_length=300,
        error_messages={"required": _("Write to whom it was sent.")},
    )  # fmt: skip
    reference = TypedField(label=_("Number and symbol"), max_length=100, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["at"].initial = timezone.localtime
