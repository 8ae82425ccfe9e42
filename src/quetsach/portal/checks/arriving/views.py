"""The page to hand in results with a one-time code, without an account."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from quetsach.portal.checks.arriving import with_code
from quetsach.portal.checks.arriving.code_first import CodeFirst
from quetsach.portal.checks.arriving.drop import dropped
from quetsach.portal.checks.arriving.refused import count_refused
from quetsach.portal.checks.forms import HandInForm
from quetsach.portal.checks.unit_actions import is_code_known
from quetsach.portal.checks.views import told
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.refusals import note_form, note_request


@csrf_exempt  # for now: the token stands in the body, which must not be read before its code is known
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def hand_in(request: HttpRequest) -> HttpResponse:
    """The form; after the upload, the fate of each file. Says nothing about findings."""

    def opens(code: str) -> bool:
        return not with_code.WRONG.is_shut(request) and is_code_known(code)

    request.upload_handlers = [CodeFirst(request, opens), *request.upload_handlers]
    answer: HttpResponse = _hand_in(request)
    return answer


@csrf_protect
def _hand_in(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "checks/hand_in.html", {"form": HandInForm()})
    form = HandInForm(request.POST, request.FILES)
    is_valid, code = form.is_valid(), str(form.cleaned_data.get("code", ""))
    if with_code.WRONG.is_shut(request):
        return _locked(request, form)
    if code and not is_code_known(code):
        return _wrong_code(request, form)
    if not is_valid:
        note_form(request, form)
        return render(request, "checks/hand_in.html", {"form": form}, status=422)
    try:
        handed_in = with_code.hand_in(dropped(form.all_files), code, client_ip_text(request))
    except with_code.StillWorking:
        return _refused(request, form, _("The first request with this code is still being worked on."), 503)
    if handed_in is None:
        return _wrong_code(request, form)
    count_refused(request, handed_in.receipt.refused)
    context = {
        "receipt": told(handed_in.receipt),
        "node": handed_in.node,
        "is_free": handed_in.is_code_free,
    }
    return render(request, "checks/hand_in.html", context)


def _locked(request: HttpRequest, form: HandInForm) -> HttpResponse:
    return _refused(request, form, _("Too many wrong codes from here. Try again in an hour."), 429)


def _wrong_code(request: HttpRequest, form: HandInForm) -> HttpResponse:
    if with_code.WRONG.is_reached(request):
        return _locked(request, form)
    with_code.WRONG.note(request)
    note_request(request, "code")
    reason = _("This code is not known, was used already, or has expired. Ask your unit for a new one.")
    return _refused(request, form, reason, 422)


def _refused(request: HttpRequest, form: HandInForm, reason: str, status: int) -> HttpResponse:
    """The form again. Says nothing about the files: they were not taken."""
    form.errors.clear()
    form.add_error("code", reason)
    return render(request, "checks/hand_in.html", {"form": form}, status=status)
