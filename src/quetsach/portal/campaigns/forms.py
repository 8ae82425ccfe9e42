"""Forms on the letter page."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.cascade.actions import NotAllowedNowError, check_deadline
from quetsach.portal.campaigns.cascade.deadline import DAYS, first_late_moment
from quetsach.portal.campaigns.cascade.refusals import REFUSALS
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.kit.fields import CalendarDay, CountField

BAD_DAY = {"invalid": _("Write the day as 05/09/2022."), "required": _("Write the day as 05/09/2022.")}
SAME_DEADLINE = _("The deadline is the same as yours: no time is left to add up the figures.")
NOBODY = {"required": _("Write a number; nobody is 0.")}


class HeadcountForm(forms.Form):
    """How many of the unit's own people are informed and done."""

    informed = CountField(label=_("People informed"), error_messages=NOBODY)
    done = CountField(label=_("People done"), error_messages=NOBODY)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        informed, done = cleaned.get("informed"), cleaned.get("done")
        if informed is not None and done is not None and done > informed:
            self.add_error("done", _("More people done than informed. Correct one of the two numbers."))
        return cleaned


class PassOnForm(forms.Form):
    """The nodes directly below that get the letter now."""

    children = forms.ModelMultipleChoiceField(
        queryset=CampaignNode.rows.none(),
        error_messages={
            "required": _("Tick at least one unit."),
            "invalid_choice": _("One of the units has the letter already. Reload the page."),
        },
    )

    day = CalendarDay(required=False, input_formats=DAYS, error_messages=BAD_DAY)

    def __init__(self, data: Any, *, node: CampaignNode, choices: list[CampaignNode]) -> None:
        super().__init__(data)
        self.node, self.choices = node, choices
        self.ticked = [str(one.pk) for one in choices] if data is None else data.getlist("children")
        self.own_days = {child.pk: f"day-{child.pk}" for child in choices}
        for name in self.own_days.values():
            self.fields[name] = CalendarDay(required=False, input_formats=DAYS, error_messages=BAD_DAY)
        field: Any = self.fields["children"]
        field.queryset = CampaignNode.rows.filter(pk__in=[child.pk for child in choices])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in ("day", *self.own_days.values()):
            if last := cleaned.get(name):
                try:
                    check_deadline(self.node, first_late_moment(last, Campaign.DueRule.BY_END_OF))
                except NotAllowedNowError as error:
                    self.add_error(name, str(REFUSALS[error.code]))
        return cleaned

    def rows(self) -> list[tuple[CampaignNode, bool, forms.BoundField]]:
        """Each unit that lacks the letter: its node, whether it is ticked, the field of its own deadline."""
        return [(one, str(one.pk) in self.ticked, self[self.own_days[one.pk]]) for one in self.choices]

    def deadlines(self) -> dict[UUID, datetime]:
        """The first late moment of each ticked node that gets a deadline: its own day, or the day for all."""
        found = {}
        for child in self.cleaned_data["children"]:
            last = self.cleaned_data.get(self.own_days.get(child.pk, "")) or self.cleaned_data.get("day")
            if last:
                found[child.pk] = first_late_moment(last, Campaign.DueRule.BY_END_OF)
        return found


class DeadlineForm(forms.Form):
    """The last day in time for one node below."""

    deadline = CalendarDay(
        label=_("By the end of"),
        input_formats=DAYS,
        error_messages=BAD_DAY,
        widget=forms.DateInput(format="%d/%m/%Y", attrs={"class": "day", "inputmode": "numeric"}),
    )

    def first_late_moment(self) -> datetime:
        """Midnight at the end of that day."""
        return first_late_moment(self.cleaned_data["deadline"], Campaign.DueRule.BY_END_OF)
