"""Bytes of TCP streams that wait for other bytes before or behind them, within bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from quetsach.scanning.engines.capture.origin import Origin

MOST_AHEAD = 16
MOST_AHEAD_BYTES = 32 << 10
"""Segments and bytes of one direction that may wait for a hole to be filled."""
MOST_HELD = 16 << 20
"""Bytes held for all streams; beyond that the oldest stream is given up."""
_OVERHEAD = 128


class Segment(NamedTuple):
    """A segment that came before its turn; `missing` bytes follow that were not captured."""

    seq: int
    origin: Origin
    data: bytes
    missing: int


@dataclass(slots=True)
class Stream:
    """The held bytes of one direction; `origin` is of the last bytes of `head`."""

    origin: Origin
    head: bytes = b""
    ahead: list[Segment] = field(default_factory=list)

    @property
    def cost(self) -> int:
        """Bytes that count towards the bound."""
        return _OVERHEAD + len(self.head) + sum(len(s.data) + _OVERHEAD for s in self.ahead)

    @property
    def is_crowded(self) -> bool:
        return len(self.ahead) > MOST_AHEAD or sum(len(s.data) for s in self.ahead) > MOST_AHEAD_BYTES

    def nearest(self, following: int, *, over_hole: bool) -> Segment | None:
        """Take the nearest waiting segment, if its turn has come or it may pass over a hole."""
        if not self.ahead:
            return None
        gaps = [distance(s.seq, following) for s in self.ahead]
        least = min(gaps)
        return self.ahead.pop(gaps.index(least)) if least <= 0 or over_hole else None


class Streams:
    """All streams with held bytes."""

    def __init__(self) -> None:
        self._held: dict[int, Stream] = {}
        self._last = 0
        self._bytes = 0

    def take(self, number: int) -> Stream | None:
        """Take out the stream with a number; None if it was given up."""
        stream = self._held.pop(number, None)
        if stream is not None:
            self._bytes -= stream.cost
        return stream

    def put(self, number: int, stream: Stream) -> int:
        """Keep a stream under its number, or under a new number for 0; an empty stream is not kept."""
        if not stream.head and not stream.ahead:
            return 0
        if not number:
            self._last += 1
            number = self._last
        self._held[number] = stream
        self._bytes += stream.cost
        while self._bytes > MOST_HELD:
            self.take(min(self._held))
        return number


def distance(seq: int, following: int) -> int:
    """Bytes from one sequence number to another (RFC 9293 3.4)."""
    return ((seq - following + (1 << 31)) & 0xFFFF_FFFF) - (1 << 31)
