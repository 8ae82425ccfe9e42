"""The provider's addresses: as configured, the others from its discovery document; and its keys."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.adapter import get_adapter
from django.core.cache import cache

from quetsach.portal.sso.configuration import IdentityProvider, is_safe_address
from quetsach.portal.sso.refusal import SsoError

HOLDS = 3600
"""Seconds for which a discovery document or a key set is cached."""
_NAMES = {
    "authorize": "authorization_endpoint",
    "token": "token_endpoint",
    "userinfo": "userinfo_endpoint",
    "keys": "jwks_uri",
}


def endpoint(provider: IdentityProvider, name: str) -> str:
    """`authorize`, `token`, `userinfo` or `keys`; empty where the provider has none.

    Raises SsoError `mistrusted` for a discovery document of another issuer, and requests' own errors.
    """
    configured = str(getattr(provider, name))
    if configured or not provider.discovery:
        return configured
    document = _remembered(provider.discovery)
    if document.get("issuer") != provider.issuer:
        raise SsoError("mistrusted", "discovery: another issuer")
    url = str(document.get(_NAMES[name]) or "")
    if url and not is_safe_address(url):
        raise SsoError("mistrusted", f"discovery: {_NAMES[name]} is not https")
    return url


def key_set(provider: IdentityProvider, fresh: bool) -> dict[str, Any]:
    """The public keys of the provider. Raises requests' own errors."""
    return _remembered(endpoint(provider, "keys"), fresh)


def fetched(url: str, token: str = "") -> dict[str, Any]:
    """A JSON object. Raises requests' own errors, SsoError `mistrusted` for any other content."""
    headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    with get_adapter().get_requests_session() as session:
        answer = session.get(url, headers=headers, allow_redirects=False)
        answer.raise_for_status()
        read = answer.json()
    if answer.status_code != 200 or not isinstance(read, dict):
        raise SsoError("mistrusted", "an answer that is no JSON object")
    return read


def _remembered(url: str, fresh: bool = False) -> dict[str, Any]:
    key = f"sso:{url}"
    found = None if fresh else cache.get(key)
    if found is None:
        found = fetched(url)
        cache.set(key, found, HOLDS)
    return dict(found)
