"""Codes of 59 random bits that a person types once, kept as a keyed hash."""

from __future__ import annotations

import secrets

from django.utils.crypto import salted_hmac

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits and capitals without those that look alike."""
LENGTH = 12
LONGEST = 40
"""Characters of a typed code, with spaces and hyphens; a longer text opens nothing."""


def make_code() -> str:
    """A code, such as 2345-6789-ABCD."""
    text = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return "-".join(text[at : at + 4] for at in range(0, LENGTH, 4))


def digest_of(purpose: str, text: str) -> str:
    """The stored hash of a code of this purpose, 64 digits; spaces, hyphens and case do not matter."""
    kept = "".join(char for char in text[:LONGEST].upper() if char in ALPHABET)
    return salted_hmac(purpose, kept, algorithm="sha256").hexdigest()
