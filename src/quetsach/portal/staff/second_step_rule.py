"""Roles that must use one-time codes: first a note on each page, after some days only the page of the codes.

Checked when somebody signs in and when their codes change, not with each request.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from quetsach.portal.accounts.actions import demand_second_step
from quetsach.portal.accounts.models import User
from quetsach.portal.sso.second_step import is_proven_twice
from quetsach.portal.staff.queries import must_use_codes

OPEN = ("/tai-khoan/", "/ngon-ngu/", "/rieng-tu/", "/static/", "/healthz", "/api/")


def watch() -> None:
    """Listen for sign-ins and for changes of codes; called once when the app is ready."""
    for signal in (user_logged_in, authenticator_added, authenticator_removed):
        signal.connect(note_due, dispatch_uid="staff.second_step_rule")


def note_due(sender: object, request: HttpRequest, user: User, **_: object) -> None:  # noqa: ARG001
    """Store in the session when the person must have codes; nothing if no role asks for them."""
    request.session.pop("codes_due", None)
    if must_use_codes(user, settings.SECOND_STEP_ROLES) and not is_proven_twice(request, user):
        if user.second_step_due is None:
            demand_second_step(user, timezone.now() + timedelta(days=settings.SECOND_STEP_DAYS))
        if user.second_step_due is not None:
            request.session["codes_due"] = int(user.second_step_due.timestamp())


class SecondStepRule:
    """Sets `request.second_step_due` for the note; from that day on leads to the page of the codes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        at = request.session.get("codes_due") if request.user.is_authenticated else None
        if at is not None:
            due = datetime.fromtimestamp(at, UTC)
            request.second_step_due = due  # type: ignore[attr-defined]
            if due <= timezone.now() and not request.path.startswith(OPEN):
                return redirect("mfa_index")
        return self.get_response(request)
