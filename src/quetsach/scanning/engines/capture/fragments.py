"""Datagrams that came in pieces, put together again (RFC 791 3.2, RFC 8200 4.5) within bounds."""

from __future__ import annotations

from dataclasses import dataclass, field

from quetsach.scanning.engines.capture.network import Datagram, Piece
from quetsach.scanning.engines.capture.origin import Origin

WAITING = 64
"""Datagrams that may wait for their pieces; the oldest is given up for a new one."""
LONGEST = 65_535
BLOCK = 8


@dataclass(slots=True)
class _Waiting:
    first: Datagram
    origin: Origin
    payload: bytearray = field(default_factory=bytearray)
    have: list[bool] = field(default_factory=list)
    total: int | None = None

    def add(self, piece: Piece, data: bytes) -> None:
        end = piece.offset + len(data)
        if not piece.more and self.total is None:
            self.total = end
        if len(self.payload) < end:
            self.payload.extend(bytes(end - len(self.payload)))
            self.have.extend([False] * (-(-end // BLOCK) - len(self.have)))
        # Where pieces overlap, the first piece stays.
        for at in range(0, len(data), BLOCK):
            place = piece.offset + at
            if not self.have[place // BLOCK]:
                self.have[place // BLOCK] = True
                block = data[at : at + BLOCK]
                self.payload[place : place + len(block)] = block

    def begin(self) -> int:
        blocks = self.have.index(False) if False in self.have else len(self.have)
        most = len(self.payload) if self.total is None else min(self.total, len(self.payload))
        return min(blocks * BLOCK, most)

    def is_complete(self) -> bool:
        return self.total is not None and self.begin() >= self.total

    def give_up(self) -> Whole | None:
        """The datagram up to the first missing piece; None where the first piece is missing."""
        begin = self.begin()
        missing = 0 if self.total is None else self.total - begin
        if not begin:
            return None
        payload = bytes(self.payload[:begin])
        return Whole(self.first._replace(payload=payload, missing=missing, piece=None), self.origin)


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole datagram, or all of it before the first missing piece, with the origin of its first piece."""

    datagram: Datagram
    origin: Origin


class Fragments:
    """All datagrams of a capture that wait for pieces."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[int, int, int, int], _Waiting] = {}

    def add(self, datagram: Datagram, piece: Piece, origin: Origin) -> Whole | None:
        """Add a piece; returns a datagram that is now whole, or a datagram given up to make room."""
        data = datagram.payload
        if not data or piece.offset + len(data) > LONGEST or (piece.more and len(data) % BLOCK):
            return None
        key = (piece.id, datagram.protocol, datagram.source, datagram.target)
        given_up = None
        if key not in self._waiting:
            if len(self._waiting) >= WAITING:
                given_up = self._waiting.pop(next(iter(self._waiting)))
            self._waiting[key] = _Waiting(datagram, origin)
        waiting = self._waiting[key]
        waiting.add(piece, data)
        if waiting.is_complete():
            return self._waiting.pop(key).give_up()
        return given_up.give_up() if given_up is not None else None

    def drain(self) -> list[Whole]:
        """At the end of the capture: the datagrams that never became whole, oldest first."""
        waiting, self._waiting = self._waiting, {}
        return [whole for one in waiting.values() if (whole := one.give_up()) is not None]
