"""Ways around the place that watches, in one line (docs/contract.md 2, Going around)."""

from __future__ import annotations

from collections.abc import Iterable

from quetsach.bypass import providers
from quetsach.bypass.providers import FOREIGN_RESOLVER, Providers
from quetsach.logs.logformat import LogFormat
from quetsach.scanning.engines.index import Hits, Index, hits_of
from quetsach.scanning.engines.rows import row_of
from quetsach.scanning.engines.tokens import Token
from quetsach.sightings.asked import Asked
from quetsach.text.canonical import endpoint

NOT_ASKED = "answer"
"""What a resolver answers is nothing that the machine asked for."""


class Around:
    """The providers, ready for look-ups of tokens in which no indicator matches."""

    def __init__(self, listed: Providers) -> None:
        self.index = Index(listed.entries)

    def hits(self, tokens: Iterable[Token], *, endpoints: bool) -> Hits:
        """The entries that cover these tokens, each with its first field; `endpoints` says whether addresses
        count."""
        asked = (token for token in tokens if token.field != NOT_ASKED)
        return hits_of(self.index, [token for token in asked if endpoints or token.kind != "address"])


def is_of_dns(format: LogFormat) -> bool:
    """Whether each line asks for a name in DNS: such a log shows nobody who opens a connection."""
    return all(variant.roles.get("query") for variant in format.variants)


def rows_of(hits: Hits) -> Hits:
    """The same by provider and kind: each counts once a line."""
    found: Hits = {}
    for entry, hit in hits.items():
        found.setdefault(row_of(providers.of(entry)), hit)
    return found


def foreign_resolver(tokens: Iterable[Token], asked: Asked) -> Hits:
    """The row of a machine that is asked about and asks a resolver outside the own networks, by the tokens of
    a line in which no indicator and no provider matches. A line that shows the question hides nothing."""
    listed = list(tokens)
    if any(token.field == "query" for token in listed):
        return {}
    for token in listed:
        if (
            token.field == "destination"
            and token.port is not None
            and asked.is_foreign_resolver(token.value, token.port)
        ):
            return {row_of(FOREIGN_RESOLVER): (token.field, endpoint(token.value, token.port))}
    return {}


def names_machine(device: str | None, who: str) -> bool:
    """Whether a line says which machine it is of; an endpoint after translation is none."""
    return device is not None or (who != "" and not who.startswith("nat:"))
