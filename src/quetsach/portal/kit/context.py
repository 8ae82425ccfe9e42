"""What every template knows."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """`is_demo` marks a portal that shows invented data."""
    return {"is_demo": settings.DEMO}
