"""The server name of a TLS ClientHello (RFC 8446 4.1.2, RFC 6066 3), which may be split over records."""

from __future__ import annotations

_HANDSHAKE = 22
_CLIENT_HELLO = 1
_SERVER_NAME = 0
_LONGEST_RECORD = 16_384 + 256
"""Bytes of a record (RFC 8446 5.1), with the overhead of a cipher."""


class NeedMoreError(Exception):
    """More bytes are needed."""


class NotHelloError(Exception):
    """No ClientHello."""


def may_begin(data: bytes) -> bool:
    """Whether these bytes may be the start of a ClientHello."""
    return data[0] == _HANDSHAKE and data[1:2] in (b"", b"\x03") and data[5:6] in (b"", b"\x01")


def read(data: bytes) -> bytes | None:
    """The name in the ClientHello at the start of a stream, if it has a name.

    Raises NeedMoreError, NotHelloError.
    """
    return hello(*_handshake(data))


def hello(message: bytes, is_cut: bool) -> bytes | None:
    """The name in a handshake message; `is_cut` says that more of the message may follow."""
    unfinished = NeedMoreError if is_cut else NotHelloError
    if not message:
        raise unfinished
    if message[0] != _CLIENT_HELLO:
        raise NotHelloError
    if len(message) < 4:
        raise unfinished
    end = 4 + int.from_bytes(message[1:4])
    name = _server_name(message[4:end])
    if name is None and len(message) < end:
        raise unfinished
    return name


def _handshake(data: bytes) -> tuple[bytes, bool]:
    """The handshake bytes of the records, and whether more may follow."""
    message = b""
    at = 0
    while len(data) >= at + 5:
        size = int.from_bytes(data[at + 3 : at + 5])
        if data[at] != _HANDSHAKE or data[at + 1] != 3 or not 0 < size <= _LONGEST_RECORD:
            return message, False
        message += data[at + 5 : at + 5 + size]
        at += 5 + size
        if len(message) >= 4 and len(message) >= 4 + int.from_bytes(message[1:4]):
            break
    return message, True


def _server_name(body: bytes) -> bytes | None:
    """The first host name of the extension, as soon as it is there."""
    at: int | None = 34
    for size in (1, 2, 1):
        at = _behind(body, at, size)
    if at is None:
        return None
    at += 2
    while at is not None and len(body) >= at + 2:
        if int.from_bytes(body[at : at + 2]) == _SERVER_NAME:
            if len(body) < at + 7 or body[at + 6]:
                return None
            end = _behind(body, at + 7, 2)
            return body[at + 9 : end] or None if end is not None else None
        at = _behind(body, at + 2, 2)
    return None


def _behind(body: bytes, at: int | None, size: int) -> int | None:
    """The place behind a field that has its length before it."""
    if at is None or len(body) < at + size:
        return None
    end = at + size + int.from_bytes(body[at : at + size])
    return end if end <= len(body) else None
