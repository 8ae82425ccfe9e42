"""Pages that anyone reads without an account."""

from __future__ import annotations

import json

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from quetsach.portal.campaigns import queries
from quetsach.portal.campaigns.front import in_front, running_campaigns, top_campaigns
from quetsach.portal.campaigns.letter import read_letter
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.kit.missing_letters import missing_letters


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The portal's campaign; a choice where equal units run several or only lower units run one; an empty
    page before there is one."""
    found = top_campaigns()
    campaign = in_front(found)
    if campaign is None:
        context = {"campaigns": found or list(running_campaigns()), "are_equals": bool(found)}
        return render(request, "campaigns/none.html", context)
    return _page(request, campaign)


@require_safe
def campaign_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The public page of a campaign: the order, its deadline, and the progress."""
    return _page(request, _published(slug))


@require_safe
def campaign_letter(request: HttpRequest, slug: str) -> HttpResponse:
    """The letter as it was issued, to read and to print."""
    campaign = _published(slug)
    return render(
        request,
        "campaigns/public_letter.html",
        {"campaign": campaign, "letter": read_letter(campaign.letter), "missing": _missing(campaign)},
    )


def _published(slug: str) -> Campaign:
    campaign = Campaign.objects.exclude(status=Campaign.Status.DRAFT).filter(slug=slug).first()
    if campaign is None:
        raise Http404
    return campaign


def _missing(campaign: Campaign) -> str:
    """The characters that the letter's PDF lacks."""
    return missing_letters([json.dumps(campaign.letter, ensure_ascii=False)])


def _page(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    top = queries.issuer_node(campaign)
    context = {
        "campaign": campaign,
        "letter": read_letter(campaign.letter),
        "missing": _missing(campaign),
        "top": top,
        "progress": queries.progress(campaign, top.path) if top else None,
    }
    return render(request, "campaigns/page.html", context)
