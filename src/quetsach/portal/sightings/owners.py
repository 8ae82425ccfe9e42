"""Finds the owner of a device: the longest matching network of the reporter and the units below it. Pure.

Every commune uses 192.168.1.0/24, so networks outside the reporter's subtree are never considered.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

_MOST_KNOWN = 1 << 15
"""Addresses whose owners are remembered."""


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
    """The owners for one reporter. `ranges` are those of the reporter and of every node below it, `paths` the
    paths of the units of these nodes. `dated` are the nodes with a range that has days."""

    def __init__(
        self, reporter: UUID, ranges: Iterable[Range], paths: Mapping[UUID, str] | None = None
    ) -> None:
        self.reporter, self.paths = reporter, paths or {}
        self._ranges: dict[tuple[int, int], dict[int, list[Range]]] = {}
        self._found: dict[tuple[str, date | None], tuple[set[UUID], int]] = {}
        self.dated: set[UUID] = set()
        for one in ranges:
            if one.begin is not None or one.end is not None:
                self.dated.add(one.node)
            network = ipaddress.ip_network(one.cidr)
            table = self._ranges.setdefault((network.version, network.prefixlen), {})
            table.setdefault(int(network.network_address), []).append(one)
        self.is_dated = bool(self.dated)
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

    def has_lost(self, device: str, node: UUID, day: date) -> bool:
        """Whether the node has a network with the device at some time, and none on that day."""
        if not self.is_dated or (known := _parsed(device)) is None:
            return False
        version, value, bits = known
        own = [
            one
            for of_version, length in self._lengths
            if of_version == version
            for one in self._ranges[version, length].get(value >> bits - length << bits - length, ())
            if one.node == node
        ]
        return bool(own) and not any(one.holds_on(day) for one in own)

    def is_whole_network(self, device: str, day: date) -> bool:
        """Whether an IPv4 address is the first or the last of the longest network around it, which stand for
        the network and for all machines there (RFC 1122 3.2.1.3); in networks of two addresses and one they
        are machines (RFC 3021)."""
        nodes, length = self._longest(device, day)
        known = _parsed(device)
        if not nodes or known is None or known[0] != 4 or length > 30:
            return False
        machines = (1 << (32 - length)) - 1
        return known[1] & machines in (0, machines)

    def _longest(self, device: str, day: date) -> tuple[set[UUID], int]:
        """These nodes, and the length of the network's prefix. Rows name the same machines again and again;
        where no range has days, neither has the answer."""
        asked = device, day if self.is_dated else None
        found = self._found.get(asked)
        if found is None:
            if len(self._found) >= _MOST_KNOWN:
                self._found.clear()
            found = self._found[asked] = self._looked_up(device, day)
        return found

    def _looked_up(self, device: str, day: date) -> tuple[set[UUID], int]:
        known = _parsed(device)
        if known is None:
            return set(), 0
        version, value, bits = known
        for of_version, length in self._lengths:
            if of_version != version:
                continue
            shift = bits - length
            there = self._ranges[version, length].get(value >> shift << shift, ())
            nodes = {one.node for one in there if one.holds_on(day)}
            if nodes:
                return nodes, length
        return set(), 0


@lru_cache(maxsize=1 << 14)
def _parsed(device: str) -> tuple[int, int, int] | None:
    """Version, number and bits of an address; None for a name. Of a machine it is asked again and again."""
    try:
        found = ipaddress.ip_address(device)
    except ValueError:
        return None
    return found.version, int(found), found.max_prefixlen
