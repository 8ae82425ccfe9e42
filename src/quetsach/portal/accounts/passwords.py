"""Django's password rules with messages that exist in Vietnamese."""

from __future__ import annotations

from django.contrib.auth import password_validation
from django.utils.translation import gettext as _


class LongEnough(password_validation.MinimumLengthValidator):
    """At least `min_length` characters."""

    def get_error_message(self) -> str:
        return _("Too short: at least %(count)d characters.") % {"count": self.min_length}


class NotCommon(password_validation.CommonPasswordValidator):
    """None of the passwords that attackers try first."""

    def get_error_message(self) -> str:
        return _("Too well known: attackers try this one first.")
