"""The head of an HTTP/1 request (RFC 9112): the host and the path asked for."""

from __future__ import annotations

import re
from typing import NamedTuple

_WORDS = (
    b"GET POST HEAD PUT CONNECT OPTIONS DELETE PATCH TRACE PROPFIND PROPPATCH MKCOL MOVE COPY LOCK REPORT"
)
_METHODS = tuple(word + b" " for word in _WORDS.split())
EMPTY_LINE = b"\r\n"
"""May stand before a request (RFC 9112 2.2)."""
_END = re.compile(rb"\n\r?\n")
_SCHEME = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://")
_LENGTH = re.compile(rb"[0-9]{1,18}")
"""Digits of a length; longer numbers are not believed."""
_BLANK = b" \t\r\n\f"


class NeedMoreError(Exception):
    """More bytes are needed."""


class Head(NamedTuple):
    """One request; `body` is the length of the body where the head declares it."""

    method: bytes
    target: bytes
    host: bytes | None
    body: int


def may_begin(data: bytes) -> bool:
    """Whether these bytes may be the start of a request."""
    return any(data.startswith(m) or m.startswith(data) for m in _METHODS)


def read(data: bytes) -> tuple[Head, int] | None:
    """The head at the start of a stream and its length; None if there is none. Raises NeedMoreError."""
    end = _END.search(data)
    if end is None:
        raise NeedMoreError
    head = _parse(data[: end.end()])
    return (head, end.end()) if head is not None else None


def read_part(data: bytes) -> Head | None:
    """A head whose end is missing: its whole lines, if they name the host."""
    end = data.rfind(b"\n") + 1
    head = _parse(data[:end]) if end else None
    if head is None or head.host is not None or head.method == b"CONNECT" or _SCHEME.match(head.target):
        return head
    return None


def _parse(data: bytes) -> Head | None:
    request, *lines = (line.removesuffix(b"\r") for line in data.split(b"\n"))
    words = request.split(b" ")
    if len(words) != 3 or not words[1] or not words[2].startswith(b"HTTP/"):
        return None
    host, body, is_coded = None, 0, False
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon:
            continue
        name, value = name.lower(), value.strip(_BLANK)
        if name == b"host" and host is None and value:
            host = value
        elif name == b"content-length":
            body = int(value) if _LENGTH.fullmatch(value) else 0
        elif name == b"transfer-encoding":
            is_coded = True
    return Head(words[0], words[1], host, 0 if is_coded else body)
