"""The address for machines that push scan documents. Errors are `{"code", "reason", "line"?}` in English."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from quetsach.portal.kit.address import on_screen
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.refusals import note_request
from quetsach.portal.sightings.actions import NoCampaignError, Receipt, RefusedError, receive_chunk
from quetsach.portal.sightings.words import COUNTED
from quetsach.portal.units.actions import token_holder
from quetsach.portal.units.models import ApiToken
from quetsach.sightings.scanfile import CHUNK_BYTES


def bearer(request: HttpRequest) -> ApiToken | None:
    """The live token in the request."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.casefold() != "bearer" or not secret.strip():
        return None
    return token_holder(secret.strip())


def _error(status: int, code: str, reason: str, **more: object) -> JsonResponse:
    return JsonResponse({"code": code, "reason": reason, **more}, status=status)


@csrf_exempt
@never_cache
def push(request: HttpRequest) -> HttpResponse:
    """POST one chunk of JSON Lines; repeating it changes nothing.

    200 with the counts of rows, machines and new cases; 401 no live token; 405; 413 over 8 MiB; 415
    compressed; 422 the document cannot be taken; 507 the disk is full.
    """
    if request.method != "POST":
        response = _error(405, "method", "Send a scan document by POST.")
        response["Allow"] = "POST"
        return response
    try:
        return _receive(request)
    except OperationalError as error:
        # Words of SQLite and of PostgreSQL (53100).
        if "disk is full" not in str(error) and "No space left" not in str(error):
            raise
        return _error(507, "disk_full", "The portal's disk is full; nothing of this document was stored.")


def _receive(request: HttpRequest) -> HttpResponse:
    token = bearer(request)
    if token is None:
        response = _error(401, "token", "A valid token is needed: Authorization: Bearer qs_…")
        response["WWW-Authenticate"] = 'Bearer realm="quetsach"'
        return response
    if request.headers.get("Content-Encoding", "identity").casefold() != "identity":
        return _error(415, "encoding", "Send the document uncompressed.")
    too_large = _error(413, "too_large", f"A chunk has at most {CHUNK_BYTES} bytes: split the document.")
    try:
        data = request.body
    except RequestDataTooBig:
        return too_large
    except UnreadablePostError:
        return _error(400, "cut_off", "The connection ended before the document did.")
    if len(data) > CHUNK_BYTES:
        return too_large
    try:
        receipt = receive_chunk(data, token, client_ip_text(request))
    except NoCampaignError as error:
        note_request(request, COUNTED["no_campaign"])
        return _error(422, error.code, str(error))
    except RefusedError as error:
        note_request(request, COUNTED.get(error.code, "content"))
        where = {} if error.line is None else {"line": error.line}
        return _error(422, error.code, str(error), **where)
    return JsonResponse(
        {
            "new": receipt.new,
            "updated": receipt.updated,
            "unchanged": receipt.unchanged,
            "rejected": [{"line": r.line, "code": r.code, "reason": r.reason} for r in receipt.rejected],
            "campaign": receipt.node.campaign.slug,
            "accepted": receipt.scan is not None,
            "lines_without_machine": receipt.nameless,
            "lines_not_understood": receipt.not_understood,
            **_in_machines(request, receipt),
        }
    )


def _in_machines(request: HttpRequest, receipt: Receipt) -> dict[str, object]:
    """The answer in machines and cases; nothing of it if the cases wait for a later run."""
    found = receipt.outcome
    if found is None:
        return {}
    return {
        "machines": found.machines,
        "machines_unlisted": found.unlisted,
        "new_cases": found.new_cases,
        "url": on_screen(request, found.address),
    }
