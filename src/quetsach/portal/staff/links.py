"""Links that work once: their token is never stored, only its keyed hash."""

from __future__ import annotations

import secrets

from django.utils.crypto import salted_hmac

DAYS = 7


def new_token() -> str:
    """192 random bits, in letters that are safe in an address."""
    return secrets.token_urlsafe(24)


def digest(token: str) -> str:
    """The keyed hash of a token, as stored in the database."""
    return salted_hmac("staff.link", token, algorithm="sha256").hexdigest()
