"""Receives a document that a machine sends with its token: what all such addresses do before it is read.

Errors are `{"code", "reason", "line"?}` in English.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from quetsach.portal.units.actions import token_holder
from quetsach.portal.units.models import ApiToken
from quetsach.sightings.cutting import CHUNK_BYTES

type Take = Callable[[HttpRequest, ApiToken, bytes], HttpResponse]


def bearer(request: HttpRequest) -> ApiToken | None:
    """The live token in the request."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.casefold() != "bearer" or not secret.strip():
        return None
    return token_holder(secret.strip())


def error(status: int, code: str, reason: str, **more: object) -> JsonResponse:
    """An answer that something went wrong."""
    return JsonResponse({"code": code, "reason": reason, **more}, status=status)


def no_token() -> JsonResponse:
    """The answer to a request without a live token."""
    response = error(401, "token", "A valid token is needed: Authorization: Bearer qs_…")
    response["WWW-Authenticate"] = 'Bearer realm="quetsach"'
    response["Cache-Control"] = "no-store"
    return response


def receives(take: Take) -> Callable[[HttpRequest], HttpResponse]:
    """A view that gives `take` the document of a request by POST, with the token's holder.

    It answers 401 without a live token; 405; 413 over 8 MiB; 415 compressed; 400 cut off; 507 where the disk
    is full.
    """

    @csrf_exempt
    @never_cache
    @wraps(take)
    def view(request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            response = error(405, "method", "Send a document by POST.")
            response["Allow"] = "POST"
            return response
        try:
            return _received(request, take)
        except OperationalError as problem:
            # Words of SQLite and of PostgreSQL (53100).
            if "disk is full" not in str(problem) and "No space left" not in str(problem):
                raise
            return error(507, "disk_full", "The portal's disk is full; send the document again later.")

    return view


def _received(request: HttpRequest, take: Take) -> HttpResponse:
    token = bearer(request)
    if token is None:
        return no_token()
    if request.headers.get("Content-Encoding", "identity").casefold() != "identity":
        return error(415, "encoding", "Send the document uncompressed.")
    too_large = error(413, "too_large", f"A document has at most {CHUNK_BYTES} bytes: split it.")
    try:
        data = request.body
    except RequestDataTooBig:
        return too_large
    except UnreadablePostError:
        return error(400, "cut_off", "The connection ended before the document did.")
    return too_large if len(data) > CHUNK_BYTES else take(request, token, data)
