"""The public self-check: the address as the server sees it, never one typed in."""

from __future__ import annotations

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.cases.checking import check
from quetsach.portal.kit.client_ip import client_ip

PER_MINUTE = 30
"""Checks of one address: a whole office behind one address still gets through, a loop does not."""


@never_cache
@require_GET
def self_check(request: HttpRequest) -> HttpResponse:
    """Is my network listed? Says what was looked at; names no machine and no unit."""
    address = client_ip(request)
    now = timezone.now()
    if address is not None and _too_many(f"self-check-{address}-{now:%Y%m%d%H%M}"):
        response = render(request, "cases/self_check.html", {"too_many": True, "now": now}, status=429)
        response["Retry-After"] = "60"
        return response
    campaign = Campaign.objects.filter(status=Campaign.Status.PUBLISHED).order_by("-published_at").first()
    context: dict[str, object] = {"address": address, "campaign": campaign, "now": now}
    if address is not None and campaign is not None:
        context["result"] = check(campaign, address, now)
    return render(request, "cases/self_check.html", context)


def _too_many(key: str) -> bool:
    for _again in range(2):
        try:
            return int(cache.incr(key)) > PER_MINUTE
        except ValueError:
            cache.add(key, 0, timeout=120)
    return False
