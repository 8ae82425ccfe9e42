"""The public self-check of the address that the server sees; the visitor cannot type another."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language, override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from quetsach.portal.campaigns.front import running_now, top_campaigns
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.cases.advice import advice_for
from quetsach.portal.cases.self_check import software
from quetsach.portal.cases.self_check.answer import check
from quetsach.portal.kit import visits
from quetsach.portal.kit.client_ip import visitor_ip
from quetsach.portal.kit.limits import LocalLimit
from quetsach.portal.staff.queries_refused import top_office

CHECKS = LocalLimit(most=30, seconds=60)
"""Allows a whole office behind one address, but stops a loop."""


@never_cache
@require_GET
def self_check(request: HttpRequest) -> HttpResponse:
    """Whether the visitor's network is listed, in any campaign. Names no machine and no unit."""
    address = visitor_ip(request)
    now = timezone.now()
    if address is not None and not CHECKS.admits(request):
        response = _page(request, "too_many", now=now, status=429)
        response["Retry-After"] = "60"
        return response
    campaigns = running_now()
    context: dict[str, Any] = {
        "now": now,
        "campaigns": campaigns,
        "contacts": _contacts(campaigns),
        "software": _software(request, timezone.localdate(now)),
    }
    if not campaigns:
        return _page(request, "no_campaign", **context)
    if address is None:
        runs_portal = request.user.is_authenticated and top_office(request.user) is not None
        return _page(request, "no_address", runs_portal=runs_portal, **context)
    result = check(campaigns, address, now)
    visits.note(result.holder.unit if result.holder else None)
    language = get_language() or "vi"
    does = [(name, advice_for(name, language)) for name in result.families]
    return _page(request, result.kind, address=address, result=result, advice=does, **context)


def _software(request: HttpRequest, today: date) -> software.Software:
    """What the browser says of itself and of its system; nothing of it is kept."""
    return software.judge(
        request.headers.get("User-Agent", "")[: software.LONGEST],
        request.headers.get("Sec-CH-UA-Platform", "")[:20],
        request.headers.get(software.HINT, "")[:20],
        today,
    )


def _page(request: HttpRequest, kind: str, status: int = 200, **context: object) -> HttpResponse:
    body = f"cases/self_check/{kind}.html"
    found, language = context.get("software"), get_language() or "vi"
    section = _section(found, language) if isinstance(found, software.Software) else ""
    shown = {**context, "software_section": section, "body": body}
    response = render(request, "cases/self_check/page.html", shown, status=status)
    # A browser tells Windows 11, Android and macOS with the next request, and only to a page that asks.
    response["Accept-CH"] = software.HINT
    return response


@lru_cache(maxsize=512)
def _section(found: software.Software, language: str) -> SafeString:
    """The section about browser and system, drawn once for each of the few hundred answers."""
    with override(language):
        shown = {"software": found, "builds": software.builds(), "table_day": software.checked()}
        return render_to_string("cases/self_check/software.html", shown)


def _contacts(campaigns: list[Campaign]) -> list[Campaign]:
    """The campaigns whose contact answers visitors: those that speak for the portal, each contact once;
    two at most."""
    speaking = campaigns if len(campaigns) < 2 else top_campaigns()
    found: dict[tuple[str, str], Campaign] = {}
    for one in speaking:
        name, phone = one.contact.get("name", ""), one.contact.get("phone", "")
        if name or phone:
            found.setdefault((name or one.issuer.name, phone), one)
    return list(found.values())[:2]
