"""Forms in which a person records an act on a machine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.advice import Advice
from quetsach.portal.cases.models import FalseAlarm
from quetsach.portal.cases.rules import MOST_DAYS_ASIDE, NEEDS_ASSET
from quetsach.portal.cases.words import DONE
from quetsach.portal.kit.fields import CalendarDay, CalendarMoment, TypedField

MOMENTS = ["%d/%m/%Y %H:%M", "%H:%M %d/%m/%Y", "%Y-%m-%dT%H:%M"]
BAD_MOMENT = {"invalid": _("Write the day and the time like 31/12/2026 08:30.")}


class HandlingForm(forms.Form):
    """When and with what a machine was cleaned."""

    done_at = CalendarMoment(
        label=_("When"),
        input_formats=MOMENTS,
        widget=forms.DateTimeInput(attrs={"placeholder": "31/12/2026 08:30"}, format="%d/%m/%Y %H:%M"),
        error_messages=BAD_MOMENT,
        help_text=_("Signs after this moment mean that it is not clean."),
    )
    tool = TypedField(label=_("Tool and version"), max_length=100, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["done_at"].initial = timezone.localtime


class ClaimForm(HandlingForm):
    """The machine was cleaned."""

    field_order = ("done", "done_at", "tool", "asset", "steps", "others", "proof", "lifts", "note")
    done = forms.ChoiceField(
        label=_("What was done"),
        choices=[("", _("Choose what was done")), *DONE.items()],
        error_messages={"required": _("Choose what was done")},
    )
    steps = forms.MultipleChoiceField(
        label=_("Steps that were done"),
        required=False,
        choices=[("1", _("the first step")), ("2", _("the second step")), ("3", _("the third step"))],
        widget=forms.CheckboxSelectMultiple,
    )
    others = forms.BooleanField(
        label=_("The machine was searched for other malware too"),
        required=False,
        help_text=_("A machine that has one kind of malware often has another."),
    )
    asset = TypedField(
        label=_("Asset number, or name of the new machine"), max_length=100, required=False,
        help_text=_("Only for a machine that was replaced or taken out of use: then it must be written."),
    )  # fmt: skip
    lifts = forms.BooleanField(label=_("It is on the network again"), required=False)
    proof = TypedField(label=_("Report of the tool, or where it is kept"), max_length=300, required=False)
    note = TypedField(
        label=_("Note"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def clean(self) -> dict[str, Any]:
        """What is gone must be named: its asset number, or the machine that came for it."""
        told: dict[str, Any] = super().clean() or {}
        if told.get("done") in NEEDS_ASSET and not told.get("asset"):
            self.add_error("asset", _("Write the asset number or the name of the new machine."))
        return told

    def without_isolation(self) -> None:
        """The machine is not off the network, so that it cannot be put on it again."""
        del self.fields["lifts"]

    def name_steps(self, advice: Advice) -> None:
        """Let the steps have the titles of the advice on the page."""
        self.fields["steps"].choices = [  # type: ignore[attr-defined]
            (str(number), step.title) for number, step in enumerate(advice.steps, 1)
        ]


LEAST_REASON = 10
"""Characters of a reason that stays in the history."""


class ReasonForm(forms.Form):
    """An act that needs its reason in words."""

    reason = TypedField(
        label=_("Reason"), min_length=LEAST_REASON, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("At least ten characters; it stays in the history."),
    )  # fmt: skip


class LocateForm(forms.Form):
    """Where the machine was found."""

    place = TypedField(
        label=_("Where it is, who uses it"), max_length=200,
        help_text=_("Such as: room 204, the cashier's computer."),
    )  # fmt: skip


def _moment(label: Any) -> CalendarMoment:
    field = CalendarMoment(
        label=label, input_formats=MOMENTS, error_messages=BAD_MOMENT,
        widget=forms.DateTimeInput(attrs={"placeholder": "31/12/2026 08:30"}, format="%d/%m/%Y %H:%M"),
    )  # fmt: skip
    field.initial = timezone.localtime
    return field


class TryForm(forms.Form):
    """A try to reach the machine that failed."""

    tried_at = _moment(_("When"))
    how = TypedField(
        label=_("What was tried"), min_length=LEAST_REASON, max_length=500,
        help_text=_("Such as: called the office, nobody knows the machine. It stays in the history."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip


class IsolateForm(ReasonForm):
    """Since when the machine is off the network, and how."""

    field_order = ("since", "reason")
    since = _moment(_("Off the network since"))


class AsideForm(ReasonForm):
    """Until when the case is put aside."""

    field_order = ("until", "reason")
    until = CalendarDay(
        label=_("Until the end of"), input_formats=["%d/%m/%Y", "%Y-%m-%d"],
        widget=forms.DateInput(format="%d/%m/%Y", attrs={"placeholder": "31/12/2026"}),
        error_messages={"invalid": _("Write the day like 31/12/2026.")},
        help_text=format_lazy(_("A day from today on, at most {n} days away."), n=MOST_DAYS_ASIDE),
    )  # fmt: skip


class FalseAlarmForm(ReasonForm):
    """How far a false alarm reaches, and why it is one."""

    field_order = ("scope", "indicators", "reason")
    scope = forms.ChoiceField(
        label=_("What is a false alarm"), choices=FalseAlarm.Scope.choices, widget=forms.RadioSelect,
        initial=FalseAlarm.Scope.CASE.value,
    )  # fmt: skip
    indicators = forms.MultipleChoiceField(
        label=_("Which addresses"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("All addresses of the case where none is chosen."),
    )  # fmt: skip

    def name_indicators(self, names: Iterable[str]) -> None:
        """Let people choose among the addresses of the case, as logs show them. Where no log shows any, only
        the case itself can be a false alarm."""
        known = list(dict.fromkeys(names))
        if not known:
            only = (FalseAlarm.Scope.CASE.value, FalseAlarm.Scope.CASE.label)
            self.fields["scope"].choices = [only]  # type: ignore[attr-defined]
        if len(known) > 1:
            self.fields["indicators"].choices = [(name, name) for name in known]  # type: ignore[attr-defined]
        else:
            del self.fields["indicators"]


class AgreeForm(forms.Form):
    """The second person agrees; a word on it is free."""

    reason = TypedField(label=_("Note"), max_length=2000, required=False)


class TermsForm(forms.Form):
    """The days that units have."""

    acknowledge = forms.IntegerField(label=_("Know of the case (working days)"), min_value=1, max_value=60)
    locate = forms.IntegerField(label=_("Find the machine (working days)"), min_value=1, max_value=60)
    claim = forms.IntegerField(label=_("Handle it (working days)"), min_value=1, max_value=90)
    verify = forms.IntegerField(
        label=_("Shown clean by logs (days after the handling)"), min_value=1, max_value=120,
        help_text=_("Never fewer than the quiet days of the campaign; two days more for logs to arrive."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Each step may take as long as the step before, and no less."""
        told: dict[str, Any] = super().clean() or {}
        days = [told.get(name) for name in ("acknowledge", "locate", "claim")]
        known = [one for one in days if one is not None]
        if known != sorted(known):
            raise forms.ValidationError(
                _("Each step comes after the one before: give it as many days or more.")
            )
        return told


class StartForm(forms.Form):
    """Nothing to fill in."""


class AssignForm(forms.Form):
    """The unit that has the machine."""

    to = forms.ModelChoiceField(
        label=_("Unit"), queryset=CampaignNode.rows.none(), empty_label=_("Choose the unit")
    )

    def __init__(self, *args: Any, nodes: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer(nodes)

    def offer(self, nodes: Any) -> None:
        """Offer these units alone."""
        self.fields["to"].queryset = nodes  # type: ignore[attr-defined]
