"""The address for machines that send results of checks: a stick sends here after its user agreed. Errors are
`{"code", "reason"}` with the reason in the language that the request accepts."""

from __future__ import annotations

from itertools import chain

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from quetsach.portal.checks.arriving import with_code
from quetsach.portal.checks.arriving.drop import dropped
from quetsach.portal.checks.arriving.refused import count_refused
from quetsach.portal.checks.unit_actions import is_code_known
from quetsach.portal.checks.words import refusal
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.refusals import note_request


@csrf_exempt
@never_cache
def check_results(request: HttpRequest) -> HttpResponse:
    """POST multipart/form-data: files `results`; `Authorization: Bearer ONE-TIME-CODE`.

    200 {"unit", "taken", "known", "refused": [{"name", "code", "reason"}], "is_code_free"}. "known" also
    counts results that are already stored, and those of an earlier request with the same code whose answer
    was lost. 400 cut off; 401 the code opens nothing, and nothing of the body was read; 405; 413 too large,
    or too many files; 422 no result among the files; 429 too many wrong codes; 503 the first request is still
    being worked on.
    """
    if request.method != "POST":
        response = _error(405, "method", "Send results by POST.")
        response["Allow"] = "POST"
        return response
    language = "en" if request.headers.get("Accept-Language", "").casefold().startswith("en") else "vi"
    with translation.override(language):
        return _receive(request)


def _error(status: int, code: str, reason: str) -> JsonResponse:
    return JsonResponse({"code": code, "reason": reason}, status=status)


def _locked() -> JsonResponse:
    return _error(429, "locked", _("Too many wrong codes from here. Try again in an hour."))


def _receive(request: HttpRequest) -> JsonResponse:
    scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
    if with_code.WRONG.is_shut(request):
        return _locked()
    text = text if scheme.casefold() == "bearer" else ""
    if not is_code_known(text):
        return _wrong_code(request)
    try:
        sent = dropped(request.FILES.getlist("results"))
    except (TooManyFilesSent, TooManyFieldsSent, RequestDataTooBig):
        return _error(413, "too_large", _("Too many files at once. Hand them in a few at a time."))
    except (MultiPartParserError, UnreadablePostError):
        return _error(400, "cut_off", _("The connection ended before the results did. Send them again."))
    first = next(sent, None)
    if first is None:
        note_request(request, "unknown_kind")
        return _error(422, "no_result", _("No result was among these files"))
    try:
        handed_in = with_code.hand_in(chain([first], sent), text, client_ip_text(request))
    except with_code.StillWorking:
        response = _error(503, "working", _("The first request with this code is still being worked on."))
        response["Retry-After"] = "3"
        return response
    if handed_in is None:
        return _wrong_code(request)
    count_refused(request, handed_in.receipt.refused)
    receipt = handed_in.receipt
    return JsonResponse(
        {
            "unit": handed_in.node.name,
            "taken": receipt.taken,
            "known": receipt.known,
            "refused": [
                {"name": line.name, "code": line.code, "reason": refusal(line.code, line.where)}
                for line in receipt.refused
            ],
            "is_code_free": handed_in.is_code_free,
        }
    )


def _wrong_code(request: HttpRequest) -> JsonResponse:
    if with_code.WRONG.is_reached(request):
        return _locked()
    with_code.WRONG.note(request)
    note_request(request, "code")
    reason = _("This code is not known, was used already, or has expired. Ask your unit for a new one.")
    return _error(401, "code", reason)
