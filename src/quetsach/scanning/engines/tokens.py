"""The names, addresses and URLs of a record that may be a hit (docs/log-formats.md 5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from quetsach.scanning.engines.records import Record, text
from quetsach.text.canonical import address, name, path_of, split_authority, split_url


class Token(NamedTuple):
    """`kind` is name, address or url; `value` is the name, the address or the URL's host, canonical.

    `port` makes an address an endpoint, or is the port in a URL; `rest` is the path and query of a URL.
    """

    field: str
    kind: str
    value: str
    port: int | None = None
    rest: str = ""


_CACHED = 256


@lru_cache(maxsize=1 << 16)
def _classify_short(value: bytes) -> tuple[str, str]:
    spelled = text(value)
    found = address(spelled)
    return ("address", found) if found is not None else ("name", name(spelled))


def classify(value: bytes) -> tuple[str, str]:
    """Kind and canonical form of a whole value."""
    return _classify_short(value) if len(value) <= _CACHED else ("name", name(text(value)))


@lru_cache(maxsize=1 << 14)
def _split_short(value: bytes) -> tuple[str, int | None]:
    return split_authority(text(value))


def split_host(value: bytes) -> tuple[str, int | None]:
    """Host and port of an authority."""
    return _split_short(value) if len(value) <= _CACHED else split_authority(text(value))


def _host_token(host: str, port: int | None) -> Token:
    return Token("host", "address" if address(host) is not None else "name", host, port)


def tokens_of(record: Record) -> list[Token]:
    """Every token, in the order in which fields are credited."""
    roles = record.variant.roles
    found = [Token("query", *classify(v)) for v in record.role("query")] if "query" in roles else []
    if "host" in roles or "url" in roles:
        found += _request(record)
    if "server_name" in roles:
        found += [Token("server_name", *classify(v)) for v in record.role("server_name")]
    if "url" in roles:
        found.sort(key=lambda t: t.kind == "url")
    if "answers" in roles:
        found += [Token("answer", *classify(v)) for v in record.role("answers")]
    if record.server is not None:
        found.append(Token("destination", "address", record.server, record.server_port))
    return found


def _request(record: Record) -> list[Token]:
    host_port = record.port("host_port")
    hosts = []
    for value in record.role("host"):
        host, port = split_host(value)
        hosts.append((host, port if port is not None else host_port))
    return request_tokens(hosts, record.role("url"), record.server, record.server_port)


def request_tokens(
    hosts: Sequence[tuple[str, int | None]],
    targets: Iterable[bytes],
    server: str | None,
    server_port: int | None,
) -> list[Token]:
    """The hosts and URLs of an HTTP request."""
    found = [_host_token(host, port) for host, port in hosts]
    for value in targets:
        target = text(value)
        absolute = split_url(target)
        if absolute is not None:
            host, port, rest = absolute
            found.append(_host_token(host, port))
            if rest:
                found.append(Token("url", "url", host, port, rest))
        elif target[0] in "/?":
            rest = path_of(target)
            joined = hosts or ([(server, None)] if server is not None else [])
            for host, port in joined:
                found.append(Token("url", "url", host, port if port is not None else server_port, rest))
        elif not any(c in target for c in "/?#"):
            found.append(_host_token(*split_host(value)))
    return list(dict.fromkeys(found))
