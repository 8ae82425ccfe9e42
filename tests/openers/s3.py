"""A loopback server with enough of Amazon's S3 for listing and ranged reading."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

from tests import loopback


class Server(loopback.Server):
    """Objects of one bucket, `logs`; `asked` are the requests with their ranges."""

    def __init__(self) -> None:
        super().__init__(Answer)
        self.objects: dict[str, bytes] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.refuses = False


class Answer(loopback.Quiet):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        bucket, _, key = unquote(asked.path).lstrip("/").partition("/")
        self.server.asked.append((key, self.headers["Range"]))
        if self.server.refuses or "AWS4-HMAC-SHA256" not in self.headers.get("Authorization", ""):
            self._answer(403, b"<Error><Code>AccessDenied</Code><Message>secret</Message></Error>")
        elif bucket != "logs":
            self._answer(404, b"<Error><Code>NoSuchBucket</Code></Error>")
        elif not key:
            self._list(parse_qs(asked.query).get("prefix", [""])[0])
        elif key not in self.server.objects:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            self._object(self.server.objects[key])

    do_HEAD = do_GET

    def _list(self, prefix: str) -> None:
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>2026-01-03T00:00:00.000Z</LastModified>"
            f"<ETag>{mark(data)}</ETag><Size>{len(data)}</Size><StorageClass>STANDARD</StorageClass></Contents>"
            for key, data in sorted(self.server.objects.items())
            if key.startswith(prefix)
        )
        self._answer(
            200,
            f'<?xml version="1.0"?><ListBucketResult><Name>logs</Name><KeyCount>1</KeyCount>'
            f"<IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode(),
        )

    def _object(self, data: bytes) -> None:
        if self.headers.get("If-Match", mark(data)) != mark(data):
            self._answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
            return
        wanted = self.headers["Range"]
        if wanted is None:
            self._answer(200, data, mark(data))
            return
        start, end = (int(n) for n in wanted.removeprefix("bytes=").split("-"))
        part = data[start : end + 1]
        self._answer(206, part, mark(data), f"bytes {start}-{start + len(part) - 1}/{len(data)}")

    def _answer(self, status: int, body: bytes, tag: str = '""', span: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", tag)
        self.send_header("Last-Modified", "Sat, 03 Jan 2026 00:00:00 GMT")
        if span is not None:
            self.send_header("Content-Range", span)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def mark(data: bytes) -> str:
    return f'"{hashlib.sha256(data).hexdigest()[:32]}"'


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The server, with an environment that points to it."""
    server = Server()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "reader",
        "AWS_SECRET_ACCESS_KEY": "top-secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ALLOW_HTTP": "true",
    }.items():
        monkeypatch.setenv(name, value)
    with loopback.serving(server):
        yield server
