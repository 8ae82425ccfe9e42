"""Connection codes (API tokens), with which a unit's machines push sightings."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from quetsach.portal.campaigns.seat import Seat, take_seat
from quetsach.portal.kit.address import on_screen
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.units.actions import TokenNameTakenError, issue_token, revoke_token
from quetsach.portal.units.models import ApiToken
from quetsach.portal.units.roles import Verb


class TokenForm(forms.Form):
    """The machine that the code is for."""

    name = forms.CharField(
        max_length=100, error_messages={"required": gettext_lazy("Say which machine will use the code.")}
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest, slug: str) -> HttpResponse:
    """List, issue and revoke codes. The secret stands in the answer to the POST and nowhere else."""
    seat = take_seat(request, slug, verb=Verb.MANAGE_TOKENS)
    if request.method != "POST":
        return _page(request, seat)
    ip = client_ip_text(request)
    if request.POST.get("act") == "revoke":
        token = next((t for t in _live(seat) if str(t.pk) == request.POST.get("token")), None)
        if token is None:
            raise Http404
        revoke_token(seat.user, token, ip=ip)
        messages.success(request, _("The code %(prefix)s… no longer works.") % {"prefix": token.prefix})
        return redirect("tokens", slug)
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, seat, form=form)
    try:
        token, secret = issue_token(seat.user, seat.node.unit, form.cleaned_data["name"], ip=ip)
    except TokenNameTakenError:
        form.add_error(
            "name", _("A live code has this name already. Revoke it first, or choose another name.")
        )
        return _page(request, seat, form=form)
    return _page(request, seat, token=token, secret=secret)


def _live(seat: Seat) -> list[ApiToken]:
    tokens = ApiToken.objects.visible_to(seat.user).filter(unit=seat.node.unit, revoked_at=None)
    return list(tokens.select_related("unit", "created_by", "sensor").order_by("-created_at"))


def _page(
    request: HttpRequest,
    seat: Seat,
    form: TokenForm | None = None,
    token: ApiToken | None = None,
    secret: str = "",
) -> HttpResponse:
    revoked = ApiToken.objects.visible_to(seat.user).filter(unit=seat.node.unit).exclude(revoked_at=None)
    context: dict[str, Any] = {
        "seat": seat,
        "form": form or TokenForm(),
        "live": _live(seat),
        "revoked": revoked.order_by("-revoked_at")[:20],
        "token": token,
        "secret": secret,
        "address": on_screen(request, "/").rstrip("/"),
        "asked_address": on_screen(request, reverse("api_asked")),
        "list_address": on_screen(request, reverse("indicator_list")),
    }
    return render(request, "campaigns/tokens.html", context)
