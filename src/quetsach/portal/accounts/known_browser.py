"""Which accounts a browser has signed in with before, by a signed cookie.

The cookie opens nothing. It only lets the wrong tries of that browser be counted apart from those of
strangers, so that nobody who knows a name can keep its owner out. Each account in the cookie is bound to its
password: after a new password only the browser in which it was chosen still knows the account.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import cached_property

from allauth.account.signals import password_changed
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from quetsach.portal.accounts.models import User

DAYS = 180
_SALT = "accounts.known_browser"
_MOST = 5
"""Accounts that one browser remembers, the newest first."""


class KnownBrowser:
    """The content of one request's cookie, read when it is first needed."""

    def __init__(self, request: HttpRequest) -> None:
        self._cookie = request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE_NAME, "")

    @cached_property
    def _told(self) -> tuple[str, dict[int, str]]:
        if not self._cookie:
            return "", {}
        try:
            name, accounts = signing.loads(self._cookie, salt=_SALT, max_age=DAYS * 86_400)
            return str(name), {int(pk): str(proof) for pk, proof in accounts}
        except (signing.BadSignature, ValueError, TypeError):
            return "", {}

    @property
    def name(self) -> str:
        """A random name of this browser; "" where the cookie names none."""
        return self._told[0]

    def knows(self, user: User) -> bool:
        """Whether this account signed in here with the password that it has now."""
        return constant_time_compare(self._told[1].get(user.pk, ""), _proof(user))

    @cached_property
    def account(self) -> int | None:
        """The account that signed in here last and may still do so."""
        proofs = self._told[1]
        if not proofs:
            return None
        people = {user.pk: user for user in User.objects.filter(pk__in=proofs, is_active=True)}
        return next((pk for pk in proofs if pk in people and self.knows(people[pk])), None)

    def with_account(self, user: User) -> str:
        """The new text of the cookie, with this account added."""
        others = [(pk, proof) for pk, proof in self._told[1].items() if pk != user.pk]
        accounts = [(user.pk, _proof(user)), *others[: _MOST - 1]]
        return signing.dumps([self.name or secrets.token_urlsafe(12), accounts], salt=_SALT)


def _proof(user: User) -> str:
    return salted_hmac(_SALT, user.password, algorithm="sha256").hexdigest()[:32]


def watch() -> None:
    """Remember browsers when somebody signs in or chooses a password; called once when the app is ready."""
    user_logged_in.connect(_remember, dispatch_uid="accounts.known_browser.in")
    password_changed.connect(_remember, dispatch_uid="accounts.known_browser.password")


def _remember(sender: object, request: HttpRequest | None, user: User, **_: object) -> None:  # noqa: ARG001
    if request is not None:
        setattr(request, "known_from_now", user)  # noqa: B010


class KnownBrowsers:
    """Puts the browser's cookie on the request, and sets it in a browser that has just signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        known = KnownBrowser(request)
        setattr(request, "known_browser", known)  # noqa: B010
        response = self.get_response(request)
        user = getattr(request, "known_from_now", None)
        if user is not None:
            response.set_cookie(
                settings.KNOWN_BROWSER_COOKIE_NAME,
                known.with_account(user),
                max_age=DAYS * 86_400,
                secure=settings.HTTPS,
                httponly=True,
                samesite="Lax",
            )
        return response


def of(request: HttpRequest) -> KnownBrowser:
    """The browser of a request, with or without the middleware."""
    known = getattr(request, "known_browser", None)
    return known if isinstance(known, KnownBrowser) else KnownBrowser(request)
