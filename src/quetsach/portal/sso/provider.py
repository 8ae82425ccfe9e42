"""The identity provider in allauth: leaves with PKCE, state and nonce, returns with a checked proof."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

from allauth.socialaccount.models import SocialToken
from allauth.socialaccount.providers.base import ProviderAccount
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.oauth2.utils import generate_code_challenge
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from quetsach.portal.kit.address import on_this_machine
from quetsach.portal.sso.configuration import trusted
from quetsach.portal.sso.endpoints import endpoint, fetched, key_set
from quetsach.portal.sso.identity import nonce_of, proof_of
from quetsach.portal.sso.leaving import leave
from quetsach.portal.sso.refusal import SsoError
from quetsach.portal.sso.tokens import signed_claims

ID = "sso"


class SsoAdapter(OAuth2Adapter):  # type: ignore[misc]
    """The return from the provider: exchanges the code for a token, and the token for a proof."""

    provider_id = ID

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.nonce = ""

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:  # noqa: ARG002
        """The address registered with the provider, whichever name the browser used."""
        return on_this_machine(reverse("sso_callback"))

    @property
    def access_token_url(self) -> str:
        return endpoint(trusted(), "token")

    @property
    def basic_auth(self) -> bool:
        return trusted().token_auth == "client_secret_basic"  # noqa: S105

    def get_client(self, request: HttpRequest, app: Any) -> Any:
        """A client whose header has form-encoded name and secret, unlike allauth's (RFC 6749, 2.3.1)."""
        client = super().get_client(request, app)
        if self.basic_auth:
            client.consumer_key = quote_plus(client.consumer_key)
            client.consumer_secret = quote_plus(client.consumer_secret)
        return client

    def get_access_token_data(
        self, request: HttpRequest, app: Any, client: Any, pkce_code_verifier: str | None = None
    ) -> dict[str, Any]:
        """Raises SsoError for any answer that is not a token."""
        self.nonce = nonce_of(pkce_code_verifier or "")
        verifier = pkce_code_verifier if trusted().pkce else None
        try:
            read = super().get_access_token_data(request, app, client, pkce_code_verifier=verifier)
        except (KeyError, ValueError, OAuth2Error):
            # The cause would put the provider's answer into logs.
            raise SsoError(
                "mistrusted", "token endpoint: no token; client, secret or way back refused?"
            ) from None
        return dict(read)

    def complete_login(self, request: HttpRequest, app: Any, token: SocialToken, **kwargs: Any) -> Any:  # noqa: ARG002
        """The proven person. No other data of the provider go further than here."""
        provider, id_token = trusted(), kwargs["response"].get("id_token")
        signed: dict[str, Any] = {}
        claims: dict[str, Any] = {}
        if endpoint(provider, "keys"):
            if not isinstance(id_token, str):
                raise SsoError("mistrusted", "token endpoint: no ID token, though keys are configured")
            signed = signed_claims(id_token, provider, self.nonce, lambda fresh: key_set(provider, fresh))
        if provider.claim not in signed and endpoint(provider, "userinfo"):
            claims = fetched(endpoint(provider, "userinfo"), token.token)
            if signed and claims.get("sub") != signed["sub"]:
                raise SsoError("mistrusted", "userinfo: another person than the ID token's")
        proof = proof_of(provider, signed, claims)
        login = self.get_provider().sociallogin_from_response(request, {"key": proof.key})
        login.proof = proof
        return login


class SsoProvider(OAuth2Provider):  # type: ignore[misc]
    """Keeps only a person's key."""

    id = ID
    name = "OpenID Connect"
    account_class = ProviderAccount
    oauth2_adapter_class = SsoAdapter

    def redirect(
        self,
        request: HttpRequest,
        process: str,
        next_url: str | None = None,
        data: Any = None,
        **kwargs: Any,
    ) -> HttpResponse:
        """Leave for the provider; `kwargs` are further parameters for it."""
        provider = trusted()
        pkce = generate_code_challenge()
        verifier = pkce.pop("code_verifier")
        state = self.stash_redirect_state(request, process, next_url, data, pkce_code_verifier=verifier)
        adapter = self.get_oauth2_adapter(request)
        wanted = {
            **dict(provider.extra),
            **kwargs,
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": adapter.get_callback_url(request, self.app),
            "scope": provider.scope,
            "state": state,
            "nonce": nonce_of(verifier),
        }
        if provider.acr_values:
            wanted["acr_values"] = provider.acr_values
        if provider.pkce:
            wanted |= pkce
        address = endpoint(provider, "authorize")
        return leave(request, f"{address}{'&' if '?' in address else '?'}{urlencode(wanted)}", provider.name)

    def extract_uid(self, data: dict[str, str]) -> str:
        return data["key"]

    def extract_extra_data(self, data: dict[str, str]) -> dict[str, str]:  # noqa: ARG002
        return {}


provider_classes = [SsoProvider]
