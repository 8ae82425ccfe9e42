"""The log of tinyproxy, which shows the client on one line and its request on another.

The lines of requests come out with ` client=ADDRESS` at their end, or ` client=-` where the log has no
client.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from quetsach.files.openers import jsonlines, linewise
from quetsach.files.openers.opened import Opened
from quetsach.files.source import ByteStream

_FIRST = re.compile(
    rb"(?:CRITICAL|ERROR|WARNING|NOTICE|CONNECT|INFO) +"
    rb"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{3})? \[\d+\]: "
)
# src/reqs.c and src/child.c; before 1.11 the name of the client comes first and its address in brackets.
_LINE = re.compile(
    rb"\[(?P<process>\d+)\]: (?P<what>Connect|Request) \(file descriptor (?P<number>\d+)\): (?P<rest>.*)"
)
_CLIENT = re.compile(rb"(?:.* \[)?(?P<client>[0-9A-Fa-f.:]{2,45}(?:%[\w.]{1,16})?)\]?")
_MOST_OPEN = 100_000


def begins(start: bytes) -> bool:
    """Whether tinyproxy wrote this log itself; tinyproxy's lines among others' in syslog stay as they are."""
    return bool(_FIRST.match(start))


def open(file: Opened) -> Iterator[Opened]:
    """Its only stream: the lines."""
    yield jsonlines.opened(file, lines(file.stream), format="tinyproxy")


def lines(stream: ByteStream) -> Iterator[bytes]:
    """All lines; lines of requests with their clients."""
    clients: dict[tuple[bytes, bytes], bytes] = {}
    return linewise.lines(stream, partial(_with_client, clients))


def _with_client(clients: dict[tuple[bytes, bytes], bytes], line: bytes) -> bytes:
    found = _LINE.search(line) if b"(file descriptor " in line else None
    if found is None:
        return line
    key = found["process"], found["number"]
    if found["what"] == b"Request":
        # A connection asks once; the next connection may have the same number.
        return line.rstrip(b"\r") + b" client=" + clients.pop(key, b"-")
    client = _CLIENT.fullmatch(found["rest"].rstrip())
    if client is not None and len(clients) < _MOST_OPEN:
        clients[key] = client["client"]
    else:
        clients.pop(key, None)
    return line
