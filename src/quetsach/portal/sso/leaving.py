"""The page between the portal and the identity provider.

A form of this site may not end at another site: browsers apply `form-action` of the Content-Security-Policy
to every redirect that follows. So the form ends here, and this page goes on by itself.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def leave(request: HttpRequest, address: str, name: str) -> HttpResponse:
    """Go on to `address`, at once where the browser follows a Refresh header, else by one click."""
    answer = render(request, "sso/leaving.html", {"address": address, "name": name})
    answer["Refresh"] = f"0;url={address}"
    answer["Cache-Control"] = "no-store"
    return answer
