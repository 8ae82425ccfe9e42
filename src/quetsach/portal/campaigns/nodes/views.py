"""Changes of units while the campaign runs, for the issuer's coordinators."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from quetsach.portal.campaigns.cascade.actions import NotAllowedNowError
from quetsach.portal.campaigns.cascade.refusals import REFUSALS
from quetsach.portal.campaigns.issuing.desk import sit_down
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.nodes.actions import change_node
from quetsach.portal.campaigns.nodes.forms import NodeForm
from quetsach.portal.campaigns.queries import trails
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.units.queries import heirs_at
from quetsach.text.vietnamese import search_key

A_PAGE = 50


@require_safe
def nodes(request: HttpRequest, slug: str) -> HttpResponse:
    """Find a unit by name; without a name, the units that were changed."""
    desk = sit_down(request, slug)
    if desk.seat is None:
        raise Http404
    asked = request.GET.get("tim", "").strip()[:100]
    found = CampaignNode.objects.visible_to(desk.user).filter(campaign=desk.campaign).exclude(parent=None)
    if asked:
        found = found.filter(unit__search_key__contains=search_key(asked))
    else:
        as_frozen = Q(state=CampaignNode.State.ACTIVE, expected=True)
        found = found.exclude(as_frozen & Q(unit__retired_at=None, unit__name=F("name")))
    rows = found.select_related("successor", "unit").order_by("depth", "position", "name")
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("trang"))
    shown = list(page)
    where = trails(shown, desk.campaign)
    heirs = heirs_at(node.path for node in shown if node.unit.is_retired)
    context = {
        "seat": desk.seat,
        "door": "campaign_list",
        "campaign": desk.campaign,
        "asked": asked,
        "page": page,
        "rows": [(node, where[node.pk], ", ".join(heirs.get(node.path, {}).values())) for node in shown],
    }
    return render(request, "campaigns/nodes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def node_change(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """Merge, void or restore one unit, with the reason."""
    desk = sit_down(request, slug)
    found = CampaignNode.objects.visible_to(desk.user).filter(campaign=desk.campaign, pk=node_id)
    node = found.select_related("successor").first()
    if desk.seat is None or node is None or node.parent_id is None:
        raise Http404
    start = {"state": node.state, "successor": node.successor_id, "expected": "1" if node.expected else ""}
    form = NodeForm(request.POST or None, node=node, initial=start)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            change_node(
                node, given["state"], given["reason"], desk.user,
                expected=given["expected"], successor=given["successor"], ip=client_ip_text(request),
            )  # fmt: skip
            messages.success(request, _("%(unit)s is changed.") % {"unit": node.name})
        except NotAllowedNowError as error:
            messages.error(request, str(REFUSALS[error.code]))
        return redirect("nodes", slug)
    context = {
        "seat": desk.seat,
        "door": "campaign_list",
        "campaign": desk.campaign,
        "node": node,
        "trail": trails([node], desk.campaign)[node.pk],
        "below": CampaignNode.objects.visible_to(desk.user).filter(parent=node).count(),
        "form": form,
    }
    return render(request, "campaigns/node_change.html", context)
