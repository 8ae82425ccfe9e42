"""Replaces a proven person by a keyed hash of issuer and claim; the number itself is never stored.

The key is the portal's secret key, which is not in the database: a copy of the database does not reveal whose
identity number is linked, even by trying all numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.crypto import salted_hmac

from quetsach.portal.sso.configuration import IdentityProvider
from quetsach.portal.sso.refusal import SsoError

LONGEST = 255


@dataclass(frozen=True)
class Proof:
    """A proven person, by `key`; `is_strong` if a signed `acr` says that a second step was taken."""

    key: str
    is_strong: bool = False


def proof_of(provider: IdentityProvider, signed: dict[str, Any], told: dict[str, Any]) -> Proof:
    """The proof from the claims of a checked ID token and of the userinfo endpoint; either may be empty.

    Raises SsoError `no_claim`.
    """
    value = signed.get(provider.claim, told.get(provider.claim))
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not (value := "".join(value.split())) or len(value) > LONGEST:
        raise SsoError("no_claim", f"no usable claim {provider.claim}")
    is_strong = bool(provider.strong_acr) and signed.get("acr") in provider.strong_acr
    return Proof(identity_key(provider, value), is_strong)


def identity_key(provider: IdentityProvider, value: str) -> str:
    """The key of the person, different for each issuer and each claim."""
    text = f"{provider.issuer}\n{provider.claim}\n{value}"
    return salted_hmac("sso.identity", text, algorithm="sha256").hexdigest()


def nonce_of(verifier: str) -> str:
    """The nonce of one sign-in, from the secret in the session, so that nothing more needs storing."""
    return salted_hmac("sso.nonce", verifier, algorithm="sha256").hexdigest()[:32]
