"""The second step of signing in: codes from a phone. Its keys are encrypted by the portal's own key."""

from __future__ import annotations

import base64
from typing import ClassVar

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, InvalidToken
from django.utils.crypto import salted_hmac
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from quetsach.portal.accounts.models import User
from quetsach.portal.kit.qr import qr


class SecondStepAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Encrypts keys, draws the QR code without a style attribute, speaks our words."""

    error_messages: ClassVar[dict[str, str | Promise]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _(
            "This code is not right. Use the newest one from the app, and check that the phone's clock "
            "is correct."
        ),
        "cannot_generate_recovery_codes": _("Switch one-time codes on first."),
    }

    def get_totp_label(self, user: User) -> str:
        return user.username

    def build_totp_svg(self, url: str) -> str:
        return qr(url, scale=5)

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The key; an empty key, which no code fits, if the portal's secret key has changed since."""
        try:
            return _box().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            return ""


def _box() -> Fernet:
    key = salted_hmac("accounts.second_step", "totp", algorithm="sha256").digest()
    return Fernet(base64.urlsafe_b64encode(key))
