"""The page of an invitation's link: a role, or a new password."""

from __future__ import annotations

from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from quetsach.portal.accounts.models import User
from quetsach.portal.campaigns.joining.forms import AccountForm, ProvenForm
from quetsach.portal.campaigns.joining.guessing import WRONG_CODES
from quetsach.portal.campaigns.joining.views import BACKEND, REFUSALS
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.errors import too_many_requests
from quetsach.portal.kit.refusals import note_request
from quetsach.portal.sso import pending
from quetsach.portal.sso.identity import Proof
from quetsach.portal.sso.second_step import note_proven_twice
from quetsach.portal.sso.stopped import stopped
from quetsach.portal.sso.views import set_out
from quetsach.portal.staff import actions, queries
from quetsach.portal.staff.forms import PasswordForm
from quetsach.portal.staff.models import Invitation

WAITING = "invitation"
"""Session key: the digest of the link with which a person left for the identity provider."""


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Shows the invitation. Only the button uses the link up."""
    if WRONG_CODES.is_shut(request):
        return too_many_requests(request)
    row = queries.by_token(token)
    if row is None or not row.is_live:
        if WRONG_CODES.is_reached(request):
            return too_many_requests(request)
        WRONG_CODES.note(request)
        note_request(request, "code")
        return render(request, "staff/dead.html", status=404 if row is None else 410)
    try:
        return _password(request, token, row, row.person) if row.person else _role(request, token, row)
    except actions.StaffError:
        return render(request, "staff/dead.html", status=410)


def _password(request: HttpRequest, token: str, row: Invitation, owner: User) -> HttpResponse:
    form = PasswordForm(request.POST if request.method == "POST" else None, owner)
    if request.method == "POST" and form.is_valid():
        actions.set_password(token, form.cleaned_data["password"], ip=client_ip_text(request))
        messages.success(request, _("The new password is set. Sign in with it."))
        return redirect("account_login")
    return render(request, "staff/password.html", {"form": form, "row": row})


def _role(request: HttpRequest, token: str, row: Invitation) -> HttpResponse:
    if request.method == "POST" and isinstance(request.user, User):
        actions.accept(row.digest, request.user, ip=client_ip_text(request))
        return _welcome(request, row)
    if request.method == "POST" and request.POST.get("do") == "sso":
        request.session[WAITING] = row.digest
        onward = reverse("staff_link_proven")
        return set_out(request, AuthProcess.LOGIN, next_url=onward, unknown=onward)
    form = AccountForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and (user := _opened(request, row, form)):
        login(request, user, backend=BACKEND)
        return _welcome(request, row)
    return render(request, "staff/link.html", {"form": form, "row": row, "token": token})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def proven(request: HttpRequest) -> HttpResponse:
    """The invitation after the identity provider has proven the person."""
    row = queries.by_digest(request.session.get(WAITING, ""))
    if row is None or not row.is_live or row.person_id is not None:
        return render(request, "staff/dead.html", status=404 if row is None else 410)
    proof = pending.proven(request)
    if not isinstance(request.user, User) and proof is None:
        return stopped(request, "expired") if settings.SSO else redirect("account_login")
    form = ProvenForm(request.POST if request.method == "POST" else None)
    try:
        if request.method == "POST" and isinstance(request.user, User):
            actions.accept(row.digest, request.user, ip=client_ip_text(request))
            return _welcome(request, row)
        if form.is_valid() and proof and (user := _opened(request, row, form, proof)):
            pending.forget(request)
            if proof.is_strong:
                note_proven_twice(request, user)
            login(request, user, backend=BACKEND)
            return _welcome(request, row)
    except actions.StaffError:
        return render(request, "staff/dead.html", status=410)
    return render(request, "staff/link.html", {"form": form, "row": row, "is_proven": True})


def _opened(
    request: HttpRequest, row: Invitation, form: ProvenForm, proof: Proof | None = None
) -> User | None:
    """The new account; None with an error beside the field. Raises StaffError `dead` and `linked`."""
    given = form.cleaned_data
    try:
        return actions.open_account(
            row.digest,
            given["username"],
            given["full_name"],
            given["phone"],
            password=given.get("password"),
            proof=proof,
            ip=client_ip_text(request),
        )
    except actions.StaffError as error:
        if error.code != "name_taken":
            raise
        form.add_error("username", str(REFUSALS["name_taken"]))
        return None


def _welcome(request: HttpRequest, row: Invitation) -> HttpResponse:
    request.session.pop(WAITING, None)
    messages.success(request, _("Welcome. You now act for %(unit)s.") % {"unit": row.unit.name})
    return redirect("my_work")
