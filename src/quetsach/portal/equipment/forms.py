"""The values that fill in the commands of a page; all of them are optional."""

from __future__ import annotations

import re

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from quetsach.portal.kit.fields import TypedField

# People paste these values in commands: no character that a shell would interpret.
_NAME = re.compile(r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z")
_ADDRESS = re.compile(r"\A[A-Za-z0-9:][A-Za-z0-9.:-]*\Z")


class FillForm(forms.Form):
    """`thu` is the machine that collects the logs, `noi` the name of the place that they are from."""

    noi = TypedField(
        label=_("Name of the place"),
        required=False,
        max_length=60,
        validators=[RegexValidator(_NAME, _("Unaccented letters, digits, dots, hyphens and underscores."))],
        help_text=_(
            "Always the same name for the same place: a machine is shown to be clean by the place that "
            "saw it."
        ),
    )
    thu = TypedField(
        label=_("Address of the machine that collects the logs"),
        required=False,
        max_length=100,
        validators=[RegexValidator(_ADDRESS, _("An address or a name, such as 10.0.0.5 or logs.example."))],
        help_text=_("The equipment sends its log there. Leave it empty where nothing is sent."),
    )
