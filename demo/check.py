"""Requests the main pages of the running portal, as a visitor and as each of the people."""

from __future__ import annotations

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request  # loopback only, as demo.server says


class CheckError(RuntimeError):
    """A page gave a wrong answer; the message names it."""


class Browser:
    """A visitor with cookies; signs in through the form, like a person."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def fetch(self, path: str, expect: int = 200) -> bytes:
        """The portal's answer; CheckError for another status."""
        try:
            with self.opener.open(self.base + path, timeout=60) as answer:
                status, body = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read()
        if status != expect:
            raise CheckError(f"{path}: {status}, expected {expect}")
        return bytes(body)

    def get(self, path: str, expect: int = 200) -> str:
        """The page's text."""
        return self.fetch(path, expect).decode("utf-8", "replace")

    def sign_in(self, path: str, username: str, password: str) -> None:
        """Fill in the form and send it."""
        page = self.get(path)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        if token is None:
            raise CheckError(f"{path}: no form")
        form = {"csrfmiddlewaretoken": token[1], "login": username, "password": password}
        request = urllib.request.Request(
            self.base + path, urllib.parse.urlencode(form).encode(), {"Referer": self.base + path}
        )
        with self.opener.open(request, timeout=60) as answer:
            if answer.url.endswith(path):
                raise CheckError(f"{username} could not sign in")
