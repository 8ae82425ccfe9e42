"""Finds the owner of a device: the longest matching network of the reporter and the units below it. Pure.

Every commune uses 192.168.1.0/24, so networks outside the reporter's subtree are never considered.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from uuid import UUID


class Owners:
    """The owners for one reporter. `networks` are (CIDR text, node) of the reporter and of every node below
    it."""

    def __init__(self, reporter: UUID, networks: Iterable[tuple[str, UUID]]) -> None:
        self.reporter = reporter
        self._nodes: dict[tuple[int, int], dict[int, set[UUID]]] = {}
        for text, node in networks:
            network = ipaddress.ip_network(text)
            table = self._nodes.setdefault((network.version, network.prefixlen), {})
            table.setdefault(int(network.network_address), set()).add(node)
        self._lengths = sorted(self._nodes, key=lambda key: -key[1])

    def of(self, device: str) -> UUID | None:
        """The owner of a device; None if no network matches, or two units have the same one.

        >>> Owners(UUID(int=1), [("10.0.0.0/8", UUID(int=2))]).of("10.1.2.3")
        UUID('00000000-0000-0000-0000-000000000002')
        """
        nodes = self.holders(device)
        return next(iter(nodes)) if len(nodes) == 1 else None

    def holders(self, device: str) -> set[UUID]:
        """The nodes with the longest network that holds the device."""
        try:
            address = ipaddress.ip_address(device)
        except ValueError:
            return set()
        value, bits = int(address), address.max_prefixlen
        for version, length in self._lengths:
            if version != address.version:
                continue
            shift = bits - length
            nodes = self._nodes[version, length].get(value >> shift << shift)
            if nodes:
                return nodes
        return set()
