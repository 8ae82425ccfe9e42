"""What stands for a proven person: a keyed hash of issuer and claim, never the number itself.

The key is the portal's secret key, which is not in the database: a copy of the database tells nobody whose
identity number is linked, not even by trying all numbers.
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
    """Who it is, by `key`; `is_strong` where a signed `acr` says that a second step was taken."""

    key: str
    is_strong: bool = False


def proof_of(provider: IdentityProvider, signed: dict[str, Any], told: dict[str, Any]) -> Proof:
    """From the claims of a checked ID token and those of the userinfo endpoint; either may be empty.

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
    """Another for every issuer and every claim."""
    text = f"{provider.issuer}\n{provider.claim}\n{value}"
    return salted_hmac("sso.identity", text, algorithm="sha256").hexdigest()


def nonce_of(verifier: str) -> str:
    """The nonce of one sign-in, from the secret that waits in the session: nothing more needs keeping."""
    return salted_hmac("sso.nonce", verifier, algorithm="sha256").hexdigest()[:32]
