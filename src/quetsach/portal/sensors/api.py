"""The addresses for sensors: they get a key by a code, and tell their state. Errors are `{"code", "reason"}`
in English."""

from __future__ import annotations

import json

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.limits import WrongCodes
from quetsach.portal.kit.refusals import note_request
from quetsach.portal.sensors import actions
from quetsach.portal.sightings.receiving import error, receives
from quetsach.portal.units.models import ApiToken
from quetsach.sightings.heartbeat import SECONDS, HeartbeatError, read

WRONG = WrongCodes("sensor", most=60, seconds=3600)
MOST_BYTES = 10_000
_OPENS_NOTHING = (
    "The code opens nothing: it was used, has expired, has a slip in it, or the role of its maker ended."
)
_REASONS = {
    "not_heartbeat": "This is no heartbeat: send what `quetsach watch` sends.",
    "schema": "The document was made by another version of the program.",
    "malformed": "A field breaks the form.",
}


@csrf_exempt
@never_cache
def enrol(request: HttpRequest) -> HttpResponse:
    """POST `{"code": "…"}`; 200 `{"token", "name", "unit"}`, once for each code.

    400 no such document; 401 the code opens nothing; 405; 429 too many wrong codes.
    """
    if request.method != "POST":
        response = error(405, "method", "Send a document by POST.")
        response["Allow"] = "POST"
        return response
    if WRONG.is_shut(request):
        return error(429, "locked", "Too many wrong codes from here. Try again in an hour.")
    try:
        document = json.loads(request.body[:MOST_BYTES])
        code = document["code"]
        if not isinstance(code, str):
            raise TypeError("code")
    except (ValueError, KeyError, TypeError, RecursionError, RequestDataTooBig, UnreadablePostError):
        note_request(request, "content")
        return error(400, "document", 'Send {"code": "…"} with the code from the page of sensors.')
    found = actions.enrol(code, ip=client_ip_text(request))
    if found is None:
        if WRONG.is_reached(request):
            return error(429, "locked", "Too many wrong codes from here. Try again in an hour.")
        WRONG.note(request)
        note_request(request, "code")
        return error(
            401,
            "code",
            _OPENS_NOTHING,
        )
    return JsonResponse({"token": found.secret, "name": found.sensor.name, "unit": found.sensor.unit.name})


@receives
def heartbeat(request: HttpRequest, token: ApiToken, data: bytes) -> HttpResponse:
    """POST one heartbeat (docs/contract.md). 200 `{"name", "seconds"}`; 409 the key is of no sensor; 422 no
    heartbeat; else as `receives`."""
    try:
        told = read(data)
    except HeartbeatError as problem:
        note_request(request, "unknown_kind" if problem.code == "not_heartbeat" else "damaged")
        return error(422, problem.code, _REASONS[problem.code], where=problem.where)
    sensor = actions.beat(token, told)
    if sensor is None:
        return error(409, "no_sensor", "This key belongs to no sensor. Enrol the program with a code first.")
    return JsonResponse({"name": sensor.name, "seconds": SECONDS})
