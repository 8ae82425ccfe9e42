"""Variables of every template."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:  # noqa: ARG001
    """`is_demo` marks a portal with invented data; `sso_name` is the name of the identity provider."""
    return {"is_demo": settings.DEMO, "sso_name": settings.SSO.name if settings.SSO else ""}
