"""Settings of the identity provider: a bad one stops the start with its name; secrets may be in files."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from quetsach.portal.sso.configuration import identity_provider

GOOD = {
    "CLIENT_ID": "quetsach", "CLIENT_SECRET": "s", "ISSUER": "https://id.example", "NAME": "VNeID",
    "AUTHORIZE": "https://id.example/oauth2/authorize", "TOKEN": "https://id.example/oauth2/token",
    "USERINFO": "https://id.example/oauth2/userinfo",
}  # fmt: skip


@pytest.fixture
def env(monkeypatch):
    def put(**values):
        for name, value in {**GOOD, **values}.items():
            monkeypatch.setenv(f"QUETSACH_OIDC_{name}", value)

    return put


def test_without_a_client_there_is_no_provider(monkeypatch):
    monkeypatch.delenv("QUETSACH_OIDC_CLIENT_ID", raising=False)
    assert identity_provider() is None


def test_endpoints_one_by_one_and_the_secret_from_a_file(env, tmp_path, monkeypatch):
    (tmp_path / "secret").write_text("from-file\n", encoding="utf-8")
    env(ACR_VALUES="LoA1", STRONG_ACR="LoA2, LoA3", CLAIM="cccd", PKCE="0", PARAMETERS="vnconnect=1&x=a%20b")
    monkeypatch.setenv("QUETSACH_OIDC_CLIENT_SECRET_FILE", str(tmp_path / "secret"))
    found = identity_provider()
    assert found is not None
    assert (found.client_secret, found.claim, found.pkce, found.keys) == ("from-file", "cccd", False, "")
    assert found.strong_acr == ("LoA2", "LoA3") and found.extra == (("vnconnect", "1"), ("x", "a b"))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"ISSUER": ""}, "QUETSACH_OIDC_ISSUER"),
        ({"TOKEN": ""}, "QUETSACH_OIDC_TOKEN"),
        ({"AUTHORIZE": ""}, "QUETSACH_OIDC_AUTHORIZE"),
        ({"USERINFO": ""}, "QUETSACH_OIDC_USERINFO or QUETSACH_OIDC_KEYS"),
        ({"CLIENT_SECRET": ""}, "QUETSACH_OIDC_CLIENT_SECRET"),
        ({"TOKEN": "http://id.example/token"}, "QUETSACH_OIDC_TOKEN"),
        ({"TOKEN": "http://127.0.0.1.evil.example/token"}, "QUETSACH_OIDC_TOKEN"),
        ({"KEYS": "ftp://id.example/keys"}, "QUETSACH_OIDC_KEYS"),
        ({"TOKEN_AUTH": "private_key_jwt"}, "QUETSACH_OIDC_TOKEN_AUTH"),
        ({"PKCE": "maybe"}, "QUETSACH_OIDC_PKCE"),
    ],
)
def test_what_is_wrong_is_named(env, wrong, named):
    env(**wrong)
    with pytest.raises(ImproperlyConfigured, match=named):
        identity_provider()


def test_a_public_client_needs_no_secret_and_discovery_no_endpoints(env):
    env(CLIENT_SECRET="", TOKEN_AUTH="none", AUTHORIZE="", TOKEN="", USERINFO="",
        DISCOVERY="https://id.example/.well-known/openid-configuration")  # fmt: skip
    found = identity_provider()
    assert found is not None
    assert (found.token_auth, found.client_secret, found.authorize) == ("none", "", "")
    assert found.discovery == "https://id.example/.well-known/openid-configuration"
