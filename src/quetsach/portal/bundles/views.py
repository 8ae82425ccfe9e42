"""The page of a unit's bundle: start it, see its progress, download it."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from quetsach.portal.bundles import actions, making, queries
from quetsach.portal.bundles.models import Bundle
from quetsach.portal.campaigns.seat import take_seat
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.reports.export.actions import note_export
from quetsach.portal.units.roles import Verb
from quetsach.text.vietnamese import search_key


@never_cache
@require_http_methods(["GET", "POST"])
def bundle(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """GET shows the last bundle and goes on with an abandoned one; POST starts a new one."""
    seat = take_seat(request, slug, node_id, Verb.MAKE_BUNDLE if request.method == "POST" else Verb.READ)
    found = queries.latest(seat.node)
    if request.method == "POST":
        if found is not None and found.state == Bundle.State.STOPPED and request.POST.get("do") == "again":
            actions.try_again(found)
        else:
            found = actions.ask_for(seat.user, seat.node, ip=client_ip_text(request))
        making.begin(found)
        return redirect("bundle", slug, seat.node.pk)
    is_left = found is not None and (found.held_until is None or found.held_until < timezone.now())
    if found is not None and found.state == Bundle.State.MAKING and is_left:
        making.begin(found)
    context = {
        "seat": seat,
        "campaign": seat.campaign,
        "door": "rollup",
        "bundle": found,
        "progress": queries.progress_of(found) if found else None,
        "is_there": found is not None and making.zip_of(found).exists(),
        "reports": queries.reported(seat.node).count(),
        "days": making.KEPT_FOR.days,
    }
    template = "bundles/state.html" if request.headers.get("HX-Request") else "bundles/bundle.html"
    return render(request, template, context)


@never_cache
@require_safe
def bundle_file(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponseBase:
    """The finished ZIP, streamed; 404 before it is finished and after it was deleted."""
    seat = take_seat(request, slug, node_id)
    found = queries.latest(seat.node)
    if found is None or found.state != Bundle.State.DONE or not making.zip_of(found).exists():
        raise Http404
    note_export(seat.user, seat.node, "Báo cáo.zip", ip=client_ip_text(request))
    plain = "-".join(
        "".join(c if c.isascii() and c.isalnum() else " " for c in search_key(seat.node.name)).split()
    )
    name = f"bao-cao-{plain[:80]}-{timezone.localdate(found.at).isoformat()}.zip"
    return FileResponse(making.zip_of(found).open("rb"), as_attachment=True, filename=name)
