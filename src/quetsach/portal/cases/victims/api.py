"""The address for machines that push victims' reports."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from quetsach.portal.cases.victims.actions import TAKEN_BACK, node_named, receive_document
from quetsach.portal.kit.address import on_screen
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.refusals import note_request
from quetsach.portal.sightings.actions import NoCampaignError
from quetsach.portal.sightings.receiving import error, receives
from quetsach.portal.units.models import ApiToken
from quetsach.victims.document import FUTURE, DocumentError
from quetsach.victims.words import LEFT

_REASONS = {
    "not_victims": "This is no document of victims' reports: send what `quetsach victims` writes.",
    "schema": "The document was made by another version of the program.",
    "garbage": "A line is no record.",
    "incomplete": "The document ends too early, or its end counts other records.",
}
_LEFT_OUT = {
    FUTURE: LEFT[FUTURE],
    TAKEN_BACK: "People took this file back. Upload it on the portal to let it count again.",
}


@receives
def push_victims(request: HttpRequest, token: ApiToken, data: bytes) -> HttpResponse:
    """POST one document of JSON Lines (docs/contract.md 8); repeating it changes nothing.

    `?campaign=SLUG` names the campaign where the unit takes part in several. 200 with the counts; 422 the
    document cannot be taken; else as `receives`.
    """
    try:
        receipt = receive_document(
            data, token, client_ip_text(request), node_named(token.unit, request.GET.get("campaign", ""))
        )
    except NoCampaignError as problem:
        note_request(request, "foreign")
        return error(422, problem.code, str(problem))
    except DocumentError as problem:
        note_request(request, "unknown_kind" if problem.code == "not_victims" else "damaged")
        return error(422, problem.code, _REASONS[problem.code], line=problem.line)
    slug = receipt.file.node.campaign.slug
    answer: dict[str, object] = {
        "new": receipt.changed,
        "unchanged": receipt.unchanged,
        "risks": receipt.risks,
        "not_ours": receipt.not_ours,
        "new_cases": receipt.new_cases or 0,
        "are_cases_later": receipt.new_cases is None,
        "rejected": [
            {"line": line, "code": name, "reason": _LEFT_OUT[name]}
            if name in _LEFT_OUT
            else {"line": line, "code": "malformed", "reason": f"{name} breaks the form"}
            for line, name in receipt.rejected
        ],
        "campaign": slug,
        "url": on_screen(request, reverse("victims_file", args=[slug, receipt.file.pk])),
    }
    return JsonResponse(answer)
