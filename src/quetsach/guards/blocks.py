"""Blocks of addresses, and what overlaps with one among a hundred thousand others."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from socket import AF_INET, inet_pton
from typing import NamedTuple

_V6 = 1 << 128
"""Added to IPv6 numbers, so that both families stand on one line."""
_LENGTHS = {"": 32, **{str(bits): bits for bits in range(33)}}


class Block(NamedTuple):
    """Addresses from `first` to `last` on the line of both families; `prefix` is the network's length."""

    first: int
    last: int
    prefix: int
    version: int = 4

    @classmethod
    def of(cls, spelled: str) -> Block:
        """The block of an address or network; host bits are masked. Raises ValueError."""
        base, slash, length = spelled.partition("/")
        if base.count(".") == 3 and ":" not in base and (not slash or length in _LENGTHS):
            try:
                number = int.from_bytes(inet_pton(AF_INET, base))
            except OSError as error:
                raise ValueError(spelled) from error
            bits = _LENGTHS[length]
            first = number >> (32 - bits) << (32 - bits)
            return cls(first, first | (1 << (32 - bits)) - 1, bits)
        network = ip_network(spelled, strict=False)
        first = int(network.network_address) + (_V6 if network.version == 6 else 0)
        return cls(first, first + network.num_addresses - 1, network.prefixlen, network.version)

    @property
    def head(self) -> str:
        """What the first address begins with when written: its first number of four, or of eight in hex."""
        if self.version == 4:
            return str(self.first >> 24)
        group = (self.first - _V6) >> 112
        return f"{group:x}" if group else ""


class Ranges[Found]:
    """Blocks that stand for something; of several that overlap the first added is told."""

    def __init__(self, entries: Iterable[tuple[Block, Found]] = ()) -> None:
        ranked = sorted((block.first, rank, block.last, found) for rank, (block, found) in enumerate(entries))
        self._entries = ranked
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        self._begins: list[int] = []
        for at, (first, _rank, last, _found) in enumerate(ranked):
            if self._lasts and first <= self._lasts[-1]:
                self._lasts[-1] = max(self._lasts[-1], last)
            else:
                self._firsts.append(first)
                self._lasts.append(last)
                self._begins.append(at)

    def spans(self) -> Iterator[tuple[int, int]]:
        """First and last number of the IPv4 blocks, those that overlap joined."""
        return ((first, last) for first, last in zip(self._firsts, self._lasts, strict=True) if first < _V6)

    def overlap(self, block: Block) -> Found | None:
        """What the first added block that shares an address with this one stands for."""
        segment = bisect_right(self._firsts, block.last) - 1
        if segment < 0 or self._lasts[segment] < block.first:
            return None
        begin = self._begins[bisect_left(self._lasts, block.first)]
        end = self._begins[segment + 1] if segment + 1 < len(self._begins) else len(self._entries)
        best: tuple[int, Found] | None = None
        for first, rank, last, found in self._entries[begin:end]:
            if first <= block.last and block.first <= last and (best is None or rank < best[0]):
                best = rank, found
        return best[1] if best else None
