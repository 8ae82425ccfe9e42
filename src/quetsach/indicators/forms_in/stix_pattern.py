"""The part of STIX patterns that a search in logs can answer (STIX 2.1, 9).

It reads comparisons `=`, `IN` and `ISSUBSET` on names, addresses, URLs, hashes of files and the destination
of network traffic, joined by `OR`. It also reads `AND` of a destination with its port, or of several hashes
of one file, of which it takes the strongest. Any other pattern is refused as a whole: half a pattern would
match traffic that its author did not mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from quetsach.indicators.lists.item import hash_in
from quetsach.text.canonical import address, endpoint

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<number>-?[0-9]+)(?![\w.])|(?P<mark>\[|\]|\(|\)|,|!=|=|<=|>=|<|>)"
    r"|(?P<path>[a-z][a-z0-9-]*:\w+(?:\.[\w-]+|\.'[^']*'|\[(?:\*|[0-9]+)\])*)|(?P<word>[A-Z]+)(?!\w))"
)
_SEARCHED = frozenset(
    ("domain-name:value", "ipv4-addr:value", "ipv6-addr:value", "url:value", "network-traffic:dst_ref.value")
)
_NETWORKS = frozenset(("ipv4-addr:value", "ipv6-addr:value", "network-traffic:dst_ref.value"))
# Keys of the vocabulary are upper case, but OASIS's own report on APT1 writes `file:hashes.md5`.
_HASHES = re.compile(r"file:hashes\.'?(?:MD5|SHA-?1|SHA-?256)'?", re.IGNORECASE)
_PORT = "network-traffic:dst_port"
# These narrow a comparison, but no log line can contradict them: the value itself shows its type.
_NARROWING = re.compile(r"network-traffic:(?:protocols\[[*0-9]\]|dst_ref\.type)")
LONGEST = 65536


class PatternError(ValueError):
    """The pattern is malformed, or holds a comparison that a search cannot answer."""


def values(pattern: str) -> list[str]:
    """The values that the pattern lists, spelled as in a list. Raises PatternError."""
    if len(pattern) > LONGEST:
        raise PatternError("too long")
    return _Reader(pattern).read()


class _Reader:
    """A recursive-descent parser; the nesting of brackets is bounded."""

    def __init__(self, pattern: str) -> None:
        self._tokens = list(_tokens(pattern))
        self._at = 0
        self._depth = 0

    def read(self) -> list[str]:
        found = self._observations()
        if self._peek() != ("end", ""):
            raise PatternError("not searched")
        return found

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at]

    def _take(self, kind: str, text: str | None = None) -> str:
        found = self._peek()
        if found[0] != kind or (text is not None and found[1] != text):
            raise PatternError("not searched")
        self._at += 1
        return found[1]

    def _has(self, kind: str, text: str) -> bool:
        if self._peek() == (kind, text):
            self._at += 1
            return True
        return False

    def _open(self) -> None:
        self._depth += 1
        if self._depth > 50:
            raise PatternError("nested too deep")

    def _observations(self) -> list[str]:
        found = self._observation()
        while self._has("word", "OR"):
            found += self._observation()
        return found

    def _observation(self) -> list[str]:
        if self._has("mark", "("):
            self._open()
            found = self._observations()
            self._take("mark", ")")
            return found
        self._take("mark", "[")
        found = self._alternatives()
        self._take("mark", "]")
        return found

    def _alternatives(self) -> list[str]:
        found = self._together()
        while self._has("word", "OR"):
            found += self._together()
        return found

    def _together(self) -> list[str]:
        """Comparisons joined by AND: one of them lists values, another may name the port."""
        parts = [self._comparison()]
        while self._has("word", "AND"):
            parts.append(self._comparison())
        if len(parts) > 1 and all(len(texts) == 1 and _are_hashes(path, texts) for path, texts in parts):
            return max((texts for _path, texts in parts), key=lambda texts: len(texts[0]))
        listed = [texts for path, texts in parts if path in _SEARCHED or _are_hashes(path, texts)]
        ports = [texts for path, texts in parts if path == _PORT]
        known = len(listed) + len(ports) + sum(_NARROWING.fullmatch(path) is not None for path, _ in parts)
        if len(listed) != 1 or len(ports) > 1 or known != len(parts):
            raise PatternError("not searched")
        if not ports:
            return listed[0]
        if not all(address(text) for text in listed[0]):
            raise PatternError("not searched")
        return [endpoint(address(text) or text, int(port)) for text in listed[0] for port in ports[0]]

    def _comparison(self) -> tuple[str, list[str]]:
        if self._has("mark", "("):
            self._open()
            found = self._alternatives()
            self._take("mark", ")")
            return "url:value", found  # the expression in brackets lists values
        path = self._take("path")
        if self._has("mark", "="):
            return path, [self._constant(path)]
        if self._has("word", "IN"):
            self._take("mark", "(")
            texts = [self._constant(path)]
            while self._has("mark", ","):
                texts.append(self._constant(path))
            self._take("mark", ")")
            return path, texts
        self._take("word", "ISSUBSET")
        if path not in _NETWORKS:
            raise PatternError("not searched")
        return path, [self._constant(path)]

    def _constant(self, path: str) -> str:
        if path == _PORT:
            number = self._take("number")
            if not 0 < int(number) <= 65535:
                raise PatternError("no port")
            return number
        return re.sub(r"\\(.)", r"\1", self._take("text")[1:-1], flags=re.DOTALL)


def _are_hashes(path: str, texts: list[str]) -> bool:
    return _HASHES.fullmatch(path) is not None and all(map(hash_in, texts))


def _tokens(pattern: str) -> Iterator[tuple[str, str]]:
    at, end = 0, len(pattern.rstrip())
    while at < end:
        found = _TOKEN.match(pattern, at)
        if found is None:
            raise PatternError("malformed")
        yield str(found.lastgroup), found[str(found.lastgroup)]
        at = found.end()
    yield "end", ""
