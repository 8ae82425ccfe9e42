"""The kinds of equipment, their logs, and the commands with this campaign's list and this portal."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.seat import homes_of
from quetsach.portal.equipment import pages
from quetsach.portal.equipment.forms import FillForm
from quetsach.portal.indicators.models import IndicatorSet
from quetsach.portal.indicators.queries import latest_lists
from quetsach.portal.kit.address import on_screen
from quetsach.portal.units.models import ApiToken, places_of
from quetsach.portal.units.roles import Verb, fits
from quetsach.text.vietnamese import nfc


def _lang() -> str:
    return "en" if (get_language() or "vi").startswith("en") else "vi"


@require_safe
def equipment(request: HttpRequest) -> HttpResponse:
    """The table of equipment, with a search."""
    text = nfc(request.GET.get("tim", ""))[:100]
    return render(request, "equipment/equipment.html", {**pages.index(_lang(), text), "text": text})


@require_safe
def one(request: HttpRequest, source: str) -> HttpResponse:
    """One kind of equipment: the data in its logs, and the commands to copy."""
    form = FillForm(request.GET if {"noi", "thu"} & request.GET.keys() else None)
    asked = form.cleaned_data if form.is_valid() else {}
    lists = latest_lists()
    home, chosen = _chosen(request, lists)
    place = f"{slugify(home.unit.search_key or home.unit.name)[:30]}-{source}" if home is not None else source
    fill = pages.Fill(
        collector=asked.get("thu") or pages.COLLECTOR,
        place=asked.get("noi") or place.strip("-"),
        portal=on_screen(request, "/"),
    )
    page = pages.page(_lang(), source, fill)
    if page is None:
        raise Http404
    context = {
        "page": page,
        "form": form,
        "fill": fill,
        "lists": lists,
        "chosen": chosen,
        "list_url": on_screen(request, reverse("api_indicators")),
        "token_file": pages.TOKEN_FILE,
        **_codes(request, home),
    }
    return render(request, "equipment/page.html", context, status=422 if form.errors else 200)


def _chosen(
    request: HttpRequest, lists: list[IndicatorSet]
) -> tuple[CampaignNode | None, IndicatorSet | None]:
    """The person's unit in the campaign that `?chien-dich=` names, else in their newest; and its list."""
    homes = homes_of(request, request.user) if isinstance(request.user, User) else []
    asked = request.GET.get("chien-dich", "")
    slugs = [asked, *(home.campaign.slug for home in homes), *(row.campaign.slug for row in lists)]
    chosen = next((row for slug in slugs for row in lists if row.campaign.slug == slug), None)
    if chosen is None:
        return (homes[0] if homes else None), None
    return next((home for home in homes if home.campaign_id == chosen.campaign_id), None), chosen


def _codes(request: HttpRequest, home: CampaignNode | None) -> dict[str, Any]:
    """The live connection codes of the unit, for people who may issue them."""
    if home is None or not fits(places_of(request.user), Verb.MANAGE_TOKENS, home.path):
        return {"home": home, "may_issue": False, "codes": []}
    rows = ApiToken.objects.visible_to(request.user).filter(unit=home.unit, revoked_at=None)
    return {"home": home, "may_issue": True, "codes": list(rows.order_by("-created_at"))}
