"""The public page of a link on the wall: one person marks themselves. It shows nothing personal."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from quetsach.portal.campaigns.cascade.actions import NotAllowedNowError
from quetsach.portal.campaigns.joining.guessing import WRONG_CODES
from quetsach.portal.campaigns.models import Campaign, CampaignNode
from quetsach.portal.kit.errors import page_not_found, too_many_requests
from quetsach.portal.kit.limits import Limit
from quetsach.portal.kit.refusals import note_request
from quetsach.portal.people.actions import mark
from quetsach.portal.people.person import MOST, PersonError
from quetsach.portal.people.queries import link_by
from quetsach.portal.people.refusals import PERSONS

MARKS = Limit("marks", most=300, seconds=600)
"""A whole office marks in one meeting, from one address."""


@never_cache
@sensitive_post_parameters("person")
@require_http_methods(["GET", "HEAD", "POST"])
def mark_page(request: HttpRequest, token: str) -> HttpResponse:
    """One field, one button. The answer is the same for a first mark and a repeated one."""
    if WRONG_CODES.is_shut(request):
        return too_many_requests(request)
    link = link_by(token)
    if link is None:
        if WRONG_CODES.is_reached(request):
            return too_many_requests(request)
        WRONG_CODES.note(request)
        note_request(request, "code")
        return page_not_found(request, LookupError(token))
    node = link.node
    is_open = node.campaign.status == Campaign.Status.PUBLISHED and node.state == CampaignNode.State.ACTIVE
    wrong, status = "", 200 if is_open else 410
    if request.method == "POST" and is_open:
        if MARKS.is_reached(request):
            return too_many_requests(request)
        MARKS.note(request)
        try:
            mark(link, request.POST.get("person", "")[: MOST + 1])
        except PersonError as error:
            wrong, status = str(PERSONS[error.code]), 422
        except NotAllowedNowError:
            is_open, status = False, 410
        else:
            return redirect(f"{request.path}?xong=1")
    context = {
        "link": link,
        "node": node,
        "campaign": node.campaign,
        "is_open": is_open,
        "is_done": "xong" in request.GET and not wrong,
        "wrong": wrong,
    }
    return render(request, "people/mark.html", context, status=status)
