"""The largest body of a request, in one place for all addresses of the portal.

The check comes before any part of the body is read: Django reads at most the length in the head, and takes a
missing length as zero. Smaller bounds of single addresses are their own business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from quetsach.portal.kit.errors import too_large
from quetsach.portal.kit.refusals import note_request

AROUND = 1 << 20
"""Bytes besides the files of a form: its fields, and the separators between the parts."""
FOR_STRANGERS = {"hand_in"}
"""Pages that take files from strangers. On all others a stranger's form holds words only."""
_MACHINES = "/api/"
"""Machines do not sign in: their addresses check the token or code before they read."""


class BodiesAreBounded:
    """Runs before any code that reads a form, such as the check against forged requests."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any) -> HttpResponse | None:
        """413 for more than QUETSACH_MAX_UPLOAD_MB.

        Raises:
            Http404: a stranger sends more than a form of words; if a person's session has just ended, the
                page says so.
        """
        length, is_machine = _length(request), request.path_info.startswith(_MACHINES)
        if length > settings.MAX_UPLOAD_BYTES + AROUND:
            if is_machine:
                most = settings.MAX_UPLOAD_BYTES >> 20
                message = _("At most %(most)d MB are taken at once. Send it in parts.") % {"most": most}
                return JsonResponse({"code": "too_large", "reason": message}, status=413)
            return too_large(request)
        if length <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE or is_machine or _takes_from_strangers(request):
            return None
        if not request.user.is_authenticated:
            note_request(request, "too_large")
            raise Http404
        return None


def _takes_from_strangers(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and match.url_name in FOR_STRANGERS


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
