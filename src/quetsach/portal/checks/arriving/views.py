"""Handing results in with a one-time code, without an account."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from quetsach.portal.checks.arriving import with_code
from quetsach.portal.checks.arriving.drop import dropped
from quetsach.portal.checks.forms import HandInForm
from quetsach.portal.checks.views import told
from quetsach.portal.kit.client_ip import client_ip_text


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def hand_in(request: HttpRequest) -> HttpResponse:
    """The form; after the upload, what became of each file. Says nothing of what was found."""
    if request.method != "POST":
        return render(request, "checks/hand_in.html", {"form": HandInForm()})
    form = HandInForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "checks/hand_in.html", {"form": form}, status=422)
    if with_code.WRONG.is_shut(request):
        return _locked(request, form)
    files = list(dropped(form.all_files))
    try:
        handed_in = with_code.hand_in(files, form.cleaned_data["code"], client_ip_text(request))
    except with_code.StillWorking:
        form.add_error("code", _("The first request with this code is still being worked on."))
        return render(request, "checks/hand_in.html", {"form": form}, status=503)
    if handed_in is None:
        if with_code.WRONG.is_reached(request):
            return _locked(request, form)
        with_code.WRONG.note(request)
        form.add_error(
            "code", _("This code is not known, was used already, or is over. Ask your unit for a new one.")
        )
        return render(request, "checks/hand_in.html", {"form": form}, status=422)
    context = {
        "receipt": told(handed_in.receipt),
        "node": handed_in.node,
        "is_free": handed_in.is_code_free,
    }
    return render(request, "checks/hand_in.html", context)


def _locked(request: HttpRequest, form: HandInForm) -> HttpResponse:
    form.add_error("code", _("Too many wrong codes from here. Try again in an hour."))
    return render(request, "checks/hand_in.html", {"form": form}, status=429)
