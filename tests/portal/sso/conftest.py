"""A portal that trusts the provider on loopback."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from quetsach.portal.sso.configuration import IdentityProvider
from tests.loopback import serving
from tests.portal.sso.identity_provider import CLIENT, SECRET, FakeProvider


@pytest.fixture
def fake():
    provider = FakeProvider()
    with serving(provider.server):
        yield provider


@pytest.fixture
def trusted(fake, settings, db) -> IdentityProvider:
    """Every endpoint named one by one, keys known: the settings of a provider in good order."""
    cache.clear()
    settings.SITE_ADDRESS = "http://testserver"
    settings.SSO = IdentityProvider(
        name="Nơi xác thực thử",
        issuer=fake.url,
        client_id=CLIENT,
        client_secret=SECRET,
        authorize=f"{fake.url}/authorize",
        token=f"{fake.url}/token",
        userinfo=f"{fake.url}/userinfo",
        keys=f"{fake.url}/keys",
        strong_acr=("LoA3",),
    )
    return settings.SSO
