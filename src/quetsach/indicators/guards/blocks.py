"""Blocks of addresses, and a quick search for overlaps among a hundred thousand of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import NamedTuple, Protocol

V6 = 1 << 128
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
            number = int(IPv4Address(base))
            bits = _LENGTHS[length]
            first = number >> (32 - bits) << (32 - bits)
            return cls(first, first | (1 << (32 - bits)) - 1, bits)
        if not slash and ":" in base and "%" not in base:
            number = V6 + int(IPv6Address(base))
            return cls(number, number, 128, 6)
        network = ip_network(spelled, strict=False)
        first = int(network.network_address) + (V6 if network.version == 6 else 0)
        return cls(first, first + network.num_addresses - 1, network.prefixlen, network.version)


def disjoint(entries: Iterable[tuple[Block, int]]) -> Iterator[tuple[int, int, int]]:
    """First number, last number and rank of the pieces that ranked blocks cover, in order.

    Where blocks overlap, the least rank counts.
    """
    starts = sorted((block.first, rank, block.last) for block, rank in entries)
    here: list[tuple[int, int]] = []
    piece: tuple[int, int, int] | None = None
    for at, (first, rank, last) in enumerate(starts):
        heappush(here, (rank, last))
        until = starts[at + 1][0] - 1 if at + 1 < len(starts) else None
        while here and (until is None or first <= until):
            least, end = here[0]
            if end < first:
                heappop(here)
                continue
            end = end if until is None else min(end, until)
            if piece is not None and piece[1] + 1 == first and piece[2] == least:
                piece = piece[0], end, least
            else:
                if piece is not None:
                    yield piece
                piece = first, end, least
            first = end + 1
    if piece is not None:
        yield piece


class Numbers(Protocol):
    """Numbers in order, looked up one by one."""

    def __len__(self) -> int: ...

    def __getitem__(self, at: int, /) -> int: ...

    def __iter__(self) -> Iterator[int]: ...


class Ranges[Found]:
    """Pieces of the number line, in order and disjoint; the rank of a piece selects an item of `found`."""

    def __init__(self, firsts: Numbers, lasts: Numbers, ranks: Numbers, found: Sequence[Found]) -> None:
        self._firsts, self._lasts, self._ranks, self._found = firsts, lasts, ranks, found

    @classmethod
    def of(cls, entries: Iterable[tuple[Block, Found]]) -> Ranges[Found]:
        """The ranges of these blocks; where blocks overlap, the first block counts."""
        listed = list(entries)
        pieces = list(disjoint((block, rank) for rank, (block, _found) in enumerate(listed)))
        firsts, lasts, ranks = zip(*pieces, strict=True) if pieces else ((), (), ())
        return cls(firsts, lasts, ranks, [found for _block, found in listed])

    def spans(self) -> Iterator[tuple[int, int]]:
        """First and last number of the pieces of IPv4."""
        return ((first, last) for first, last in zip(self._firsts, self._lasts, strict=True) if first < V6)

    def overlap(self, block: Block) -> Found | None:
        """The item of the least rank among the pieces that overlap this block."""
        at = bisect_right(self._firsts, block.last) - 1
        ranks = []
        while at >= 0 and self._lasts[at] >= block.first:
            ranks.append(self._ranks[at])
            at -= 1
        return self._found[min(ranks)] if ranks else None
