"""The server name of a QUIC connection (RFC 9000 17.2, 19). Its first packets are sealed with keys that any
reader can make."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from quetsach.scanning.engines.capture import tls
from quetsach.scanning.engines.capture.initial import VERSIONS, Keys, Version
from quetsach.scanning.engines.capture.origin import End

SHORTEST = 1200
"""Datagrams of a client's first packets are padded to this; servers drop shorter ones (RFC 9000 14.1)."""
_LONGEST_CONNECTION = 20
LONGEST_HELLO = 16 << 10
"""Bytes of a ClientHello that are read."""
REMEMBERED = 512
"""Connections that are remembered; the oldest is given up for a new one."""
_LONG = 0xC0
_PADDING, _PING, _ACK, _ACK_ECN, _CRYPTO, _CLOSE = 0, 1, 2, 3, 6, 0x1C


class _CutError(Exception):
    """Nothing more can be read here."""


@dataclass(slots=True)
class _Bytes:
    """Bytes read from front to back; all its methods raise _CutError."""

    data: bytes
    at: int = 0

    def take(self, size: int) -> bytes:
        end = self.at + size
        if end > len(self.data):
            raise _CutError
        taken, self.at = self.data[self.at : end], end
        return taken

    def number(self) -> int:
        """A number of variable length (RFC 9000 16)."""
        first = self.take(1)[0]
        return int.from_bytes(bytes((first & 0x3F,)) + self.take((1 << (first >> 6)) - 1))

    def field(self) -> bytes:
        """Bytes with their length before them, a number of variable length."""
        return self.take(self.number())

    def pass_over(self, numbers: int) -> None:
        for _ in range(numbers):
            self.number()


def may_begin(datagram: bytes, missing: int) -> bool:
    """Whether a datagram may carry a client's first packets; `missing` bytes of it were not captured."""
    return (
        len(datagram) + missing >= SHORTEST
        and datagram[:1] >= bytes((_LONG,))
        and len(datagram) >= 5
        and int.from_bytes(datagram[1:5]) in VERSIONS
    )


class _Packet(NamedTuple):
    """A packet with a long header; its number stands at `at`, and its datagram goes on after `end`."""

    version: Version
    is_initial: bool
    has_token: bool
    connection: bytes
    data: bytes
    at: int
    end: int


def _packet(data: bytes) -> _Packet:
    """The packet at the start. Raises _CutError where no whole packet is there."""
    reader = _Bytes(data)
    first = reader.take(1)[0]
    version = VERSIONS.get(int.from_bytes(reader.take(4)))
    kind = first >> 4 & 3
    if version is None or first < _LONG or kind == version.retry:
        raise _CutError
    connection = reader.take(reader.take(1)[0])
    source = reader.take(reader.take(1)[0])
    if max(len(connection), len(source)) > _LONGEST_CONNECTION:
        raise _CutError
    is_initial = kind == version.initial
    token = reader.field() if is_initial else b""
    size = len(reader.field())
    end = reader.at
    return _Packet(version, is_initial, bool(token), connection, data[:end], end - size, end)


@dataclass(slots=True)
class _Handshake:
    """The ClientHello of one client so far; when it is done, nothing more is read of the connection."""

    keys: Keys
    is_done: bool = False
    data: bytearray = field(default_factory=bytearray)
    have: bytearray = field(default_factory=bytearray)

    def add(self, frames: bytes) -> bytes | None:
        """Add frames; returns the server name if the ClientHello is known with them."""
        if self.is_done:
            return None
        reader = _Bytes(frames)
        try:
            while self._frame(reader):
                pass
        except _CutError:
            pass
        begin = self.have.find(0)
        begin = len(self.have) if begin < 0 else begin
        name = None
        try:
            name = tls.hello(bytes(self.data[:begin]), is_cut=begin < LONGEST_HELLO)
        except tls.NeedMoreError:
            return None
        except tls.NotHelloError:
            pass
        self.is_done = True
        self.data, self.have = bytearray(), bytearray()
        return name

    def _frame(self, reader: _Bytes) -> bool:
        """Read the next frame; False where nothing more can be read."""
        kind = reader.take(1)[0]
        if kind in (_ACK, _ACK_ECN):
            reader.pass_over(2)
            reader.pass_over(1 + 2 * reader.number() + (3 if kind == _ACK_ECN else 0))
        elif kind == _CRYPTO:
            offset = reader.number()
            self._keep(offset, reader.field())
        elif kind == _CLOSE:
            reader.pass_over(2)
            reader.field()
        else:
            return kind in (_PADDING, _PING)
        return True

    def _keep(self, offset: int, data: bytes) -> None:
        """Where frames overlap, the first bytes stay."""
        data = data[: max(LONGEST_HELLO - offset, 0)]
        if not data:
            return
        end = offset + len(data)
        for held in (self.data, self.have):
            held.extend(bytes(max(end - len(held), 0)))
        for at, byte in enumerate(data, offset):
            if not self.have[at]:
                self.have[at], self.data[at] = 1, byte


class Handshakes:
    """The latest connections of a capture."""

    def __init__(self) -> None:
        self._remembered: dict[tuple[End, End], _Handshake] = {}

    def read(self, sender: End, target: End, datagram: bytes) -> bytes | None:
        """Read a datagram; returns the server name if the ClientHello is known with it, once a connection."""
        name = None
        try:
            while True:
                packet = _packet(datagram)
                if packet.is_initial:
                    name = self._initial((sender, target), packet) or name
                datagram = datagram[packet.end :]
        except _CutError:
            return name

    def _initial(self, ends: tuple[End, End], packet: _Packet) -> bytes | None:
        known = self._remembered.get(ends)
        if known is not None and (frames := known.keys.open(packet.data, packet.at)) is not None:
            return known.add(frames)
        keys = Keys.make(packet.version, packet.connection)
        frames = keys.open(packet.data, packet.at)
        if frames is None:
            return None
        if known is None and len(self._remembered) >= REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        # After a Retry the same ClientHello comes again, with its token, to another connection id.
        is_done = known is not None and known.is_done and packet.has_token
        handshake = self._remembered[ends] = _Handshake(keys, is_done)
        return handshake.add(frames)
