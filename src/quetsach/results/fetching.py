"""Fetches one small file over https, bounded, without following a redirect."""

from __future__ import annotations

from urllib.parse import urlsplit

from quetsach.errors import PortalError
from quetsach.results.push import is_in_the_clear, pool

_BLOCK = 1 << 16


class FetchError(PortalError):
    """Nothing was fetched. `detail` is from outside: escape it before showing it."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail = code, detail


def fetch(url: str, most: int) -> bytes:
    """The content at `url`: https, or plain http on this machine. Raises FetchError as `fetch_new` does."""
    return (fetch_new(url, most, "") or (b"", ""))[0]


def fetch_new(url: str, most: int, etag: str) -> tuple[bytes, str] | None:
    """The content and its mark (ETag, RFC 9110 8.8.3); None where it is the content with the mark `etag`.

    Raises:
        FetchError: `address`, `unreachable`, `certificate`, `moved`, `failed`, or `too_large` beyond `most`
        bytes.
    """
    import urllib3

    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        is_usable = False
    if not is_usable or is_in_the_clear(url):
        raise FetchError("address", url)
    try:
        with pool(2) as http:
            headers = {"If-None-Match": etag} if etag else {}
            response = http.request("GET", url, preload_content=False, redirect=False, headers=headers)
            try:
                if etag and response.status == 304:
                    return None
                if 300 <= response.status < 400 and response.status != 304:
                    raise FetchError("moved", response.headers.get("Location", "")[:300])
                if response.status != 200:
                    raise FetchError("failed", f"HTTP {response.status}")
                data = bytearray()
                while block := response.read(_BLOCK):
                    data += block
                    if len(data) > most:
                        raise FetchError("too_large", f"{most >> 20} MB")
                return bytes(data), response.headers.get("ETag", "")[:300]
            finally:
                response.close()
    except urllib3.exceptions.MaxRetryError as error:
        is_tls = isinstance(error.reason, urllib3.exceptions.SSLError)
        raise FetchError("certificate" if is_tls else "unreachable", parts.netloc) from error
    except urllib3.exceptions.HTTPError as error:
        raise FetchError("unreachable", parts.netloc) from error
