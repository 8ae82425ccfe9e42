"""The address for machines pushing victims' reports. Errors are `{"code", "reason", "line"?}`, in English."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from quetsach.portal.cases.victims.actions import node_named, receive_document
from quetsach.portal.kit.address import on_screen
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.refusals import note_request
from quetsach.portal.sightings.actions import NoCampaignError
from quetsach.portal.sightings.api import bearer
from quetsach.victims.document import CHUNK_BYTES, DocumentError

_REASONS = {
    "not_victims": "This is no document of victims' reports: send what `quetsach victims` writes.",
    "schema": "The document was made by another version of the program.",
    "garbage": "A line is no record.",
    "incomplete": "The document ends too early, or its end counts other records.",
}


def _error(status: int, code: str, reason: str, **more: object) -> JsonResponse:
    return JsonResponse({"code": code, "reason": reason, **more}, status=status)


@csrf_exempt
@never_cache
def push_victims(request: HttpRequest) -> HttpResponse:
    """POST one document of JSON Lines (docs/contract.md 8); repeating it changes nothing.

    `?campaign=SLUG` names the campaign where the unit takes part in several. 200 with the counts; 401 no live
    token; 405; 413 over 8 MiB; 415 compressed; 422 the document cannot be taken; 507 the disk is full.
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
        receipt = receive_document(
            data, token, client_ip_text(request), node_named(token.unit, request.GET.get("campaign", ""))
        )
    except NoCampaignError as error:
        note_request(request, "foreign")
        return _error(422, error.code, str(error))
    except DocumentError as error:
        note_request(request, "unknown_kind" if error.code == "not_victims" else "damaged")
        return _error(422, error.code, _REASONS[error.code], line=error.line)
    slug = receipt.file.node.campaign.slug
    answer: dict[str, object] = {
        "new": receipt.changed,
        "unchanged": receipt.unchanged,
        "risks": receipt.risks,
        "not_ours": receipt.not_ours,
        "new_cases": receipt.new_cases or 0,
        "are_cases_later": receipt.new_cases is None,
        "rejected": [
            {"line": line, "code": "malformed", "reason": f"{name} breaks the form"}
            for line, name in receipt.rejected
        ],
        "campaign": slug,
        "url": on_screen(request, reverse("victims_file", args=[slug, receipt.file.pk])),
    }
    return JsonResponse(answer)
