"""Whether a visitor came by HTTPS, as far as trusted proxies vouch for it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from quetsach.portal.kit.client_ip import is_from_trusted_proxy

PROTOCOL = "HTTP_X_FORWARDED_PROTO"


class ForwardedProtocol:
    """Removes X-Forwarded-Proto, which SECURE_PROXY_SSL_HEADER trusts, unless one of TRUSTED_PROXIES sent it.

    Of several values the last counts, by the trusted proxy; Django would believe the first, a visitor's own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_from_trusted_proxy(request):
            request.META.pop(PROTOCOL, None)
        elif PROTOCOL in request.META:
            request.META[PROTOCOL] = request.META[PROTOCOL].rpartition(",")[2].strip()
        return self.get_response(request)
