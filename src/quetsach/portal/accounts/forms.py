"""Forms for one's own account, and the field for a new password."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ChangePasswordForm
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.forms import CharField, Form, PasswordInput
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quetsach.portal.accounts.models import User
from quetsach.portal.accounts.passwords import LONGEST, NotLikeOneself


class NewPasswordForm(ChangePasswordForm):  # type: ignore[misc]
    """Allauth's form, with a translation of its one message without Vietnamese."""

    def clean(self) -> dict[str, Any]:
        Form.clean(self)
        first, second = self.cleaned_data.get("password1"), self.cleaned_data.get("password2")
        if first and second and first != second:
            self.add_error("password2", _("The two new passwords differ."))
        return dict(self.cleaned_data)


class NewPasswordField(CharField):
    """A password that its owner chooses, held to the portal's rules."""

    default_validators = [validate_password]  # noqa: RUF012

    def __init__(self, label: Any) -> None:
        super().__init__(
            label=label,
            strip=False,
            widget=PasswordInput(attrs={"autocomplete": "new-password", "maxlength": str(LONGEST)}),
            help_text=gettext_lazy("At least 12 characters. Four plain words are easy to keep in mind."),
            error_messages={"required": gettext_lazy("Choose a password.")},
        )


def refuse_own_words(form: Form, owner: User) -> None:
    """Add an error where the password is much like its owner's name. The field does not know the owner, and
    may have called the password a common one."""
    password = form.data.get(form.add_prefix("password"))
    try:
        NotLikeOneself().validate(password or "", owner)
    except ValidationError as error:
        if password:
            errors = form.errors.get("password")
            if errors is not None:
                errors.data = [one for one in errors.as_data() if one.code != "password_too_common"]
            form.add_error("password", error)
