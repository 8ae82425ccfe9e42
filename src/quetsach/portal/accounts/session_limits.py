"""How long a sign-in lasts: a limit in all, and a limit without a request."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponse

from quetsach.portal.accounts.actions import note_seen

STEP = 60
"""Seconds between two notes of the person's last request."""


def watch() -> None:
    """Start both clocks when somebody signs in; called once when the app is ready."""
    user_logged_in.connect(start_clocks, dispatch_uid="accounts.session_limits")


def start_clocks(sender: object, request: HttpRequest, **_: object) -> None:  # noqa: ARG001
    """Note when the session began."""
    request.session["since"] = request.session["seen"] = int(time.time())


def age_of(request: HttpRequest) -> int:
    """Seconds since the sign-in."""
    return int(time.time()) - int(request.session.get("since", 0))


class SessionLimits:
    """Signs a person out if their sign-in or their last request is too long ago."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = int(time.time())
            since, seen = request.session.get("since", 0), request.session.get("seen", 0)
            if now - since >= settings.SESSION_COOKIE_AGE or now - seen >= settings.SESSION_IDLE_SECONDS:
                logout(request)
            elif now - seen >= STEP:
                request.session["seen"] = now
                note_seen(request.session.session_key or "")
        return self.get_response(request)
