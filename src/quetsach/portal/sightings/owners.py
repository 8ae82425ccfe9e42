"""Finds the owner of a device: the longest matching network of the reporter and the units below it. Pure.

Every commune uses 192.168.1.0/24, so networks outside the reporter's subtree are never considered.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple
from uuid import UUID


class Range(NamedTuple):
    """A network of a node from the day `begin` until the day before `end`; None: without a limit."""

    cidr: str
    node: UUID
    begin: date | None = None
    end: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the node has the network on that day."""
        return (self.begin is None or self.begin <= day) and (self.end is None or day < self.end)


class Owners:
    """The owners for one reporter. `ranges` are those of the reporter and of every node below it."""

    def __init__(self, reporter: UUID, ranges: Iterable[Range]) -> None:
        self.reporter = reporter
        self._ranges: dict[tuple[int, int], dict[int, list[Range]]] = {}
        self.is_dated = False
        for one in ranges:
            self.is_dated = self.is_dated or one.begin is not None or one.end is not None
            network = ipaddress.ip_network(one.cidr)
            table = self._ranges.setdefault((network.version, network.prefixlen), {})
            table.setdefault(int(network.network_address), []).append(one)
        self._lengths = sorted(self._ranges, key=lambda key: -key[1])

    def of(self, device: str, day: date) -> UUID | None:
        """The owner of a device on a day; None if no network matches, or two units have the same one.

        >>> ranges = [Range("10.0.0.0/8", UUID(int=2))]
        >>> Owners(UUID(int=1), ranges).of("10.1.2.3", date(2026, 11, 29))
        UUID('00000000-0000-0000-0000-000000000002')
        """
        nodes = self.holders(device, day)
        return next(iter(nodes)) if len(nodes) == 1 else None

    def holders(self, device: str, day: date) -> set[UUID]:
        """The nodes with the longest network that holds the device on that day."""
        return self._longest(device, day)[0]

    def is_whole_network(self, device: str, day: date) -> bool:
        """Whether an IPv4 address is the first or the last of the longest network around it, which stand for
        the network and for all machines there (RFC 1122 3.2.1.3); in networks of two addresses and one they
        are machines (RFC 3021)."""
        nodes, network = self._longest(device, day)
        if not nodes or network is None or network.version != 4 or network.prefixlen > 30:
            return False
        return ipaddress.ip_address(device) in (network.network_address, network.broadcast_address)

    def _longest(
        self, device: str, day: date
    ) -> tuple[set[UUID], ipaddress.IPv4Network | ipaddress.IPv6Network | None]:
        try:
            address = ipaddress.ip_address(device)
        except ValueError:
            return set(), None
        value, bits = int(address), address.max_prefixlen
        for version, length in self._lengths:
            if version != address.version:
                continue
            shift = bits - length
            there = self._ranges[version, length].get(value >> shift << shift, ())
            nodes = {one.node for one in there if one.holds_on(day)}
            if nodes:
                return nodes, ipaddress.ip_network((address, length), strict=False)
        return set(), None
