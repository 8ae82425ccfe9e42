"""Our allauth settings for a proven person: no new accounts, only the owner links, our own messages."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthError, AuthProcess
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from requests import RequestException

from quetsach.portal.accounts.models import User
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.sso.actions import note_stopped
from quetsach.portal.sso.pending import remember
from quetsach.portal.sso.provider import ID
from quetsach.portal.sso.refusal import SsoError
from quetsach.portal.sso.stopped import stopped

_LOG = logging.getLogger(__name__)


class SsoAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """The provider of the settings, and the effects of its proof."""

    error_messages: ClassVar[dict[str, str | Promise]] = {
        **DefaultSocialAccountAdapter.error_messages,
        "no_password": _("Choose a password first: without the link you could not sign in any more."),
    }

    def list_apps(
        self,
        request: HttpRequest,  # noqa: ARG002
        provider: str | None = None,
        client_id: str | None = None,
    ) -> list[SocialApp]:
        """The provider from the settings only: a row in the database adds none."""
        sso = settings.SSO
        if sso is None or provider not in (None, ID) or client_id not in (None, sso.client_id):
            return []
        return [SocialApp(provider=ID, name=sso.name, client_id=sso.client_id, secret=sso.client_secret)]

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:  # noqa: ARG002
        return False

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: SocialAccount) -> str:  # noqa: ARG002
        return reverse("my_account")

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Runs after the proof, before the sign-in goes on. Raises ImmediateHttpResponse to stop it."""
        sociallogin.token = None  # otherwise it would stay in the session while somebody types a code
        state = sociallogin.state
        state["strong"] = sociallogin.proof.is_strong
        if state.get("process") == AuthProcess.CONNECT:
            self._before_link(request, sociallogin)
        elif not sociallogin.is_existing:
            self._unknown(request, sociallogin)

    def _before_link(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        if not isinstance(request.user, User):
            raise ImmediateHttpResponse(stopped(request, "expired"))
        others = SocialAccount.objects.filter(user=request.user).exclude(uid=sociallogin.account.uid)
        if others.exists():
            raise ImmediateHttpResponse(stopped(request, "linked_otherwise"))

    def _unknown(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        onward = (sociallogin.state.get("data") or {}).get("unknown")
        if onward:
            remember(request, sociallogin.proof)
            raise ImmediateHttpResponse(redirect(onward))
        note_stopped("unknown", ip=client_ip_text(request))
        raise ImmediateHttpResponse(stopped(request, "unknown"))

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,  # noqa: ARG002
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Turns every failure before a proof into one of our pages."""
        code = _code(error, exception, is_known=bool((extra_context or {}).get("state")))
        if code not in ("cancelled", "expired"):
            detail = getattr(exception, "detail", "") or (
                type(exception).__name__ if exception else "no code"
            )
            _LOG.warning("A sign-in by the identity provider stopped: %s (%s)", code, detail)
            note_stopped(code, ip=client_ip_text(request))
        raise ImmediateHttpResponse(stopped(request, code))


def _code(error: str | None, exception: Exception | None, *, is_known: bool) -> str:
    if isinstance(exception, SsoError):
        return exception.code
    if isinstance(exception, RequestException):
        return "unreachable"
    if exception is not None:
        return "mistrusted"
    if not is_known:
        return "expired"
    return "cancelled" if error == AuthError.CANCELLED else "refused"
