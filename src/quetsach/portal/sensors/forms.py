"""Forms on sensors."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class NameForm(forms.Form):
    """The name by which people know the place where the program watches."""

    name = forms.CharField(
        label=_("Where does it watch?"), max_length=100, strip=True,
        help_text=_("For example: resolver at the head office"),
        error_messages={"required": _("Give the sensor a name.")},
    )  # fmt: skip


class LockForm(forms.Form):
    """Why a sensor is locked."""

    reason = forms.CharField(
        label=_("Why?"), max_length=500, strip=True,
        help_text=_("For example: the machine was stolen, or it was replaced"),
        error_messages={"required": _("Say why.")},
    )  # fmt: skip
