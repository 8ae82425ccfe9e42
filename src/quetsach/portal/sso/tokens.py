"""Checks an ID token (OpenID Connect Core 1.0, 3.1.3.7): signature, issuer, audience, times and nonce."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

import jwt

from quetsach.portal.sso.configuration import IdentityProvider
from quetsach.portal.sso.refusal import SsoError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a key pair only: the token itself must not choose a weaker method."""
LEEWAY = 60
"""Seconds by which two clocks may differ."""


def signed_claims(
    token: str, provider: IdentityProvider, nonce: str, keys: Callable[[bool], dict[str, Any]]
) -> dict[str, Any]:
    """The claims of a token whose signature holds.

    `keys(fresh)` gives the provider's key set, from the cache or fetched anew: an unknown key may be a new
    one. Raises SsoError `mistrusted`.
    """
    try:
        header = jwt.get_unverified_header(token)
        algorithm = str(header.get("alg"))
        key = _key(header, keys(False)) or _key(header, keys(True))
        if key is None or algorithm not in ALGORITHMS:
            raise SsoError("mistrusted", "ID token: its key is not among the provider's")
        claims = jwt.decode(
            token,
            key.key,
            algorithms=[algorithm],
            audience=provider.client_id,
            issuer=provider.issuer,
            leeway=LEEWAY,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except jwt.PyJWTError as error:
        # The cause would put the token into logs.
        raise SsoError("mistrusted", f"ID token: {type(error).__name__}") from None
    _same_sign_in(claims, provider, nonce)
    return claims


def _same_sign_in(claims: dict[str, Any], provider: IdentityProvider, nonce: str) -> None:
    """Check that the token was made for this sign-in and this client."""
    if not hmac.compare_digest(str(claims.get("nonce", "")), nonce):
        raise SsoError("mistrusted", "ID token: another nonce")
    audience = claims["aud"]
    several = isinstance(audience, list) and len(audience) > 1
    if claims.get("azp", provider.client_id) != provider.client_id or (several and "azp" not in claims):
        raise SsoError("mistrusted", "ID token: for several clients")


def _key(header: dict[str, Any], found: dict[str, Any]) -> jwt.PyJWK | None:
    """The key that the header names and that fits its algorithm; if it names none, the only key."""
    listed = found.get("keys")
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    fitting = [
        row
        for row in rows
        if row.get("use", "sig") == "sig"
        and row.get("alg", header.get("alg")) == header.get("alg")
        and header.get("kid") in (None, row.get("kid"))
    ]
    if not fitting or (header.get("kid") is None and len(fitting) > 1):
        return None
    try:
        return jwt.PyJWK.from_dict(fitting[0])
    except jwt.PyJWTError:
        return None
