"""Forms about a campaign, for its coordinator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.cascade.deadline import DAYS, written_day
from quetsach.portal.campaigns.forms import BAD_DAY
from quetsach.portal.campaigns.issuing.annex_versions import versions
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.campaigns.selection import Choice, Part, read_choice
from quetsach.portal.kit.fields import CalendarDay
from quetsach.portal.units.models import Unit
from quetsach.text.vietnamese import nfc


class DayField(CalendarDay):
    """A day in the formats that people here write."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(
            format="%d/%m/%Y", attrs={"placeholder": "26/09/2022", "inputmode": "numeric"}
        )
        super().__init__(input_formats=DAYS, widget=widget, error_messages=BAD_DAY, **kwargs)


class SentenceForm(forms.Form):
    """The fields that can be changed while a campaign runs."""

    summary = forms.CharField(
        label=_("In one sentence"),
        help_text=_("What everyone is asked to do, in plain words; it stands on top of the campaign's page."),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    contact_name = forms.CharField(label=_("Who answers questions"), max_length=100, required=False)
    contact_phone = forms.RegexField(
        label=_("Phone"),
        regex=r"^[0-9+(). -]{6,30}$",
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
        error_messages={"invalid": _("Write a phone number with digits only, such as 0213 3000 000.")},
    )

    def fields_of_campaign(self) -> dict[str, Any]:
        """The cleaned values by the names of the campaign's own fields."""
        found = dict(self.cleaned_data)
        name, phone = found.pop("contact_name"), found.pop("contact_phone")
        found["contact"] = {"name": nfc(name), "phone": phone} if name or phone else {}
        found["summary"] = nfc(found["summary"])
        return found


class CampaignForm(SentenceForm):
    """All fields of a draft. `units` are those in whose name the person may publish."""

    field_order = (
        "issuer", "title", "summary", "due_rule", "due_day", "contact_name", "contact_phone", "form",
        "count_self", "unique_codes", "quiet_days", "check_days",
    )  # fmt: skip
    issuer = forms.ModelChoiceField(label=_("Issued by"), queryset=Unit.rows.none(), empty_label=None)
    title = forms.CharField(
        label=_("Title"), max_length=300, error_messages={"required": _("Give the campaign a title.")}
    )
    due_rule = forms.ChoiceField(
        label=_("The letter says"), choices=Campaign.DueRule.choices, initial=Campaign.DueRule.BEFORE
    )
    due_day = DayField(label=_("Day of the deadline"))
    form = forms.ChoiceField(label=_("Form of the report"))
    count_self = forms.ChoiceField(
        label=_("Rows 1 and 3 of the report"),
        choices=[("", _("count only the units below")), ("1", _("count the reporting unit too"))],
        required=False,
        help_text=_("On the printed report only; a sum never holds the unit itself."),
    )
    unique_codes = forms.ChoiceField(
        label=_("Staff codes, where people mark themselves"),
        choices=[
            ("", _("count once in each office")),
            ("1", _("count once in the whole campaign")),
        ],
        required=False,
        help_text=_(
            "In the whole campaign only where no two offices give the same code. A work e-mail always counts"
            " once in the whole campaign."
        ),
    )
    quiet_days = forms.IntegerField(
        label=_("Days without a sign that prove a machine clean"), min_value=1, max_value=90, initial=14
    )
    check_days = forms.IntegerField(
        label=_("Days that the public self-check looks back"), min_value=1, max_value=90, initial=14
    )

    def __init__(self, *args: Any, units: list[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        issuer: Any = self.fields["issuer"]
        issuer.queryset = Unit.rows.filter(pk__in=[unit.pk for unit in units])
        if len(units) == 1:
            del self.fields["issuer"]
        versions_field: Any = self.fields["form"]
        versions_field.choices = versions()

    def clean_count_self(self) -> bool:
        return bool(self.cleaned_data["count_self"])

    def clean_unique_codes(self) -> bool:
        return bool(self.cleaned_data["unique_codes"])

    def fields_of_campaign(self) -> dict[str, Any]:
        found = super().fields_of_campaign()
        found["title"] = nfc(found["title"])
        return found


class ExtendForm(forms.Form):
    """A later deadline."""

    due_rule = forms.ChoiceField(label=_("The letter says"), choices=Campaign.DueRule.choices)
    due_day = DayField(label=_("New day"))


def values_of(campaign: Campaign) -> dict[str, Any]:
    """The initial values of the forms for this campaign."""
    return {
        "issuer": campaign.issuer_id,
        "title": campaign.title,
        "summary": campaign.summary,
        "contact_name": campaign.contact.get("name", ""),
        "contact_phone": campaign.contact.get("phone", ""),
        "due_day": written_day(campaign.due_at, campaign.due_rule),
        "due_rule": campaign.due_rule,
        "form": campaign.form,
        "count_self": "1" if campaign.count_self else "",
        "unique_codes": "1" if campaign.unique_codes else "",
        "quiet_days": campaign.quiet_days,
        "check_days": campaign.check_days,
    }


PARTS = (
    (Part.REPORTS, _("takes part and reports")),
    (Part.INFORMED, _("takes part, no report expected")),
    (Part.OUT, _("takes no part")),
)


def chosen(data: Mapping[str, Any], before: dict[str, Any], shown: list[str]) -> Choice:
    """The choice from the page's `kind-…` and `unit-…` fields; units not `shown` stay as before."""
    earlier = read_choice(before)
    known = {part.value for part in Part}
    kinds = {
        kind: Part(data[f"kind-{kind}"])
        for kind in Unit.Kind.values
        if data.get(f"kind-{kind}") in known - {Part.REPORTS}
    }
    units = {pk: part for pk, part in earlier.units.items() if pk not in shown}
    units |= {pk: Part(data[f"unit-{pk}"]) for pk in shown if data.get(f"unit-{pk}") in known}
    return Choice(kinds, units)
