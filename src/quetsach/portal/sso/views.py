"""Sign in by the identity provider, return from it, link and unlink one's own account."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.decorators import reauthentication_required
from allauth.account.views import password_set
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from requests import RequestException

from quetsach.portal.accounts import guessing
from quetsach.portal.accounts.models import User
from quetsach.portal.accounts.session_limits import age_of
from quetsach.portal.kit.client_ip import client_ip_text
from quetsach.portal.kit.errors import too_many_requests
from quetsach.portal.sso import actions
from quetsach.portal.sso.provider import ID, SsoAdapter
from quetsach.portal.sso.refusal import SsoError
from quetsach.portal.sso.stopped import stopped

_callback = OAuth2CallbackView.adapter_view(SsoAdapter)


def set_out(
    request: HttpRequest, process: str, *, next_url: str | None = None, unknown: str = "", **more: str
) -> HttpResponse:
    """Leave for the provider; a proven person without an account goes on at `unknown`, if it is given."""
    if settings.SSO is None:
        raise Http404
    provider = get_adapter(request).get_provider(request, ID)
    try:
        answer: HttpResponse = provider.redirect(
            request, process, next_url=next_url, data={"unknown": unknown} if unknown else None, **more
        )
    except RequestException:
        return stopped(request, "unreachable")
    except SsoError as error:
        return stopped(request, error.code)
    return answer


@never_cache
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Sign in. Only by a form of ours, so that no other site can start it."""
    if guessing.is_flood(request):
        return too_many_requests(request)
    wanted = request.POST.get("next", "")
    is_ours = bool(wanted) and get_account_adapter(request).is_safe_url(wanted)
    return set_out(request, AuthProcess.LOGIN, next_url=wanted if is_ours else None)


@never_cache
@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    """Return from the provider. SsoAdapter checks the request."""
    if settings.SSO is None:
        raise Http404
    answer: HttpResponse = _callback(request)
    return answer


@never_cache
@login_required
@require_POST
@reauthentication_required  # type: ignore[untyped-decorator]
def link(request: HttpRequest) -> HttpResponse:
    """Link one's own account: asks for the password again, then for the provider's proof."""
    return set_out(request, AuthProcess.CONNECT, next_url=reverse("my_account"))


@never_cache
@login_required
@require_POST
@reauthentication_required  # type: ignore[untyped-decorator]
def unlink(request: HttpRequest) -> HttpResponse:
    """Remove one's own link."""
    assert isinstance(request.user, User)
    try:
        if actions.unlink(request.user, request.user, ip=client_ip_text(request)):
            messages.success(request, _("The link is removed. You sign in with your password now."))
    except actions.LinkError:
        messages.error(
            request, _("Choose a password first: without the link you could not sign in any more.")
        )
    return redirect("my_account")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def first_password(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """Choose a password for an account that was opened by proof; the proof must be fresh."""
    if age_of(request) > settings.ACCOUNT_REAUTHENTICATION_TIMEOUT:
        messages.warning(request, _("Sign out and in again first: your last proof is older than 15 minutes."))
        return redirect("my_account")
    answer: HttpResponse = password_set(request, *args, **kwargs)
    return answer
