"""Forms of one's own account."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ChangePasswordForm
from django.forms import Form
from django.utils.translation import gettext as _


class NewPasswordForm(ChangePasswordForm):  # type: ignore[misc]
    """Allauth's form, with its one message that has no Vietnamese."""

    def clean(self) -> dict[str, Any]:
        Form.clean(self)
        first, second = self.cleaned_data.get("password1"), self.cleaned_data.get("password2")
        if first and second and first != second:
            self.add_error("password2", _("The two new passwords differ."))
        return dict(self.cleaned_data)
