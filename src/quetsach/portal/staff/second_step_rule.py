"""Roles that must use one-time codes: a note on each page, after some days nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from quetsach.portal.accounts.actions import demand_second_step
from quetsach.portal.accounts.models import User
from quetsach.portal.staff.queries import must_use_codes

LOOK_AGAIN = 300
"""Seconds for which an answer is believed."""
OPEN = ("/tai-khoan/", "/ngon-ngu/", "/rieng-tu/", "/static/", "/healthz", "/api/")


class SecondStepRule:
    """Sets `request.second_step_due` for the note; leads to the page of the codes when the day has come."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if settings.SECOND_STEP_ROLES and isinstance(user, User):
            due = self._due(request, user)
            request.second_step_due = due  # type: ignore[attr-defined]
            if due and due <= timezone.now() and not request.path.startswith(OPEN):
                return redirect("mfa_index")
        return self.get_response(request)

    @staticmethod
    def _due(request: HttpRequest, user: User) -> datetime | None:
        """From when on the person may go no further; None where nothing is asked of them."""
        if request.session.get("codes_fine_at", 0) > time.time() - LOOK_AGAIN:
            return None
        if not must_use_codes(user, settings.SECOND_STEP_ROLES):
            request.session["codes_fine_at"] = int(time.time())
            return None
        if user.second_step_due is None:
            demand_second_step(user, timezone.now() + timedelta(days=settings.SECOND_STEP_DAYS))
        return user.second_step_due
