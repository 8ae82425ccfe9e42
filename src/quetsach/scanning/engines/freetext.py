"""Tokens of a line of no known format (docs/log-formats.md 6): all count but queries and referrers."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from ipaddress import ip_address, ip_network

from quetsach.logs import times
from quetsach.scanning.engines.records import text
from quetsach.scanning.engines.tokens import Token
from quetsach.scanning.engines.wrappers import behind_hole
from quetsach.text.canonical import IPV4, address, is_numeric_name, name, parse_port, path_of, split_url

TIME_BYTES = 64
PRIVATE = tuple(ip_network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))
"""RFC 1918 and RFC 4193."""

_END = r"""\s"'<>"""
_QUERY = re.compile(rf"\?[^{_END}]*")
_QUOTED = re.compile(r'"(https?://|[A-Z]{3,10} )[^"]*', re.IGNORECASE)
_REFERRER = re.compile(r"refer", re.IGNORECASE)
_REFERRER_BEFORE = 16
_REST = re.compile(rf"[^{_END}]+")
_BLANKED = re.compile(" +")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*\Z")
LONGEST_SCHEME = 32
_AUTHORITY_END = re.compile(r"[/?#\\]")
_BARE = re.compile(rf"(?::([0-9]{{1,5}}))?(/[^{_END}]{{0,2047}})")
_PUNCTUATION = ".,;:)]}"
_WORD = "0-9A-Za-z_"
_V4 = re.compile(rf"(?<![{_WORD}])(?<![{_WORD}][.-]){IPV4.pattern}(?![{_WORD}])(?![.-][{_WORD}])")
_V6 = re.compile(r"[0-9A-Fa-f:.]{2,}")
_ZONE = re.compile(r"%[0-9A-Za-z._~-]+")
_PORT = re.compile(rf":(\d{{1,5}})(?![{_WORD}])", re.ASCII)
_WORD_CHARACTER = re.compile(rf"[{_WORD}]")
_NAME = re.compile(r"[0-9A-Za-z._\-\u0080-\U0010ffff]+")
_PREFIXED = re.compile(r"(?:\((?!00?\))\d{1,2}\)[^()\s]+)++(\(0\))?", re.ASCII)
_PREFIX = re.compile(r"\(\d{1,2}\)", re.ASCII)


class _Any(Container[str]):
    def __contains__(self, _: object) -> bool:
        return True


_ANY = _Any()


@dataclass(frozen=True, slots=True)
class FreeText:
    """The tokens of a line in the order of their places, and its private addresses."""

    tokens: tuple[Token, ...]
    private: tuple[str, ...]


def _blank(line: str, spans: Iterable[tuple[int, int]]) -> str:
    """The line with these spans, in rising order, made blank; every place is kept."""
    parts: list[str] = []
    at = 0
    for start, end in spans:
        if end > at:
            start = max(start, at)
            parts += (line[at:start], " " * (end - start))
            at = end
    parts.append(line[at:])
    return "".join(parts)


def mask(line: str) -> str:
    """The line with queries and referrers blanked.

    A quoted URL is a referrer if `refer` stands before it, or if a quoted request line or URL came earlier.
    """
    spans = []
    seen_quoted = False
    for found in _QUOTED.finditer(line):
        is_url = found[1].endswith("//")
        before = line[max(0, found.start() - _REFERRER_BEFORE) : found.start()]
        if is_url and (seen_quoted or _REFERRER.search(before)):
            spans.append((found.start() + 1, found.end()))
        seen_quoted = True
    line = _blank(line, spans)
    return _QUERY.sub(lambda m: "?" + " " * (len(m[0]) - 1), line)


def read(line: bytes, url_hosts: Container[str] = _ANY) -> FreeText:
    """All tokens of the line; bare `host/path` only for the hosts that have URL items."""
    whole = text(line)
    masked = mask(whole)
    found: list[tuple[int, Token]] = []
    paths: list[tuple[int, int]] = []
    for start, end in _urls(masked):
        stop = _end_of_query(whole, masked, end)
        parts = split_url(whole[start:stop].rstrip(_PUNCTUATION))
        if parts is not None:
            host, port, rest = parts
            if rest:
                found.append((start, Token("text", "url", host, port, rest)))
            paths += _mentions(masked, start, end)
    clear = _blank(masked, paths)
    addresses = sorted(_addresses(clear), key=lambda a: a[0])
    private = [token.value for _, _, token in addresses if _is_private(token.value)]
    hosts = list(addresses)
    for run in _NAME.finditer(clear):
        spelled = run[0].strip(".")
        if "." in spelled and not is_numeric_name(spelled):
            hosts.append((run.start(), run.end(), Token("text", "name", name(spelled))))
    for start, end, token in hosts:
        found.append((start, token))
        if token.value in url_hosts and not masked[max(0, start - 3) : start].endswith("//"):
            found += _bare_url(whole, start, end, token.value)
    for run in _PREFIXED.finditer(clear):
        if run[1]:
            value = name(".".join(_PREFIX.split(run[0])[1:-1]))
            found.append((run.start(), Token("text", "name", value)))
    found.sort(key=lambda f: f[0])
    return FreeText(tuple(dict.fromkeys(t for _, t in found)), tuple(dict.fromkeys(private)))


def _urls(line: str) -> Iterator[tuple[int, int]]:
    """Spans of `scheme://…`; the scheme is sought backwards, so a long run of letters costs nothing."""
    at = line.find("://")
    while at >= 0:
        scheme = _SCHEME.search(line, max(0, at - LONGEST_SCHEME), at)
        rest = _REST.match(line, at + 3)
        end = rest.end() if rest else at + 3
        if scheme is not None:
            yield scheme.start(), end
        at = line.find("://", end if scheme is not None else at + 3)


def _end_of_query(whole: str, masked: str, start: int) -> int:
    """Where the blanked query that begins at `start` ends; `start` if none does."""
    blank, rest = _BLANKED.match(masked, start), _REST.match(whole, start)
    return min(blank.end(), rest.end()) if blank and rest else start


def _mentions(line: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """User information and path of a URL: a name there is only a mention."""
    start = line.index("://", start) + 3
    cut = _AUTHORITY_END.search(line, start, end)
    border = cut.start() if cut else end
    at = line.rfind("@", start, border)
    if at >= 0:
        yield start, at + 1
    yield border, end


def _addresses(line: str) -> Iterator[tuple[int, int, Token]]:
    v6 = list(_ipv6(line))
    yield from v6
    starts = [start for start, _, _ in v6]
    for start, end, token in _ipv4(line):
        before = bisect_right(starts, start) - 1
        if before < 0 or v6[before][1] <= start:
            yield start, end, token


def words(line: bytes) -> tuple[Token, ...]:
    """Every name and address of the line, mentions too: `explain` compares these with the tokens that
    count."""
    whole = text(line)
    names = (name(run[0].strip(".")) for run in _NAME.finditer(whole))
    addresses = [token for _, _, token in (*_ipv6(whole), *_ipv4(whole))]
    return tuple(
        dict.fromkeys(
            [*(Token("text", "name", n) for n in names if "." in n and not is_numeric_name(n)), *addresses]
        )
    )


def _bare_url(whole: str, start: int, end: int, host: str) -> list[tuple[int, Token]]:
    found = _BARE.match(whole, end)
    if found is None:
        return []
    rest = path_of(found[2].rstrip(_PUNCTUATION))
    port = parse_port(found[1]) if found[1] else None
    return [(start, Token("text", "url", host, port, rest))]


def _port_after(line: str, end: int) -> int | None:
    found = _PORT.match(line, end)
    return parse_port(found[1]) if found else None


def _ipv4(line: str) -> list[tuple[int, int, Token]]:
    found = []
    for match in _V4.finditer(line):
        port = _port_after(line, match.end())
        found.append((match.start(), match.end(), Token("text", "address", match[0], port)))
    return found


def _touches(line: str, start: int, end: int) -> bool:
    def word(at: int) -> bool:
        return 0 <= at < len(line) and _WORD_CHARACTER.match(line[at]) is not None

    def joins(at: int) -> bool:
        return 0 <= at < len(line) and line[at] in ".-"

    return (
        word(start - 1)
        or word(end)
        or (joins(start - 1) and word(start - 2))
        or (joins(end) and word(end + 1))
    )


def _ipv6(line: str) -> list[tuple[int, int, Token]]:
    found = []
    for match in _V6.finditer(line):
        start, end = match.span()
        if line.count(":", start, end) < 2:
            continue
        if line[start] == ":" and line[start + 1] != ":":
            start += 1
        while end > start and (line[end - 1] == "." or (line[end - 1] == ":" and line[end - 2] != ":")):
            end -= 1
        addr = address(line[start:end])
        if addr is None:
            continue
        zone = _ZONE.match(line, end)
        stop = zone.end() if zone else end
        if _touches(line, start, stop):
            continue
        port = None
        if line[max(0, start - 1) : start] == "[" and line[stop : stop + 1] == "]":
            port = _port_after(line, stop + 1)
        found.append((start, stop, Token("text", "address", addr, port)))
    return found


def _is_private(addr: str) -> bool:
    parsed = ip_address(addr)
    return any(parsed.version == n.version and parsed in n for n in PRIVATE)


def time(line: bytes, zone: tzinfo) -> times.Moment | None:
    """The first ISO 8601 or RFC 3164 time in the first 64 bytes."""
    if b"\0" in line:
        line = behind_hole(line)
    return times.find(line[:TIME_BYTES].decode("latin-1"), zone)
