"""The address for machines that push scan documents."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse

from quetsach.portal.kit.address import on_screen
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.refusals import note_request
from quetsach.portal.sightings.actions import NoCampaignError, Receipt, RefusedError, receive_chunk
from quetsach.portal.sightings.receiving import error, receives
from quetsach.portal.sightings.words import COUNTED
from quetsach.portal.units.models import ApiToken


@receives
def push(request: HttpRequest, token: ApiToken, data: bytes) -> HttpResponse:
    """POST one chunk of JSON Lines; repeating it changes nothing.

    200 with the counts of rows, machines and new cases; 422 the document cannot be taken; else as `receives`.
    """
    try:
        receipt = receive_chunk(data, token, client_ip_text(request))
    except NoCampaignError as problem:
        note_request(request, COUNTED["no_campaign"])
        return error(422, problem.code, str(problem))
    except RefusedError as problem:
        note_request(request, COUNTED.get(problem.code, "content"))
        where = {} if problem.line is None else {"line": problem.line}
        return error(422, problem.code, str(problem), **where)
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
