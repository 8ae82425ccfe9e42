"""The address for machines that push evidence on machines. Errors are `{"code", "reason"}`, in English."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from quetsach.machines.sources.document import CHUNK_BYTES
from quetsach.machines.sources.outcome import MachinesError
from quetsach.portal.kit.address import on_screen
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.refusals import note_request
from quetsach.portal.machines.uploads.actions import receive
from quetsach.portal.sightings.api import bearer

_REASONS = {
    "not_evidence": "This is no evidence on machines: send what `quetsach machines read -o` writes.",
    "schema": "The document was made by another version of the program.",
    "malformed": "A line breaks the form.",
    "incomplete": "The document ends too early, or its end counts other records.",
}


def _error(status: int, code: str, reason: str, **more: object) -> JsonResponse:
    return JsonResponse({"code": code, "reason": reason, **more}, status=status)


@csrf_exempt
@never_cache
def push_evidence(request: HttpRequest) -> HttpResponse:
    """POST one document of JSON Lines (docs/evidence.md); repeating it changes nothing.

    It counts for the unit of the token. 200 with the counts; 401 no live token; 405; 413 over 8 MiB; 415
    compressed; 422 the document cannot be taken; 507 the disk is full.
    """
    if request.method != "POST":
        response = _error(405, "method", "Send a document by POST.")
        response["Allow"] = "POST"
        return response
    try:
        return _receive(request)
    except OperationalError as error:
        # Words of SQLite and of PostgreSQL (53100).
        if "disk is full" not in str(error) and "No space left" not in str(error):
            raise
        return _error(507, "disk_full", "The portal's disk is full; send the document again later.")


def _receive(request: HttpRequest) -> HttpResponse:
    token = bearer(request)
    if token is None:
        response = _error(401, "token", "A valid token is needed: Authorization: Bearer qs_…")
        response["WWW-Authenticate"] = 'Bearer realm="quetsach"'
        return response
    if request.headers.get("Content-Encoding", "identity").casefold() != "identity":
        return _error(415, "encoding", "Send the document uncompressed.")
    try:
        data = request.body
    except RequestDataTooBig:
        return _error(413, "too_large", f"A document has at most {CHUNK_BYTES} bytes: split it.")
    except UnreadablePostError:
        return _error(400, "cut_off", "The connection ended before the document did.")
    if len(data) > CHUNK_BYTES:
        return _error(413, "too_large", f"A document has at most {CHUNK_BYTES} bytes: split it.")
    try:
        row, stored = receive(data, token, client_ip_text(request))
    except MachinesError as error:
        note_request(request, "unknown_kind" if error.code == "not_evidence" else "damaged")
        return _error(422, error.code, _REASONS.get(error.code, error.code), line=error.value)
    return JsonResponse(
        {
            "new": stored.claims + stored.bindings + stored.shortened,
            "known": stored.known,
            "url": on_screen(request, reverse("evidence_file", args=[token.unit_id, row.pk])),
        }
    )
