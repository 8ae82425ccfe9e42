"""The unit's pack, built and downloaded; and the campaign's keys."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from quetsach.portal.campaigns.seat import take_issuer_seat, take_seat
from quetsach.portal.checks.models import Pack
from quetsach.portal.checks.packs import actions
from quetsach.portal.checks.packs.vault import VaultError
from quetsach.portal.kit.address import on_screen
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.units.roles import Verb

_NO_KEY = gettext_lazy(
    "The portal's own key cannot be read. Tell the portal's administrator; nothing was changed."
)


@require_POST
def build(request: HttpRequest, slug: str) -> HttpResponse:
    """Make the unit's pack, or keep the present pack if it is still right."""
    seat = take_seat(request, slug, None, Verb.UPLOAD_SCAN)
    portal = on_screen(request, "/")
    try:
        pack = actions.build_pack(seat.node, seat.user, portal, client_ip_text(request))
    except actions.NoListError:
        messages.error(
            request, _("No list of the campaign is in use. Its pack can be made once there is one.")
        )
    except VaultError:
        messages.error(request, _NO_KEY)
    else:
        messages.success(
            request, _("Version %(version)s of the pack is ready below.") % {"version": pack.version}
        )
    return redirect("checks", slug)


@never_cache
@require_safe
def download(request: HttpRequest, slug: str, pack_id: UUID) -> HttpResponse:
    """The pack's file; for people of the unit who hand results in."""
    rows = Pack.objects.visible_to(request.user).select_related("campaign", "indicator_set")
    pack = rows.filter(pk=pack_id, campaign__slug=slug).first()
    if pack is None:
        raise Http404
    take_seat(request, slug, pack.node_id, Verb.UPLOAD_SCAN)
    if pack.indicator_set.withdrawn_at is not None:
        messages.error(request, _("The list of this pack was withdrawn. Make the pack anew."))
        return redirect("checks", slug)
    try:
        content = actions.content_of(pack)
    except (VaultError, OSError):
        messages.error(request, _NO_KEY)
        return redirect("checks", slug)
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{pack.file_name}"'
    return response


@require_POST
def lost(request: HttpRequest, slug: str) -> HttpResponse:
    """Mark the unit's packs as lost."""
    seat = take_seat(request, slug, None, Verb.UPLOAD_SCAN)
    actions.report_lost(seat.node, seat.user, client_ip_text(request))
    messages.success(request, _("Results of the lost pack are refused from now on. Make a new one."))
    return redirect("checks", slug)


@require_POST
def rotate(request: HttpRequest, slug: str) -> HttpResponse:
    """New keys for the whole campaign, by its issuer."""
    seat = take_issuer_seat(request, slug, Verb.PUBLISH)
    actions.rotate_keys(seat.campaign, seat.user, client_ip_text(request))
    messages.success(request, _("The next packs have new keys. Results of earlier packs still open."))
    return redirect("checks", slug)
