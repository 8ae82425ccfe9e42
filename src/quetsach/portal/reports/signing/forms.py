"""The office's data for a report signed outside the portal: number and date, and the signed PDF."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from quetsach.portal.kit.fields import TypedField
from quetsach.portal.reports.signing.actions import MOST_REASON

_EMPTY = {"empty": _("The file is empty. Choose it again.")}


class SignForm(forms.Form):
    """The report was signed and issued; the file may follow later."""

    document = TypedField(max_length=120, required=False)
    file = forms.FileField(required=False, error_messages=_EMPTY)


class AttachForm(forms.Form):
    """The signed PDF, and the reason if it replaces another."""

    file = forms.FileField(error_messages={**_EMPTY, "required": _("Choose the signed PDF.")})
    reason = TypedField(max_length=MOST_REASON, required=False)
