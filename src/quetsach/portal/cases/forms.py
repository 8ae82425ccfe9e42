"""Forms in which a person records an act on a machine."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.advice import Advice
from quetsach.portal.cases.words import DONE
from quetsach.portal.kit.fields import TypedField


class HandlingForm(forms.Form):
    """When and with what a machine was cleaned."""

    done_at = forms.DateTimeField(
        label=_("When"),
        input_formats=["%d/%m/%Y %H:%M", "%H:%M %d/%m/%Y", "%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(attrs={"placeholder": "31/12/2026 08:30"}, format="%d/%m/%Y %H:%M"),
        error_messages={"invalid": _("Write the day and the time like 31/12/2026 08:30.")},
        help_text=_("Signs after this moment mean that it is not clean."),
    )
    tool = TypedField(label=_("Tool and version"), max_length=100, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["done_at"].initial = timezone.localtime


class ClaimForm(HandlingForm):
    """The machine was cleaned."""

    field_order = ("done", "done_at", "tool", "steps", "others", "proof", "note")
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
    proof = TypedField(label=_("Report of the tool, or where it is kept"), max_length=300, required=False)
    note = TypedField(
        label=_("Note"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

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


class StartForm(forms.Form):
    """Nothing to fill in."""


class AssignForm(forms.Form):
    """The unit that has the machine."""

    to = forms.ModelChoiceField(
        label=_("Unit"), queryset=CampaignNode.rows.none(), empty_label=_("Choose the unit")
    )

    def __init__(self, *args: Any, nodes: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = nodes  # type: ignore[attr-defined]
