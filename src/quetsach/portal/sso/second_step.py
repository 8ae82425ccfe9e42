"""When a sign-in by the identity provider needs no code of ours: its signed `acr` counts as one."""

from __future__ import annotations

from typing import Any

from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest

from quetsach.portal.accounts.models import User

_KEY = "proven_twice"


class SecondStep(AuthenticateStage):  # type: ignore[misc]
    """Asks for a code as always, unless the provider has asked for one in this very sign-in."""

    def handle(self) -> tuple[Any, bool]:
        self.request.session.pop(_KEY, None)
        proven = (self.login.signal_kwargs or {}).get("sociallogin")
        if proven is not None and proven.state.get("strong"):
            note_proven_twice(self.request, self.login.user)
            return None, True
        answer: tuple[Any, bool] = super().handle()
        return answer


def note_proven_twice(request: HttpRequest, user: User) -> None:
    """Say of the session that begins now that its person took two steps elsewhere."""
    request.session[_KEY] = user.pk


def is_proven_twice(request: HttpRequest, user: User) -> bool:
    """Whether this session began with two steps at the identity provider."""
    return bool(request.session.get(_KEY) == user.pk)
