"""Codes to join: the superior's printable sheet, and the page that a code opens."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth import login
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_POST

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.contacts import contacts
from quetsach.portal.campaigns.joining import actions, queries
from quetsach.portal.campaigns.joining.codes import DAYS, LENGTH, state_of, tidy
from quetsach.portal.campaigns.joining.forms import AccountForm
from quetsach.portal.campaigns.joining.guessing import WRONG_CODES
from quetsach.portal.campaigns.queries import trails
from quetsach.portal.campaigns.reminders.wording import Ways, message
from quetsach.portal.campaigns.seat import Seat, take_seat
from quetsach.portal.kit.address import absolute
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.errors import too_many_requests
from quetsach.portal.kit.qr import page_qr
from quetsach.portal.kit.refusals import note_request
from quetsach.portal.units.roles import Verb

GET_OR_POST = ["GET", "HEAD", "POST"]
A_PAGE = 200
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
REFUSALS: dict[str, str | Promise] = {
    "unknown": gettext_lazy(
        "The portal does not know this code. Compare it with the sheet, letter by letter."
    ),
    "used": gettext_lazy(
        "This code was used already; each code opens one account. Is it yours? Then sign in."
    ),
    "revoked": gettext_lazy(
        "This code was replaced by a newer one. Ask your superior unit for the new sheet."
    ),
    "expired": gettext_lazy("This code is too old. Ask your superior unit for a new one."),
    "ended": gettext_lazy(
        "The person who made this code no longer has the right to. Ask your superior unit for a new one."
    ),
    "divided": gettext_lazy(
        "The unit of this code was divided into several. Ask your superior unit which one goes on with its "
        "work."
    ),
    "closed": gettext_lazy("The campaign of this code is closed; nobody can join it any more."),
    "name_taken": gettext_lazy("Somebody has this user name already. Choose another one."),
}


# The sheet of 168 units is 360 kB of QR codes, a tenth of that packed. Its size tells nothing about the
# codes: nobody else can make a signed-in person send this form.
@gzip_page
@never_cache
@require_http_methods(GET_OR_POST)
def join_codes(request: HttpRequest, slug: str) -> HttpResponse:
    """The units that nobody has joined yet; a POST answers with the sheet for the ticked ones."""
    seat = take_seat(request, slug, verb=Verb.INVITE)
    if request.method == "POST":
        return _issue(request, seat)
    everyone = request.GET.get("xem") == "tat-ca"
    deep = request.GET.get("cap") == "moi-cap"
    heirs, others = queries.heirs_below(seat.node)
    units = queries.invitations(seat.node, deep=deep, everyone=everyone).exclude(pk__in=others)
    page = Paginator(units, A_PAGE).get_page(request.GET.get("trang"))
    context = {
        "seat": seat,
        "page": page,
        "rows": [(node, heirs.get(node.pk)) for node in page],
        "deep": deep,
        "everyone": everyone,
    }
    return render(request, "campaigns/join_codes.html", context)


@require_POST
def join_code_revoke(request: HttpRequest, slug: str, node_id: UUID) -> HttpResponse:
    """End one unit's code, for example after its sheet was lost."""
    seat = take_seat(request, slug, node_id, verb=Verb.INVITE)
    actions.revoke_code(seat.node, seat.user, ip=client_ip_text(request))
    messages.success(request, _("The code of %(unit)s no longer works.") % {"unit": seat.node.name})
    return redirect("join_codes", slug)


def _issue(request: HttpRequest, seat: Seat) -> HttpResponse:
    ip = client_ip_text(request)
    ticked = _ids(request.POST.getlist("unit"))
    nodes = list(queries.invited_nodes(seat.node).filter(pk__in=ticked))
    if not nodes:
        messages.error(request, _("Tick at least one unit."))
        return redirect("join_codes", seat.campaign.slug)
    start = reverse("join_start")
    above = trails(nodes, seat.campaign)
    issued = actions.issue_codes(nodes, seat.user, ip=ip)
    heirs, _others = queries.heirs_below(seat.node)
    whom, ways = contacts(nodes), Ways.to(seat.campaign.slug, absolute)
    slips = []
    for node, code in issued:
        heir = heirs.get(node.pk)
        name = heir.name if heir else node.name
        todo = [_("open an account"), _("confirm that the letter has arrived"), _("send the report")]
        text = message(seat.node.name, name, todo, node.due_at, ways, has_account=False, code=code)
        slip = {"node": node, "name": name, "code": code, "trail": above[node.pk], "heir": heir}
        slips.append(slip | {"qr": page_qr(f"{start}{code}/"), "contact": whom.get(node.pk), "text": text})
    context = {"seat": seat, "slips": slips, "address": absolute(start), "days": DAYS}
    return render(request, "campaigns/join_sheet.html", context)


def _ids(texts: list[str]) -> list[str]:
    field = forms.UUIDField()
    found = []
    for text in texts:
        try:
            found.append(str(field.clean(text)))
        except ValidationError:
            raise Http404 from None
    return found


@never_cache
@require_http_methods(GET_OR_POST)
def join_start(request: HttpRequest) -> HttpResponse:
    """The page to type a code, for people who cannot scan it."""
    typed = request.POST.get("code", "").strip()
    if typed and len(tidy(typed)) == LENGTH + 1:
        return redirect("join", tidy(typed))
    wrong = _("A code has ten letters and digits, such as 7K3FM-Q2XWB.") if request.method == "POST" else ""
    return render(request, "campaigns/join_start.html", {"typed": typed[:40], "wrong": wrong})


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(GET_OR_POST)
def join(request: HttpRequest, code: str) -> HttpResponse:
    """Shows the unit of the code. Only the button uses the code up."""
    if WRONG_CODES.is_shut(request):
        return too_many_requests(request)
    row = queries.by_code(code)
    state = state_of(row) if row else "unknown"
    if row is None or state != "live":
        if WRONG_CODES.is_reached(request):
            return too_many_requests(request)
        WRONG_CODES.note(request)
        note_request(request, "code")
        return _refused(request, state)
    form = AccountForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        answer = _joined(request, code, form)
        if answer is not None:
            return answer
    units = queries.units_joined(row.node)
    if len(units) != 1:
        return _refused(request, "divided")
    heir = units[0] if units[0].pk != row.node.unit_id else None
    context: dict[str, Any] = {
        "form": form,
        "node": row.node,
        "name": heir.name if heir else row.node.name,
        "heir": heir,
        "campaign": row.node.campaign,
        "trail": trails([row.node], row.node.campaign)[row.node.pk],
        "code": tidy(code),
    }
    return render(request, "campaigns/join.html", context)


def _joined(request: HttpRequest, code: str, form: AccountForm) -> HttpResponse | None:
    """Join with the account that is signed in, or with a new one; None if the form has errors."""
    ip = client_ip_text(request)
    try:
        if isinstance(request.user, User):
            node = actions.join(code, request.user, ip=ip)
        elif form.is_valid():
            given = form.cleaned_data
            user, node = actions.open_account(
                code, given["username"], given["password"], given["full_name"], given["phone"], ip=ip
            )
            login(request, user, backend=BACKEND)
        else:
            return None
    except actions.JoinError as error:
        if error.code != "name_taken":
            return _refused(request, error.code)
        form.add_error("username", str(REFUSALS["name_taken"]))
        return None
    (unit,) = queries.units_joined(node)
    name = node.name if unit.pk == node.unit_id else unit.name
    messages.success(request, _("Welcome. You now act for %(unit)s.") % {"unit": name})
    return redirect("today", node.campaign.slug)


def _refused(request: HttpRequest, state: str) -> HttpResponse:
    context = {"state": state, "says": REFUSALS[state]}
    return render(request, "campaigns/join_refused.html", context, status=404 if state == "unknown" else 410)
