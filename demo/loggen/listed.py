"""Indicators for the generator, and a slow, plain search for the indicator that covers a name or address.

It shares no code with the engines: the planted truth must be independent of them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class IndicatorLike(Protocol):
    """The fields needed of an indicator: canonical value, kind (`domain`, `ipv4`, …) and family."""

    @property
    def value(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def family(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Item:
    """One indicator in canonical form."""

    value: str
    kind: str
    family: str = ""
    scope: str = "subdomains"

    @property
    def canonical(self) -> str:
        """The name used on the wire."""
        return f"*.{self.value}" if self.scope == "subdomains-only" else self.value


def items_of(indicators: Iterable[IndicatorLike | tuple[str, str, str]]) -> list[Item]:
    """Indicators of the library, or (value, kind, family) triples, as items."""
    return [
        Item(*given)
        if isinstance(given, tuple)
        else Item(given.value, str(given.kind), given.family, str(getattr(given, "scope", "subdomains")))
        for given in indicators
    ]


class Listed:
    """Looks indicators up one by one: names label by label, addresses network by network."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self._names: dict[str, Item] = {}
        self._addresses: dict[str, Item] = {}
        self._endpoints: dict[str, Item] = {}
        self._endpoint_addresses: set[str] = set()
        self._networks: dict[tuple[int, int], dict[int, Item]] = {}
        self._urls: dict[str, dict[str, Item]] = {}
        for item in items:
            if item.kind == "domain":
                self._names[item.value] = item
            elif item.kind in ("ipv4", "ipv6"):
                self._addresses[item.value] = item
            elif item.kind == "ip-port":
                self._endpoints[item.value] = item
                self._endpoint_addresses.add(item.value.rpartition(":")[0].strip("[]"))
            elif item.kind == "cidr":
                network = ipaddress.ip_network(item.value)
                shift = network.max_prefixlen - network.prefixlen
                self._networks.setdefault((network.version, shift), {})[
                    int(network.network_address) >> shift
                ] = item
            else:
                host, _, path = item.value.partition("/")
                self._urls.setdefault(host, {})["/" + path] = item

    def name(self, name: str) -> Item | None:
        """The longest listed name that covers `name`."""
        rest = whole = name.lower().removesuffix(".")
        while True:
            item = self._names.get(rest)
            if item and (item.scope == "subdomains" or (item.scope == "exact") == (rest == whole)):
                return item
            _, dot, rest = rest.partition(".")
            if not dot:
                return None

    def address(self, text: str) -> Item | None:
        """The listed address itself, else the smallest listed network around it."""
        found = self._addresses.get(text)
        if found:
            return found
        address: Address = ipaddress.ip_address(text)
        for version, shift in sorted(self._networks):
            if version == address.version:
                found = self._networks[version, shift].get(int(address) >> shift)
                if found:
                    return found
        return None

    def endpoint(self, address: str, port: int) -> Item | None:
        """The listed endpoint, else any item that covers the address."""
        shown = f"[{address}]" if ":" in address else address
        return self._endpoints.get(f"{shown}:{port}") or self.address(address)

    def is_free(self, address: str) -> bool:
        """Whether no indicator covers the address, with any port."""
        return address not in self._endpoint_addresses and self.address(address) is None

    def url(self, host: str, path: str) -> Item | None:
        """The longest listed URL that is a prefix of `host` + `path`, up to a border."""
        paths = self._urls.get(host.lower(), {})
        ends = [
            i for i in range(len(path), 0, -1) if i == len(path) or path[i] in "/?#&" or path[i - 1] in "/?=&"
        ]
        return next((paths[path[:i]] for i in ends if path[:i] in paths), None)
