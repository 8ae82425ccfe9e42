"""Skips our second step if the identity provider's signed `acr` proves one."""

from __future__ import annotations

from typing import Any

from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest

from quetsach.portal.accounts.models import User

_KEY = "proven_twice"


class SecondStep(AuthenticateStage):  # type: ignore[misc]
    """Asks for a code as usual, unless the provider proved a second step in this sign-in."""

    def handle(self) -> tuple[Any, bool]:
        self.request.session.pop(_KEY, None)
        proven = (self.login.signal_kwargs or {}).get("sociallogin")
        if proven is not None and proven.state.get("strong"):
            note_proven_twice(self.request, self.login.user)
            return None, True
        answer: tuple[Any, bool] = super().handle()
        return answer


def note_proven_twice(request: HttpRequest, user: User) -> None:
    """Mark the new session: its person took two steps at the identity provider."""
    request.session[_KEY] = user.pk


def is_proven_twice(request: HttpRequest, user: User) -> bool:
    """Whether this session began with two steps at the identity provider."""
    return bool(request.session.get(_KEY) == user.pk)
