"""Looks up the campaign's names and addresses in a machine's facts; they match as in a log scan."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from quetsach.endpoint import commandline
from quetsach.endpoint.fact import Fact, Gap
from quetsach.indicators.indicator import Indicator, IndicatorSet
from quetsach.scanning.engines.index import Index, hits_of
from quetsach.scanning.engines.tokens import Token
from quetsach.text import canonical

_CERTAIN, _STRONG, _VISIT = "D1", "D2", "D3"
_LOGGED = "LOG"
_DISABLED = "4"
_IN_TEXT = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'<>|]+|[\w.:\[\]%-]{4,255}")
_MOST_WORDS = 20_000
_PLACES = ("place", "where", "file", "path", "name")
_MOST_GAPS = 20

Hit = tuple[Indicator, str, str]
"""Indicator, the text that matched, and the confidence of its place."""


class Watchlist:
    """An indicator set for look-ups of facts."""

    def __init__(self, indicators: IndicatorSet) -> None:
        self.index = Index(indicators)
        self.gaps: list[Gap] = []
        """Texts that were not compared wholly: their places, or kinds where they have none."""

    def of(self, seen: Fact) -> Iterator[Hit]:
        """The indicators in a fact, each once.

        A live connection, a proxy or a start command to a listed address is certain, except of a service that
        is switched off. A name in the resolver's cache or a log is strong: a program asked for it once. So is
        a name in a command that runs or ran, which may be a person's own search for it. A page in the history
        is a visit.
        """
        fields = seen.fields
        match seen.kind:
            case "connection":
                logged = fields["state"].startswith(_LOGGED)
                tokens: Iterable[Token] = [address_token(fields["address"], fields["port"])]
                yield from self._hits(tokens, _STRONG if logged else _CERTAIN)
            case "name-seen":
                yield from self._hits([host_token(fields["name"])], _STRONG)
            case "url-seen":
                yield from self._hits(url_tokens(fields["url"]), _VISIT)
            case "hosts-line":
                # A listed name with another address is blocked; a name with a listed address is not.
                yield from self._hits([address_token(fields["address"], "")], _CERTAIN)
            case "proxy":
                yield from self._hits(url_tokens(fields["value"]), _CERTAIN)
            case "process" | "shortcut":
                yield from self._hits(self._words(seen, fields["command"]), _STRONG)
            case "autostart" | "cron" | "unit" | "wmi-consumer":
                yield from self._hits(self._words(seen, fields["command"]), _CERTAIN)
            case "service":
                is_off = fields["start"] == _DISABLED
                yield from self._hits(self._words(seen, fields["command"]), _VISIT if is_off else _CERTAIN)
            case "dns-server":
                yield from self._hits([host_token(fields["address"])], _CERTAIN)
            case "setting":
                yield from self._hits(self._words(seen, fields["value"]), _CERTAIN)
            case "startup-line":
                yield from self._hits(self._words(seen, fields["text"]), _CERTAIN)
            case "command-run":
                yield from self._hits(self._words(seen, fields["command"]), _STRONG)
            case "transfer":
                yield from self._hits(url_tokens(fields["url"]), _STRONG)
            case "key-login":
                yield from self._hits(self._words(seen, fields["command"]), _CERTAIN)
            case "task":
                yield from self._hits(
                    self._words(seen, f"{fields['command']} {fields['arguments']}"), _CERTAIN
                )
            case "script-line":
                yield from self._hits(self._words(seen, fields["text"]), _STRONG)

    def _words(self, seen: Fact, text: str) -> list[Token]:
        found, is_whole = tokens_in(text)
        gap = Gap(
            "too_deep", next((seen.fields[name] for name in _PLACES if seen.fields.get(name)), seen.kind)
        )
        if not is_whole and gap not in self.gaps and len(self.gaps) < _MOST_GAPS:
            self.gaps.append(gap)
        return found

    def _hits(self, tokens: Iterable[Token], confidence: str) -> Iterator[Hit]:
        asked = [token for token in tokens if token.value]
        for indicator, (_field, matched) in hits_of(self.index, asked).items():
            yield indicator, matched, confidence


def host_token(text: str) -> Token:
    """A whole name or address, as a DNS query shows it."""
    address = canonical.address(text)
    return Token("query", "address" if address else "name", address or canonical.name(text))


def address_token(text: str, port: str) -> Token:
    """An endpoint; the address alone where the port is unknown."""
    number = canonical.parse_port(port) if port != "0" else None
    return Token("destination", "address", canonical.address(text) or "", number)


def url_tokens(text: str) -> list[Token]:
    """The URL and its host; or the `host[:port]` that is the whole text."""
    split = canonical.split_url(text)
    if split is None:
        host, port = canonical.split_authority(text.partition("/")[0])
        return [_host(host, port)]
    host, port, rest = split
    found = [_host(host, port)]
    if rest:
        found.append(Token("url", "url", host, port, rest))
    return found


def tokens_in(text: str) -> tuple[list[Token], bool]:
    """The URLs, names and addresses that are whole words of a command, also of an encoded one in it; False
    where the text was not read wholly."""
    found: list[Token] = []
    unfolded, is_whole = commandline.unfolded(text)
    for number, word in enumerate(_IN_TEXT.findall(unfolded)):
        if number >= _MOST_WORDS:
            return found, False
        if "://" in word:
            found += url_tokens(word.rstrip(".,;)"))
        elif "." in word or ":" in word:
            host, port = canonical.split_authority(word.strip(".-"))
            found.append(_host(host, port))
    return found, is_whole


def _host(host: str, port: int | None) -> Token:
    return Token("host", "address" if canonical.address(host) else "name", host, port)
