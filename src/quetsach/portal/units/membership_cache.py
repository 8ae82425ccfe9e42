"""During a request that only reads, the person's places are read once."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from quetsach.portal.units.models import cache_places


class MembershipCache:
    """Lets `places_of` cache its result during one request that changes nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in {"GET", "HEAD"} and request.user.is_authenticated:
            cache_places(request.user)
        return self.get_response(request)
