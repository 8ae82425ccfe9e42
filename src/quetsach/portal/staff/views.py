"""The people at and below one's units, waiting invitations, and the form for new ones."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quetsach.portal.accounts.models import User
from quetsach.portal.kit.address import on_screen
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.mail import Fate
from quetsach.portal.kit.qr import page_qr
from quetsach.portal.staff import actions, queries
from quetsach.portal.staff.forms import InviteForm
from quetsach.portal.staff.links import DAYS
from quetsach.portal.staff.models import Invitation
from quetsach.portal.staff.queries_refused import top_office
from quetsach.portal.units.models import Unit
from quetsach.portal.units.role_term import not_over
from quetsach.portal.units.roles import Verb
from quetsach.text.vietnamese import nfc

A_PAGE = 40


@never_cache
@require_safe
def staff(request: HttpRequest) -> HttpResponse:
    """People and roles at and below the units of a coordinator or an auditor."""
    paths = queries.tops(request.user, Verb.READ_AUDIT)
    if not paths:
        raise Http404
    manages = queries.tops(request.user, Verb.MANAGE_SEATS)
    text = nfc(request.GET.get("tim", ""))[:100]
    rows = queries.seats(paths, text)
    page = Paginator(queries.seats_in_order(rows), A_PAGE).get_page(request.GET.get("trang"))
    in_force = rows.filter(not_over()).count()
    context = {
        "page": page,
        "seats": queries.seats_shown(rows, list(page), paths),
        "text": text,
        "in_force": in_force,
        "ended": page.paginator.count - in_force,
        "manages": bool(manages),
        "invitations": queries.open_invitations(manages),
        "can_email": settings.CAN_EMAIL,
        "runs_portal": top_office(request.user) is not None,
    }
    return render(request, "staff/staff.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Choose unit, role and last day; the answer to the POST shows the link, once."""
    paths = queries.tops(request.user, Verb.MANAGE_SEATS)
    if not paths or not isinstance(request.user, User):
        raise Http404
    text = nfc(request.GET.get("tim", ""))[:100]
    units = queries.units(paths, text)
    form = InviteForm(request.POST if request.method == "POST" else None, initial={"role": "officer"})
    wrong = False
    if request.method == "POST":
        unit = _unit(request, request.POST.get("unit", ""), paths)
        if form.is_valid() and unit:
            given = form.cleaned_data
            email, ip = given.get("email", ""), client_ip_text(request)
            try:
                token = actions.invite(unit, given["role"], given["until"], request.user, email=email, ip=ip)
            except actions.StaffError:
                message = _(
                    "An invitation for this address was made a moment ago; it waits in the list below."
                )
                messages.warning(request, message)
                return redirect("staff")
            return _sent_or_shown(request, token, unit)
        wrong = unit is None
    context = {
        "form": form,
        "units": units,
        "text": text,
        "wrong": wrong,
        "chosen": request.POST.get("unit", ""),
    }
    return render(request, "staff/invite.html", context)


def _sent_or_shown(request: HttpRequest, token: str, unit: Unit) -> HttpResponse:
    """Send the link if it has an e-mail address, and show it in any case: e-mail is never the only way."""
    row = queries.by_token(token)
    sent = None
    if row is not None and row.email and settings.CAN_EMAIL and isinstance(request.user, User):
        sent = actions.send_link(row, token, request.user, ip=client_ip_text(request))
    return show_link(request, token, unit, email=row.email if row else "", sent=sent)


def show_link(
    request: HttpRequest,
    token: str,
    unit: Unit,
    person: User | None = None,
    *,
    email: str = "",
    sent: Fate | None = None,
) -> HttpResponse:
    """The page with a fresh link and its QR code; never shown again. `sent`: the fate of its e-mail."""
    path = reverse("staff_link", args=[token])
    context = {"address": on_screen(request, path), "qr": page_qr(path), "unit": unit, "days": DAYS,
               "person": person, "email": email, "sent": sent}  # fmt: skip
    return render(request, "staff/shown.html", context)


@require_POST
def renew(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """A new link for an unused invitation: sent again, or shown to be handed over."""
    row = _waiting(request, invitation_id)
    if row.person_id is not None or not isinstance(request.user, User):
        raise Http404
    try:
        by_mail = bool(row.email) and settings.CAN_EMAIL
        token = actions.renew(row, request.user, by_mail=by_mail, ip=client_ip_text(request))
    except actions.StaffError as error:
        if error.code == "just_sent":
            messages.warning(request, _("Sent a moment ago already; nothing was done twice."))
        else:
            messages.warning(request, _("It was used meanwhile."))
        return redirect("staff")
    return _sent_or_shown(request, token, row.unit)


def _waiting(request: HttpRequest, invitation_id: UUID) -> Invitation:
    """An unused link in a unit where the person may invite; else 404."""
    waiting = queries.open_invitations(queries.tops(request.user, Verb.MANAGE_SEATS))
    row = next((row for row in waiting if row.pk == invitation_id), None)
    if row is None:
        raise Http404
    return row


@require_POST
def revoke(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    """Revoke an unused link."""
    row = _waiting(request, invitation_id)
    if not isinstance(request.user, User):
        raise Http404
    actions.revoke(row, request.user, ip=client_ip_text(request))
    return redirect("staff")


def _unit(request: HttpRequest, key: str, paths: list[str]) -> Unit | None:
    try:
        unit = Unit.objects.visible_to(request.user).filter(pk=key, retired_at=None).first() if key else None
    except (ValidationError, ValueError):
        raise Http404 from None
    if unit is not None and not any(unit.path.startswith(path) for path in paths):
        raise Http404
    return unit
