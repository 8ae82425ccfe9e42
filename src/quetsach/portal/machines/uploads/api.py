"""The address for machines that push evidence on machines. Errors are `{"code", "reason"}`, in English."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from quetsach.machines.sources.outcome import MachinesError
from quetsach.portal.kit.address import on_screen
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.refusals import note_request
from quetsach.portal.machines.uploads.actions import receive
from quetsach.portal.sightings.receiving import error, receives
from quetsach.portal.units.models import ApiToken

_REASONS = {
    "not_evidence": "This is no evidence on machines: send what `quetsach machines read -o` writes.",
    "schema": "The document was made by another version of the program.",
    "malformed": "A line breaks the form.",
    "incomplete": "The document ends too early, or its end counts other records.",
}


@receives
def push_evidence(request: HttpRequest, token: ApiToken, data: bytes) -> HttpResponse:
    """POST one document of JSON Lines (docs/evidence.md); repeating it changes nothing.

    It counts for the unit of the token. 200 with the counts; 422 the document cannot be taken; else as
    `receives`.
    """
    try:
        row, stored = receive(data, token, client_ip_text(request))
    except MachinesError as problem:
        note_request(request, "unknown_kind" if problem.code == "not_evidence" else "damaged")
        reason = _REASONS.get(problem.code, problem.code)
        if problem.code == "malformed":
            reason = f"{reason} Line {problem.value}."
        return error(422, problem.code, reason, line=problem.value)
    return JsonResponse(
        {
            "new": stored.claims + stored.bindings + stored.shortened,
            "known": stored.known,
            "url": on_screen(request, reverse("evidence_file", args=[token.unit_id, row.pk])),
        }
    )
