"""Counts refusals by the status of the answer, in one place, so that no page can forget it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from quetsach.portal.kit.refusals.counting import note_request

_BY_STATUS = {400: "malformed", 401: "token", 413: "too_large", 429: "too_often", 503: "busy"}
_SIGN_OF_LIFE = "/healthz"


class RefusalsAreCounted:
    """Runs before everything else: it sees every answer, also error pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        reason = _BY_STATUS.get(response.status_code)
        is_counted = getattr(request, "is_refusal_counted", False)
        if reason and not is_counted and request.path_info != _SIGN_OF_LIFE:
            note_request(request, reason)
        return response
