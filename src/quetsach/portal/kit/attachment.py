"""A file to download, with its name in Vietnamese."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpResponse

from quetsach.text.vietnamese import search_key

MOST = 150
"""Characters of a file's name, and of its plain form two thirds of that."""


def attachment(name: str, suffix: str, content_type: str, content: bytes) -> HttpResponse:
    """A download with its name, in plain letters for old programs and in full for the others (RFC 6266)."""
    plain = "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in search_key(name)).split())
    response = HttpResponse(content, content_type=content_type)
    full = quote(f"{name[:MOST]}.{suffix}", safe="")
    response["Content-Disposition"] = (
        f"attachment; filename=\"{plain[:100] or 'tep'}.{suffix}\"; filename*=UTF-8''{full}"
    )
    response["Cache-Control"] = "no-store"
    return response
