"""A small OpenID Connect provider on loopback: real HTTP, its own keys, and ways to misbehave.

Written from the standards (RFC 6749, RFC 7636, OpenID Connect Core 1.0), with none of the portal's code.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.loopback import Quiet, Server

CLIENT, SECRET = "quetsach", "s3c+ret/= %"
PAGE = """<!doctype html><meta charset="utf-8"><title>Nơi xác thực thử</title><h1>Nơi xác thực thử</h1>
<form method="get" action="/approve"><input type="hidden" name="q" value="{q}">
<p><button name="do" value="yes">Đồng ý</button> <button name="do" value="no">Từ chối</button></p></form>"""


@cache
def _keys() -> tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]:
    """Made once: it takes a second."""
    one, two = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    return one, two


class FakeProvider:
    """`claims` are about its one person; `signs`: whether it gives an ID token at all."""

    def __init__(self) -> None:
        self.key, self.other_key = _keys()
        self.claims: dict[str, Any] = {"sub": "u-1"}
        self.userinfo: dict[str, Any] | None = None
        self.acr = ""
        self.signs = True
        self.lies: dict[str, Any] = {}
        """Claims that replace the right ones in the ID token; None leaves one out."""
        self.algorithm, self.kid, self.signing_key = "RS256", "k1", self.key
        self.asked: list[dict[str, str]] = []
        """The parameters of each authorization request."""
        self.token_calls = 0
        self._codes: dict[str, dict[str, str]] = {}
        self._tokens: set[str] = set()
        self.server = Server(self._handler())
        self.url = self.server.url

    def approve(self, query: dict[str, str], *, yes: bool = True) -> str:
        """The address to which the browser returns."""
        back = {"state": query["state"]}
        if yes:
            code = secrets.token_urlsafe(12)
            self._codes[code] = query
            back["code"] = code
        else:
            back["error"] = "access_denied"
        return f"{query['redirect_uri']}?{urlencode(back)}"

    def answer_token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Section 4.1.3 of RFC 6749, with the verifier of RFC 7636 and the ID token of OpenID Connect."""
        self.token_calls += 1
        named = f"{quote_plus(CLIENT)}:{quote_plus(SECRET)}"  # 2.3.1
        expected = "Basic " + base64.b64encode(named.encode()).decode()
        is_client = authorization == expected or (
            form.get("client_id") == CLIENT and form.get("client_secret") == SECRET
        )
        asked = self._codes.pop(form.get("code", ""), None)
        if not is_client or asked is None or form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        if "code_challenge" in asked:
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
                return 400, {"error": "invalid_grant", "error_description": "PKCE"}
        token = secrets.token_urlsafe(12)
        self._tokens.add(token)
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": 300}
        if self.signs:
            answer["id_token"] = self._id_token(asked)
        return 200, answer

    def _id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked.get("nonce")}
        claims |= self.claims | ({"acr": self.acr} if self.acr else {}) | self.lies
        claims = {name: value for name, value in claims.items() if value is not None}
        key = "" if self.algorithm == "none" else self.signing_key
        return jwt.encode(claims, key, self.algorithm, headers={"kid": self.kid})

    def jwks(self) -> dict[str, Any]:
        row = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**row, "kid": "k1", "use": "sig", "alg": "RS256"}]}

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
        }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(Quiet):
            def _send(self, status: int, body: Any, kind: str = "application/json") -> None:
                data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                if parts.path == "/authorize":
                    fake.asked.append(query)
                    packed = base64.urlsafe_b64encode(json.dumps(query).encode()).decode()
                    self._send(200, PAGE.replace("{q}", packed), "text/html; charset=utf-8")
                elif parts.path == "/approve":
                    asked = json.loads(base64.urlsafe_b64decode(query["q"]))
                    self.send_response(302)
                    self.send_header("Location", fake.approve(asked, yes=query["do"] == "yes"))
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                elif parts.path == "/userinfo":
                    token = self.headers.get("Authorization", "").removeprefix("Bearer ")
                    known = token in fake._tokens
                    told = fake.claims if fake.userinfo is None else fake.userinfo
                    self._send(200 if known else 401, told if known else {"error": "invalid_token"})
                elif parts.path == "/keys":
                    self._send(200, fake.jwks())
                elif parts.path == "/.well-known/openid-configuration":
                    self._send(200, fake.discovery())
                else:
                    self._send(404, {})

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", "0"))
                read = parse_qs(self.rfile.read(length).decode())
                form = {name: values[0] for name, values in read.items()}
                self._send(*fake.answer_token(form, self.headers.get("Authorization", "")))

        return Handler
