"""The page on which the issuer sets the days that units have for a machine."""

from __future__ import annotations

from dataclasses import asdict

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from quetsach.portal.campaigns.seat import take_issuer_seat
from quetsach.portal.cases.clocks import Terms
from quetsach.portal.cases.escalating.actions import set_terms
from quetsach.portal.cases.escalating.queries import terms_of
from quetsach.portal.cases.forms import TermsForm
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.units.roles import Verb


@require_http_methods(["GET", "HEAD", "POST"])
def terms(request: HttpRequest, slug: str) -> HttpResponse:
    """The days by step; a change counts at once for all open cases."""
    seat = take_issuer_seat(request, slug, Verb.PUBLISH)
    form = TermsForm(request.POST or None, initial=asdict(terms_of(seat.campaign)))
    if request.method == "POST" and form.is_valid():
        set_terms(seat.campaign, Terms(**form.cleaned_data), seat.user, client_ip_text(request))
        messages.success(request, _("Saved. What is overdue was computed anew."))
        return redirect("case_terms", slug)
    context = {"seat": seat, "door": "cases", "form": form}
    return render(request, "cases/terms.html", context, status=422 if form.errors else 200)
