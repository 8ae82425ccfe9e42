"""Tokens of a line of no known format (docs/log-formats.md 6): all count but queries and referrers.

`attribution.py` says which machine such a line tells of, `moments.py` when."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from quetsach.scanning.engines import keys, services
from quetsach.scanning.engines.records import text
from quetsach.scanning.engines.sides import DESTINATION, bare, side_of
from quetsach.scanning.engines.tokens import Token
from quetsach.text.canonical import IPV4, address, is_numeric_name, name, parse_port, path_of, split_url

_CLOSING = (
    *((0xAB, 0xAB), (0xBB, 0xBB), (0x200E, 0x200F), (0x2018, 0x201F), (0x202A, 0x202E), (0x2039, 0x203A)),
    *((0x2066, 0x2069), (0x3008, 0x3011)),
)
"""Marks that end a whole URL, too: quotation marks, brackets, direction marks. Blanks are white space."""
_OTHERS = (
    *((0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2013, 0x2014), (0x2022, 0x2022), (0x2026, 0x2026)),
    *((0x202F, 0x202F), (0x205F, 0x205F), (0x2190, 0x21FF), (0x3000, 0x3001), (0xFF08, 0xFF09)),
    *((0xFF0C, 0xFF0C), (0xFF1A, 0xFF1B)),
)
"""Blanks, dashes, the bullet, the ellipsis, arrows, commas, colons and round brackets."""
_ALL = sorted((*_CLOSING, *_OTHERS))
"""What parts words (docs/log-formats.md 6, the table): no name holds one."""


def _class_of(ranges: Iterable[tuple[int, int]]) -> str:
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


_MARKS = _class_of(_ALL)
_LETTERS = _class_of(
    (behind + 1, first - 1)
    for (_, behind), (first, _) in pairwise([(0, 0x7F), *_ALL, (0x11_0000, 0x11_0000)])
    if behind + 1 < first
)
"""All other characters outside ASCII."""
_END = rf"""\s"'<>{_class_of(_CLOSING)}"""
_QUERY = re.compile(rf"\?[^{_END}]*")
_QUOTED = re.compile(r'"(?:(?P<url>https?://)|[A-Z]{3,10} [^ "]+ HTTP/[0-9])[^"]*', re.IGNORECASE | re.ASCII)
_NAMED_VALUE = re.compile(r"""[=:] ?[\\"']*\Z""")
_REFERRER = re.compile(r"refer", re.IGNORECASE | re.ASCII)
_REFERRER_BEFORE = 16
_REST = re.compile(rf"[^{_END}]+")
_AUTHORITY_AND_REST = re.compile(rf"[^{_END}{_MARKS}/?#\\]*(?:[/?#\\][^{_END}]*)?")
_BLANKED = re.compile(" +")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*\Z")
LONGEST_SCHEME = 32
MOST_ADDRESSES = 1000
"""Addresses of a line that are told apart; of more nobody knows whose line it is."""
_AUTHORITY_END = re.compile(r"[/?#\\]")
_BARE = re.compile(rf"(?::([0-9]{{1,5}}))?(/[^{_END}]{{0,2047}})")
_PUNCTUATION = ".,;:)]}" + "".join(chr(c) for first, last in _ALL for c in range(first, last + 1))
_WORD = "0-9A-Za-z_"
_V4 = re.compile(rf"(?<![{_WORD}])(?<![{_WORD}][.-]){IPV4.pattern}(?![{_WORD}])(?![.-][{_WORD}])")
_DOTTED = re.compile(rf"\.([0-9]{{1,5}}|[a-z][a-z0-9-]{{0,15}})(?![{_WORD}])(?![.-][{_WORD}])")
_POINTS_BEFORE = re.compile(r"(?:>|\.[0-9]{1,5})[ \t]{1,32}\Z")
_POINTS_AFTER = re.compile(r"[ \t]{1,2}-{0,2}>")
_SMALL = 255
_SERVER_PORT = re.compile(
    r"(?:\A|[^0-9A-Za-z])(?:dpt|dport|dst_?port|dest_?port|destination_?port)[\"']?[=:] ?[\"']?([0-9]{1,5})",
    re.IGNORECASE | re.ASCII,
)
_V4_DOTTED = re.compile(rf"(?<![{_WORD}])(?<![{_WORD}][.-]){IPV4.pattern}(?=\.[0-9a-z])")
_V6 = re.compile(r"[0-9A-Fa-f:.]{2,}")
_ZONE = re.compile(r"%[0-9A-Za-z._~-]+")
_PORT = re.compile(rf":(\d{{1,5}})(?![{_WORD}])", re.ASCII)
_WORD_CHARACTER = re.compile(rf"[{_WORD}]")
_NAME = re.compile(rf"[0-9A-Za-z._\-{_LETTERS}]+")
_PREFIXED = re.compile(r"(?:\((?!00?\))\d{1,2}\)[^()\s]+)++(\(0\))?", re.ASCII)
_PREFIX = re.compile(r"\(\d{1,2}\)", re.ASCII)


class _Any(Container[str]):
    def __contains__(self, _: object) -> bool:
        return True


_ANY = _Any()


@dataclass(frozen=True, slots=True)
class FreeText:
    """The tokens of a line in the order of their places."""

    tokens: tuple[Token, ...]


def _has_dot(spelled: str) -> bool:
    return "." in spelled or (not spelled.isascii() and any(dot in spelled for dot in "\u3002\uff0e\uff61"))


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

    A quoted URL is a referrer if `refer` stands before it, or if it is the next one behind a quoted request
    line and no key names it.
    """
    spans = []
    is_awaited = False
    for found in _QUOTED.finditer(line):
        if not found["url"]:
            is_awaited = True
            continue
        before = line[max(0, found.start() - _REFERRER_BEFORE) : found.start()]
        is_placed = is_awaited and _NAMED_VALUE.search(before) is None
        if is_placed or _REFERRER.search(before):
            spans.append((found.start() + 1, found.end()))
            is_awaited = False
    line = _blank(line, spans)
    return _QUERY.sub(lambda m: "?" + " " * (len(m[0]) - 1), line)


@dataclass(frozen=True, slots=True)
class Cleared:
    """A line, and what is left of it: every place stays the same."""

    whole: str
    masked: str
    """Without queries and referrers."""
    urls: tuple[tuple[int, int], ...]
    """The places of URLs in `masked`."""
    clear: str
    """Without the paths and the user information of URLs, too."""


def cleared(line: bytes) -> Cleared:
    """The line without what is only mentioned."""
    whole = text(line)
    masked = mask(whole)
    urls = tuple(_urls(masked))
    return Cleared(whole, masked, urls, _blank(masked, (s for url in urls for s in _mentions(masked, *url))))


def read(line: bytes, url_hosts: Container[str] = _ANY) -> FreeText:
    """All tokens of the line; bare `host/path` only for the hosts that have URL items."""
    view = cleared(line)
    whole, masked, clear = view.whole, view.masked, view.clear
    found: list[tuple[int, Token]] = []
    for start, end in view.urls:
        stop = _end_of_query(whole, masked, end)
        parts = split_url(whole[start:stop].rstrip(_PUNCTUATION))
        if parts is not None:
            host, port, rest = parts
            if rest:
                found.append((start, Token("text", "url", host, port, rest)))
    hosts = addresses(clear)
    apart = _SERVER_PORT.search(clear)
    if apart is not None:
        hosts = _with_port(clear, hosts, parse_port(apart[1]))
    for run in _NAME.finditer(clear):
        spelled = run[0].strip(".")
        if _has_dot(spelled) and not is_numeric_name(spelled):
            hosts.append((run.start(), run.end(), _named(clear, run.end(), spelled)))
    for start, end, token in hosts:
        found.append((start, token))
        if token.value in url_hosts and not masked[max(0, start - 3) : start].endswith("//"):
            found += _bare_url(whole, start, end, token.value)
    for run in _PREFIXED.finditer(clear):
        if run[1]:
            value = name(".".join(_PREFIX.split(run[0])[1:-1]))
            found.append((run.start(), Token("text", "name", value)))
    found.sort(key=lambda f: f[0])
    return FreeText(tuple(dict.fromkeys(t for _, t in found)))


def _named(line: str, end: int, spelled: str) -> Token:
    """The token of a name; one in full-width digits, or with other full stops, may be an address."""
    value = name(spelled)
    if not spelled.isascii() and address(value) == value:
        return Token("text", "address", value, _port_after(line, end))
    return Token("text", "name", value)


def _urls(line: str) -> Iterator[tuple[int, int]]:
    """Spans of `scheme://…`; the scheme is sought backwards, so a long run of letters costs nothing."""
    at = line.find("://")
    while at >= 0:
        scheme = _SCHEME.search(line, max(0, at - LONGEST_SCHEME), at)
        rest = _AUTHORITY_AND_REST.match(line, at + 3)
        end = rest.end() if rest is not None else at + 3
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


def addresses(line: str) -> list[tuple[int, int, Token]]:
    """The addresses of a text, each with its place, in the order of places."""
    v6 = _ipv6(line)
    found = list(v6)
    starts = [start for start, _, _ in v6]
    for start, end, token in _ipv4(line):
        before = bisect_right(starts, start) - 1
        if before < 0 or v6[before][1] <= start:
            found.append((start, end, token))
    return sorted(found, key=lambda a: a[0])


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


def _with_port(
    line: str, hosts: list[tuple[int, int, Token]], port: int | None
) -> list[tuple[int, int, Token]]:
    """The same, where a key calls an address the destination, with the port that stands under a key of its
    own."""
    if len(hosts) > MOST_ADDRESSES:
        return hosts
    plain = bare(line)
    paths = keys.around(plain, [start for start, _, _ in hosts])
    found = []
    for (start, end, token), path in zip(hosts, paths, strict=True):
        key = keys.before(plain, start)
        words = (() if key.is_word else key.words, *path)
        if token.port is None:
            side = next((side for side in map(side_of, words) if side is not None), None)
            token = token._replace(port=port) if side == DESTINATION else token
        found.append((start, end, token))
    return found


class _Dotted(NamedTuple):
    """An endpoint with a dot before its port: where its address ends, with the name of a port, and where the
    whole ends."""

    stop: int
    port: int | None
    whole: int


def _dotted_port(line: str, start: int, end: int, *, is_v6: bool) -> _Dotted | None:
    """Where an endpoint ends that tcpdump and netstat write with a dot before its port, and the port.

    Five small numbers, or a name of a port, are an endpoint only where an arrow or another endpoint stands
    beside them.
    """
    found = _DOTTED.match(line, end)
    if found is None:
        return None
    port = parse_port(found[1])
    is_number = found[1][0].isdigit()
    if is_number and (port is None or is_v6 or port > _SMALL):
        return _Dotted(end, port, found.end()) if port is not None else None
    beside = _POINTS_BEFORE.search(line[max(0, start - 40) : start]) or _POINTS_AFTER.match(line, found.end())
    if not is_number:
        port = services.PORTS.get(found[1])
    return _Dotted(end if is_number else found.end(), port, found.end()) if beside else None


def _ipv4(line: str) -> list[tuple[int, int, Token]]:
    found = []
    for match in _V4.finditer(line):
        port = _port_after(line, match.end())
        found.append((match.start(), match.end(), Token("text", "address", match[0], port)))
    for match in _V4_DOTTED.finditer(line):
        dotted = _dotted_port(line, match.start(), match.end(), is_v6=False)
        if dotted is not None:
            found.append((match.start(), dotted.stop, Token("text", "address", match[0], dotted.port)))
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
        addr, dotted = address(line[start:end]), None
        if addr is None and (cut := line.rfind(".", start, end)) > start:
            addr, end = address(line[start:cut]), cut
            dotted = _dotted_port(line, start, end, is_v6=True)
            if addr is None or dotted is None:
                continue
        elif addr is None:
            continue
        elif line[end : end + 1] == ".":
            dotted = _dotted_port(line, start, end, is_v6=True)
        zone = _ZONE.match(line, end)
        stop = zone.end() if zone else dotted.stop if dotted else end
        if _touches(line, start, dotted.whole if dotted else stop):
            continue
        port = dotted.port if dotted else None
        if line[max(0, start - 1) : start] == "[" and line[stop : stop + 1] == "]":
            port = _port_after(line, stop + 1)
        found.append((start, stop, Token("text", "address", addr, port)))
    return found
