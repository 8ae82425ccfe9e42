"""Our allauth settings: nobody registers alone, the client's address is the trusted one, our own messages."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from quetsach.portal.accounts import guessing
from quetsach.portal.kit import refusals
from quetsach.portal.kit.client_ip import client_ip_text


class ClosedSignupAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Closes the sign-up page: a superior invites."""

    error_messages: ClassVar[dict[str, str | Promise]] = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This account is locked. Ask the coordinator of your unit."),
        "enter_current_password": _("This is not your current password."),
        "too_many_login_attempts": _(
            "Too many failed attempts. Wait five minutes, then try again. If it stays like this, somebody may"
            " be trying your name: sign in on the computer that you used before, or ask your coordinator."
        ),
        "username_password_mismatch": _("User name and password do not match. Check the Caps Lock key."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def get_login_stages(self) -> list[str]:
        """Allauth's stages, with our stage for people who took their second step at the identity provider."""
        ours = {"allauth.mfa.stages.AuthenticateStage": "quetsach.portal.sso.second_step.SecondStep"}
        return [ours.get(stage, stage) for stage in super().get_login_stages()]

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that rate limits count by."""
        return client_ip_text(request) or "::"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the password as wrong; take the count back when it is right. Raises ValidationError."""
        name = str(credentials.get("username") or credentials.get("email") or "")
        self._counted = guessing.count_password(request, name)
        if self._counted is None:
            refusals.note("sign_in", "locked")
            raise self.validation_error("too_many_login_attempts")

    def _rollback_login_failed_rl_usage(self) -> None:
        guessing.take_back(self._counted or ())
