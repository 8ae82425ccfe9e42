"""The codes for joining: their alphabet, the reading of typed codes, and their keyed hash."""

from __future__ import annotations

import secrets

from django.utils import timezone
from django.utils.crypto import salted_hmac

from quetsach.portal.campaigns.models import Campaign, JoinCode
from quetsach.portal.units.roles import Verb, still_may

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without I, L, O and U (Crockford's base 32): people read a printed code over the phone."""
_TWINS = str.maketrans("ILO", "110")
LENGTH = 10
"""50 random bits: with a limit on wrong codes nobody guesses a live one."""
DAYS = 60


def new_code() -> str:
    """A fresh code in the form in which it is printed, such as 7K3FM-Q2XWB."""
    text = "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH))
    return f"{text[:5]}-{text[5:]}"


def tidy(typed: str) -> str:
    """The code that the person meant: any case, spaces or dashes anywhere, O for 0, I and L for 1."""
    text = "".join(char for char in typed.upper() if char.isascii() and char.isalnum()).translate(_TWINS)
    return f"{text[:5]}-{text[5:]}"


def digest(code: str) -> str:
    """The keyed hash in the database; without the portal's key it does not help to guess a code."""
    return salted_hmac("campaigns.join", tidy(code), algorithm="sha256").hexdigest()


def state_of(code: JoinCode) -> str:
    """`live`, or the reason that it opens nothing: `used`, `revoked`, `expired`, `closed`, or `ended`, where
    the person who made it may no longer invite."""
    if code.used_at is not None:
        return "used"
    if code.revoked_at is not None:
        return "revoked"
    if code.node.campaign.status != Campaign.Status.PUBLISHED:
        return "closed"
    if code.expires_at <= timezone.now():
        return "expired"
    return "live" if still_may(code.issued_by, Verb.INVITE, code.node.path) else "ended"
