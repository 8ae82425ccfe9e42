"""Reads the list of providers, `providers.toml`: what leads around the place that watches.

docs/contract.md 2 (Going around) gives the meaning of the kinds.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib import resources
from typing import Any, NamedTuple

from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind, Scope
from quetsach.indicators.setfile import list_section
from quetsach.text.canonical import address, endpoint, name

FILE = resources.files("quetsach.bypass").joinpath("providers.toml")
"""Also in an archive: the stick carries the package in one."""
RESOLVERS = ("doh", "dot", "doq")
KINDS = (*RESOLVERS, "relay", "vpn", "proxy", "dns")
"""All kinds on the wire. No provider has the kind `dns`: any foreign resolver on port 53 is of it."""
LISTED = KINDS[:-1]
_HTTPS, _TLS = 443, 853


class Provider(NamedTuple):
    """What a row of going around names: a provider, and how it leads around."""

    name: str
    kind: str


FOREIGN_RESOLVER = Provider("DNS", "dns")
"""Any resolver outside the own networks (docs/contract.md 2)."""


def resolver_at(address: str) -> str:
    """The provider whose public resolver has a canonical address; "" for any other address."""
    return _resolvers().get(address, "")


@cache
def _resolvers() -> dict[str, str]:
    told = tomllib.loads(FILE.read_text(encoding="utf-8"))["provider"]
    return {one: provider["name"] for provider in told for one in provider.get("addresses", ())}


class ProviderError(ValueError):
    """The list of providers breaks its own rules."""


class Providers:
    """The entries to look for. Each is an indicator whose family is the kind, a space, and the provider."""

    def __init__(self, entries: IndicatorSet) -> None:
        self.entries = entries

    @cached_property
    def listed(self) -> bytes:
        """The entries in the form that the native engine takes: see `setfile.list_section`."""
        return list_section(self.entries)

    @property
    def digest(self) -> str:
        """SHA-256 of the entries, in lower-case hex: results with another digest looked for other ways."""
        import hashlib  # only a scan with a state file needs it, and it loads a library of 3 MB

        return hashlib.sha256(self.listed).hexdigest()


def of(entry: Indicator) -> Provider:
    """The provider of an entry."""
    kind, _, provider = entry.family.partition(" ")
    return Provider(provider, kind)


@cache
def load() -> Providers:
    """The list of providers of this version."""
    return parse(FILE.read_text(encoding="utf-8"))


def parse(text: str) -> Providers:
    """The list in a text of TOML. Raises ProviderError where it breaks a rule of its head."""
    table = tomllib.loads(text)
    entries: dict[tuple[Kind, str], Indicator] = {}
    for told in table["provider"]:
        if told["source"] not in table["source"]:
            raise ProviderError(f"{told['name']}: there is no source {told['source']}")
        for entry in _entries(told):
            if entries.setdefault((entry.kind, entry.value), entry) is not entry:
                raise ProviderError(f"{entry.value}: stands twice")
    return Providers(IndicatorSet(entries.values()))


def _entries(told: Mapping[str, Any]) -> Iterator[Indicator]:
    provider = told["name"]
    unknown = told.keys() - {*LISTED, "name", "source", "addresses"}
    if unknown or provider != " ".join(provider.split()):
        raise ProviderError(f"{provider}: {', '.join(sorted(unknown)) or 'its name'} is not understood")
    for kind in LISTED:
        for spelled in told.get(kind, ()):
            yield _name(spelled, f"{kind} {provider}")
    tls = "doq" if "doq" in told and "dot" not in told else "dot"
    for spelled in told.get("addresses", ()):
        if address(spelled) != spelled:
            raise ProviderError(f"{provider}: {spelled} is no address in canonical form")
        for port, kind in ((_HTTPS, "doh"), (_TLS, tls)):
            yield Indicator(endpoint(spelled, port), Kind.IP_PORT, family=f"{kind} {provider}")


def _name(spelled: str, family: str) -> Indicator:
    scope, value = Scope.WITH_SUBDOMAINS, spelled
    if spelled.startswith("*."):
        scope, value = Scope.SUBDOMAINS_ONLY, spelled[2:]
    elif spelled.startswith("="):
        scope, value = Scope.EXACT, spelled[1:]
    if name(value) != value or "." not in value:
        raise ProviderError(f"{family}: {spelled} is no name in canonical form")
    return Indicator(value, Kind.DOMAIN, scope, family)
