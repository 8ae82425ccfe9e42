"""Links that work once: what stands in them is never stored, only its keyed hash."""

from __future__ import annotations

import secrets

from django.utils.crypto import salted_hmac

DAYS = 7


def new_token() -> str:
    """192 random bits, in letters that survive in an address."""
    return secrets.token_urlsafe(24)


def digest(token: str) -> str:
    """What the database holds of a token."""
    return salted_hmac("staff.link", token, algorithm="sha256").hexdigest()
