"""The sign-in page: allauth's, behind our own rate limit."""

from __future__ import annotations

from allauth.account import views
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.debug import sensitive_post_parameters

from quetsach.portal.accounts import guessing
from quetsach.portal.kit.errors import too_many_requests


@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """429 where too many forms come from one address, but not to a browser that knows the name."""
    if request.method == "POST" and guessing.is_flood(request, request.POST.get("login", "")):
        return too_many_requests(request)
    answer: HttpResponseBase = views.login(request)
    return answer
