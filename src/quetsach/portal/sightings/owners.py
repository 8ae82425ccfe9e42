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
        for one in ranges:
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
        try:
            address = ipaddress.ip_address(device)
        except ValueError:
            return None
        value, bits = int(address), address.max_prefixlen
        for version, length in self._lengths:
            if version != address.version:
                continue
            shift = bits - length
            there = self._ranges[version, length].get(value >> shift << shift, ())
            nodes = {one.node for one in there if one.holds_on(day)}
            if nodes:
                return nodes.pop() if len(nodes) == 1 else None
        return None
