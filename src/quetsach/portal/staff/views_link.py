"""The page that a link of an invitation opens: a role, or a new password."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.guessing import is_stopped, note_wrong
from quetsach.portal.campaigns.views_join import BACKEND, SAYS, AccountForm
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.errors import too_many_requests
from quetsach.portal.staff import actions, queries
from quetsach.portal.staff.forms import PasswordForm
from quetsach.portal.staff.models import Invitation


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Looking uses nothing up; the button does."""
    if is_stopped(request):
        return too_many_requests(request)
    row = queries.by_token(token)
    if row is None or not row.is_live:
        note_wrong(request)
        return render(request, "staff/dead.html", status=404 if row is None else 410)
    try:
        return _password(request, token, row) if row.person else _role(request, token, row)
    except actions.StaffError:
        return render(request, "staff/dead.html", status=410)


def _password(request: HttpRequest, token: str, row: Invitation) -> HttpResponse:
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        actions.set_password(token, form.cleaned_data["password"], ip=client_ip_text(request))
        messages.success(request, _("The new password holds. Sign in with it."))
        return redirect("account_login")
    return render(request, "staff/password.html", {"form": form, "row": row})


def _role(request: HttpRequest, token: str, row: Invitation) -> HttpResponse:
    form = AccountForm(request.POST if request.method == "POST" else None)
    ip = client_ip_text(request)
    if request.method == "POST" and isinstance(request.user, User):
        actions.accept(token, request.user, ip=ip)
        return _welcome(request, row)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            user = actions.open_account(
                token, given["username"], given["password"], given["full_name"], given["phone"], ip=ip
            )
        except actions.StaffError as error:
            if error.code != "name_taken":
                raise
            form.add_error("username", str(SAYS["name_taken"]))
        else:
            login(request, user, backend=BACKEND)
            return _welcome(request, row)
    return render(request, "staff/link.html", {"form": form, "row": row, "token": token})


def _welcome(request: HttpRequest, row: Invitation) -> HttpResponse:
    messages.success(request, _("Welcome. You now act for %(unit)s.") % {"unit": row.unit.name})
    return redirect("my_account")
