"""The identity provider that an installation trusts, from QUETSACH_OIDC_*; see docs/settings.md.

Pure: it runs while Django's settings are still being made.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from django.core.exceptions import ImproperlyConfigured

from quetsach.portal.env import env_bool, env_list, env_str

TOKEN_AUTH = ("client_secret_basic", "client_secret_post", "none")


@dataclass(frozen=True)
class IdentityProvider:
    """One OpenID Connect provider. An empty address comes from `discovery`, or is not used.

    `claim` names the person; `strong_acr` are the signed values that count as a second step. Without `keys`
    the ID token's signature cannot be checked: then the userinfo endpoint, over TLS, names the person.
    """

    name: str
    issuer: str
    client_id: str
    client_secret: str = ""
    discovery: str = ""
    authorize: str = ""
    token: str = ""
    userinfo: str = ""
    keys: str = ""
    scope: str = "openid"
    acr_values: str = ""
    strong_acr: tuple[str, ...] = ()
    claim: str = "sub"
    token_auth: str = "client_secret_basic"  # noqa: S105
    pkce: bool = True
    extra: tuple[tuple[str, str], ...] = ()


def identity_provider() -> IdentityProvider | None:
    """The provider of QUETSACH_OIDC_*; None where none is configured.

    Raises ImproperlyConfigured with the name of a missing or wrong setting.
    """
    client_id = env_str("QUETSACH_OIDC_CLIENT_ID")
    if not client_id:
        return None
    found = IdentityProvider(
        name=env_str("QUETSACH_OIDC_NAME", "OpenID Connect"),
        issuer=env_str("QUETSACH_OIDC_ISSUER"),
        client_id=client_id,
        client_secret=env_str("QUETSACH_OIDC_CLIENT_SECRET"),
        discovery=_address("QUETSACH_OIDC_DISCOVERY"),
        authorize=_address("QUETSACH_OIDC_AUTHORIZE"),
        token=_address("QUETSACH_OIDC_TOKEN"),
        userinfo=_address("QUETSACH_OIDC_USERINFO"),
        keys=_address("QUETSACH_OIDC_KEYS"),
        scope=env_str("QUETSACH_OIDC_SCOPE", "openid"),
        acr_values=env_str("QUETSACH_OIDC_ACR_VALUES"),
        strong_acr=tuple(env_list("QUETSACH_OIDC_STRONG_ACR")),
        claim=env_str("QUETSACH_OIDC_CLAIM", "sub"),
        token_auth=env_str("QUETSACH_OIDC_TOKEN_AUTH", "client_secret_basic"),
        pkce=env_bool("QUETSACH_OIDC_PKCE", True),
        extra=tuple(parse_qsl(env_str("QUETSACH_OIDC_PARAMETERS"), keep_blank_values=True)),
    )
    _demand(found)
    return found


def trusted() -> IdentityProvider:
    """The provider in force. Raises ImproperlyConfigured if there is none: check `settings.SSO` first."""
    from django.conf import settings

    if settings.SSO is None:
        raise ImproperlyConfigured("QUETSACH_OIDC_CLIENT_ID is not set")
    return settings.SSO


def _demand(found: IdentityProvider) -> None:
    if not found.issuer:
        raise ImproperlyConfigured(
            "QUETSACH_OIDC_ISSUER: say who issues the proofs, such as https://id.example"
        )
    if found.token_auth not in TOKEN_AUTH:
        raise ImproperlyConfigured(f"QUETSACH_OIDC_TOKEN_AUTH: expected one of {', '.join(TOKEN_AUTH)}")
    if found.token_auth != "none" and not found.client_secret:  # noqa: S105
        raise ImproperlyConfigured(
            "QUETSACH_OIDC_CLIENT_SECRET (or …_FILE) is missing; QUETSACH_OIDC_TOKEN_AUTH=none needs none"
        )
    if found.discovery:
        return
    missing = [
        f"QUETSACH_OIDC_{name}"
        for name, value in (("AUTHORIZE", found.authorize), ("TOKEN", found.token))
        if not value
    ]
    if not found.userinfo and not found.keys:
        missing.append("QUETSACH_OIDC_USERINFO or QUETSACH_OIDC_KEYS")
    if missing:
        raise ImproperlyConfigured(f"{', '.join(missing)}: missing, and QUETSACH_OIDC_DISCOVERY is not set")


def _address(name: str) -> str:
    """An https address; http only to this machine, where nobody listens in between."""
    url = env_str(name)
    if url and not is_safe_address(url):
        raise ImproperlyConfigured(f"{name}: expected an https:// address")
    return url


def is_safe_address(url: str) -> bool:
    """Whether requests to this address and its answers are protected on the way."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname or ""))
    )


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
