"""The forms for a new account by a code or an invitation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from quetsach.portal.accounts.forms import NewPasswordField, refuse_own_words
from quetsach.portal.accounts.models import User
from quetsach.text.vietnamese import nfc

_OWN = ("username", "full_name", "phone")


class ProvenForm(forms.Form):
    """A new account of an officer without a password; no e-mail is asked for."""

    full_name = forms.CharField(
        label=gettext_lazy("Your full name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": gettext_lazy("Write your name; it stands beside what you do here.")},
    )
    phone = forms.RegexField(
        label=gettext_lazy("Phone at work"),
        regex=r"^[0-9+(). -]{6,30}$",
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
        help_text=gettext_lazy("Your superior unit sees it, to call you. It may stay empty."),
        error_messages={"invalid": gettext_lazy("Write digits only, such as 0213 3000 000.")},
    )
    username = forms.RegexField(
        label=gettext_lazy("User name"),
        regex=r"^[A-Za-z0-9._-]{3,30}$",
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
        help_text=gettext_lazy("3 to 30 unaccented letters, digits, dots or dashes, such as ha.nguyen."),
        error_messages={
            "required": gettext_lazy("Choose a user name."),
            "invalid": gettext_lazy("Use 3 to 30 unaccented letters, digits, dots or dashes."),
        },
    )

    def clean_full_name(self) -> str:
        return nfc(self.cleaned_data["full_name"])

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).lower()


class AccountForm(ProvenForm):
    """A new account with a password."""

    password = NewPasswordField(gettext_lazy("Password"))

    def clean(self) -> dict[str, Any]:
        refuse_own_words(self, User(**{name: self.cleaned_data.get(name) or "" for name in _OWN}))
        return self.cleaned_data
