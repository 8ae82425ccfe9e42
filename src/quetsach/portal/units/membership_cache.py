"""A page that only shows asks once where its reader serves: all of it rests on one answer."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from quetsach.portal.units.models import keep_places


class PlacesOnce:
    """Lets `places_of` remember its answer during one request that changes nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in {"GET", "HEAD"} and request.user.is_authenticated:
            keep_places(request.user)
        return self.get_response(request)
