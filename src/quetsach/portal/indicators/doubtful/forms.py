"""The form of a decision about a doubtful entry or a group."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from quetsach.portal.kit.fields import TypedField


class DecisionForm(forms.Form):
    """Why an entry stays or is left out."""

    reason = TypedField(
        label=_("Reason"), min_length=5, max_length=500, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
