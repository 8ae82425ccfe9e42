"""Look-up of names, addresses, endpoints and URLs in an indicator set; the most specific item answers."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_network

from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind, Scope
from quetsach.scanning.engines.tokens import Token
from quetsach.text.canonical import endpoint, site_of, split_authority, url_covers
from quetsach.text.escape import escape

LONGEST_NAME = 255
"""Octets of a DNS name (RFC 1035 2.3.4); an indicator is never longer."""
REMEMBERED = 1 << 16
"""Addresses whose networks are remembered; logs repeat themselves."""


class Networks:
    """Networks by prefix length, the longest first."""

    def __init__(self) -> None:
        self._tables: dict[int, dict[int, dict[int, Indicator]]] = {4: {}, 6: {}}
        self._lengths: dict[int, list[int]] = {4: [], 6: []}
        self._seen: dict[str, Indicator | None] = {}

    def add(self, item: Indicator) -> None:
        network = ip_network(item.value)
        shift = network.max_prefixlen - network.prefixlen
        self._tables[network.version].setdefault(shift, {})[int(network.network_address) >> shift] = item
        self._lengths[network.version] = sorted(self._tables[network.version])

    def find(self, addr: str) -> Indicator | None:
        """The longest network around a canonical address."""
        try:
            return self._seen[addr]
        except KeyError:
            if len(self._seen) >= REMEMBERED:
                self._seen.clear()
            found = self._seen[addr] = self._find(addr)
            return found

    def _find(self, addr: str) -> Indicator | None:
        version = 6 if ":" in addr else 4
        shifts = self._lengths[version]
        if not shifts:
            return None
        number = int(IPv6Address(addr)) if version == 6 else int(IPv4Address(addr))
        tables = self._tables[version]
        for shift in shifts:
            item = tables[shift].get(number >> shift)
            if item is not None:
                return item
        return None


class Index:
    """An indicator set, ready for look-ups of tokens."""

    def __init__(self, indicators: IndicatorSet) -> None:
        self.indicators = indicators
        self.names: dict[str, Indicator] = {}
        self.addresses: dict[str, Indicator] = {}
        self.endpoints: dict[str, Indicator] = {}
        self.networks = Networks()
        self.urls: dict[str, list[tuple[str, int | None, Indicator]]] = {}
        self._fill(indicators)

    def _fill(self, indicators: Iterable[Indicator]) -> None:
        direct = {
            Kind.DOMAIN: self.names,
            Kind.IPV4: self.addresses,
            Kind.IPV6: self.addresses,
            Kind.IP_PORT: self.endpoints,
        }
        for item in indicators:
            table = direct.get(item.kind)
            if table is not None:
                table[item.value] = item
            elif item.kind is Kind.CIDR:
                self.networks.add(item)
            else:
                authority, slash, path = item.value.partition("/")
                host, port = split_authority(authority)
                self.urls.setdefault(host, []).append((slash + path, port, item))
        for items in self.urls.values():
            items.sort(key=lambda u: (-len(u[0]), u[1] is None, u[0]))

    def name(self, name: str) -> Indicator | None:
        """The longest item whose scope covers the name."""
        names = self.names
        item = names.get(name)
        if item is not None and item.scope is not Scope.SUBDOMAINS_ONLY:
            return item
        at = name.find(".", max(0, len(name) - LONGEST_NAME - 1))
        while at >= 0:
            item = names.get(name[at + 1 :])
            if item is not None and item.scope is not Scope.EXACT:
                return item
            at = name.find(".", at + 1)
        return None

    def address(self, addr: str, port: int | None = None) -> tuple[Indicator, str] | None:
        """The endpoint, else the address, else the longest network; and the text that matched."""
        spelled = endpoint(addr, port) if port is not None else addr
        if port is not None and self.endpoints:
            item = self.endpoints.get(spelled)
            if item is not None:
                return item, spelled
        item = self.addresses.get(addr) or self.networks.find(addr)
        if item is not None:
            return item, addr
        site = site_of(addr)
        found = self.address(site, port) if site is not None else None
        if found is None:
            return None
        return found[0], spelled if found[0].kind is Kind.IP_PORT else addr

    def url(self, host: str, port: int | None, rest: str) -> Indicator | None:
        for path, wanted, item in self.urls.get(host, ()):
            if (wanted is None or wanted == port) and url_covers(path, rest):
                return item
        return None

    def find(self, token: Token) -> tuple[Indicator, str] | None:
        """The most specific item for a token and the text that matched, safe to show."""
        if token.kind == "name":
            item = self.name(token.value)
            return (item, escape(token.value.encode("utf-8", "surrogateescape"))) if item else None
        if token.kind == "address":
            return self.address(token.value, token.port)
        item = self.url(token.value, token.port, token.rest)
        return (item, item.value) if item else None

    def inbound(self, client: str, port: int | None) -> bool:
        """Whether the initiator of a line is listed."""
        return self.address(client, port) is not None


Hits = dict[Indicator, tuple[str, str]]
"""Indicator → (field, matched)."""


def hits_of(index: Index, tokens: Iterable[Token]) -> Hits:
    """Each indicator once, with its first field; when a URL hits, its host is not reported as well."""
    listed = list(tokens)
    covered = {t.value for t in listed if t.kind == "url" and index.url(t.value, t.port, t.rest)}
    found: Hits = {}
    for token in listed:
        if token.value in covered and token.kind != "url" and token.field in ("host", "text"):
            continue
        hit = index.find(token)
        if hit is not None and hit[0] not in found:
            found[hit[0]] = (token.field, hit[1])
    return found
