"""The public self-check of the address that the server sees; the visitor cannot type another."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from quetsach.portal.campaigns.front import running_campaigns
from quetsach.portal.cases.self_check.answer import check
from quetsach.portal.kit.client_ip import visitor_ip
from quetsach.portal.kit.limits import Limit
from quetsach.portal.staff.queries_refused import top_office

CHECKS = Limit("self-check", most=30, seconds=60)
"""Allows a whole office behind one address, but stops a loop."""


@never_cache
@require_GET
def self_check(request: HttpRequest) -> HttpResponse:
    """Whether the visitor's network is listed, in any campaign. Names no machine and no unit."""
    address = visitor_ip(request)
    now = timezone.now()
    if address is not None and CHECKS.is_reached(request):
        response = render(request, "cases/self_check.html", {"too_many": True, "now": now}, status=429)
        response["Retry-After"] = "60"
        return response
    CHECKS.note(request)
    campaigns = list(running_campaigns())
    context: dict[str, object] = {"address": address, "campaigns": campaigns, "now": now}
    if address is None:
        context["runs_portal"] = top_office(request.user) is not None
    elif campaigns:
        context["result"] = check(campaigns, address, now)
    return render(request, "cases/self_check.html", context)
