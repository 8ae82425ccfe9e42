"""Forms for one-time codes: a code opens once in all of them together, and guessing is slow."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter as account_adapter
from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.forms import Form

from quetsach.portal.accounts import guessing
from quetsach.portal.accounts.models import User
from quetsach.portal.kit import refusals


class _Counted(Form):
    """Counts a code as wrong before it is checked; a right code is taken off the count and used up."""

    user: User

    def clean_code(self) -> str:
        counted = guessing.count_code(context.request, self.user)
        if counted is None:
            refusals.note("sign_in", "locked")
            raise account_adapter().validation_error("too_many_login_attempts")
        parent: Any = super()
        try:
            code: str = parent.clean_code()
            if not _use_up(self.user, code):
                raise get_adapter().validation_error("incorrect_code")
        except ValidationError:
            refusals.note("sign_in", "code")
            raise
        guessing.take_back(counted)
        return code


class CodeForm(_Counted, AuthenticateForm):  # type: ignore[misc]
    """The second step of signing in."""


class CodeAgainForm(_Counted, ReauthenticateForm):  # type: ignore[misc]
    """A code before something that matters is changed."""


class FirstCodeForm(_Counted, ActivateTOTPForm):  # type: ignore[misc]
    """The code that proves that the app has the key."""


def _use_up(user: User, code: str) -> bool:
    """Whether the code is used for the first time. It is remembered for longer than it is valid. RFC 6238,
    5.2: "The verifier MUST NOT accept the second attempt of the OTP"."""
    seconds = (2 * app_settings.TOTP_TOLERANCE + 2) * app_settings.TOTP_PERIOD
    return cache.add(f"used-code:{user.pk}:{normalize_user_code(code)}", "y", timeout=seconds)
