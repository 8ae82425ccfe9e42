"""Packets of a capture file: pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

LONGEST = 262_144
"""Captured bytes of one packet; a larger claim is damage (the bound of libpcap)."""
LONGEST_INTERFACE = 65_536
"""Bytes of an interface description that are read; its options lie in front."""
MOST_INTERFACES = 65_536
TIMES = range(-62_135_596_800_000_000, 253_402_300_800_000_000)
"""Years 1 to 9999 in microseconds."""

_PCAP = {
    b"\xa1\xb2\xc3\xd4": (">", 1),
    b"\xd4\xc3\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1000),
}
_ORDERS = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}
_SECTION = b"\x0a\x0d\x0d\x0a"
_INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _PACKET = 1, 2, 3, 6
_RESOLUTION, _OFFSET = 9, 14


class Packet(NamedTuple):
    """Microseconds since 1970 UTC where the file has a time, the link type, the captured bytes."""

    time: int | None
    link: int
    data: bytes


@dataclass(frozen=True, slots=True)
class _Interface:
    """`resolution` is a power of ten, or of two with the highest bit set; `offset` is in seconds."""

    link: int
    snap: int
    resolution: int = 6
    offset: int = 0

    def time(self, ticks: int) -> int | None:
        power = self.resolution & 0x7F
        ticks_a_second = 2**power if self.resolution & 0x80 else 10**power
        micros = ticks * 1_000_000 // ticks_a_second
        micros += self.offset * 1_000_000
        return micros if micros in TIMES else None


class _DamagedError(Exception):
    """The rest of the file cannot be read."""


class _CutError(Exception):
    """The file ends too soon; holds the place where the missing part starts, if that is not the packet."""


class Packets:
    """Reads a capture packet by packet.

    `offset` counts the bytes that were understood: to the end of the file, or to the place where it is
    damaged; `problem` says why reading ended before the end.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._held = b""
        self._at = 0
        self.offset = 0
        self.problem: str | None = None
        self.is_cut = False
        self._order = "<"
        self._interfaces: list[_Interface] = []

    def __iter__(self) -> Iterator[Packet]:
        try:
            yield from self._pcap() if self._peek(4) in _PCAP else self._pcapng()
        except _CutError as error:
            at = error.args[0] if error.args else self.offset
            while self._need(1):
                self._take(len(self._held) - self._at)
            self.is_cut = True
            self.problem = (
                f"packet capture: cut off in the packet at byte {at}; "
                "what came before was scanned, copy the file again when it is complete"
            )
        except _DamagedError as error:
            self.problem = (
                f"packet capture: damaged at byte {self.offset} ({error}); "
                "what came before was scanned, copy the file again from its origin"
            )

    def _need(self, size: int) -> bool:
        while len(self._held) - self._at < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                return False
            self._held = self._held[self._at :] + chunk
            self._at = 0
        return True

    def _peek(self, size: int, skip: int = 0) -> bytes:
        if not self._need(skip + size):
            raise _CutError
        return self._held[self._at + skip : self._at + skip + size]

    def _take(self, size: int) -> None:
        self._at += size
        self.offset += size

    def _is_over(self) -> bool:
        return not self._need(1)

    def _pcap(self) -> Iterator[Packet]:
        order, divisor = _PCAP[self._peek(4)]
        link = struct.unpack(order + "I", self._peek(24)[20:])[0] & 0xFFFF
        self._take(24)
        head = struct.Struct(order + "3I")
        while not self._is_over():
            seconds, fraction, size = head.unpack(self._peek(16)[:12])
            if size > LONGEST:
                raise _DamagedError("a packet of impossible length")
            data = self._peek(size, 16)
            self._take(16 + size)
            yield Packet(seconds * 1_000_000 + fraction // divisor, link, data)

    def _pcapng(self) -> Iterator[Packet]:
        while not self._is_over():
            start = self._peek(12)
            if start.startswith(_SECTION):
                order = _ORDERS.get(start[8:])
                if order is None:
                    raise _DamagedError("a section without its mark")
                self._order, self._interfaces = order, []
            kind, size = struct.unpack(self._order + "2I", start[:8])
            if size < 12 or size % 4:
                raise _DamagedError("a block of impossible length")
            begin = self.offset
            if kind == _INTERFACE:
                self._interface(size)
            elif kind in (_PACKET, _OLD_PACKET):
                yield self._enhanced(kind, size)
            elif kind == _SIMPLE_PACKET:
                yield self._simple(size)
            self._skip(begin + size - self.offset)

    def _skip(self, size: int) -> None:
        begin = self.offset
        while size:
            if not self._need(1):
                raise _CutError(begin)
            some = min(size, len(self._held) - self._at)
            self._take(some)
            size -= some

    def _interface(self, size: int) -> None:
        if size < 20:
            raise _DamagedError("an interface that is too short")
        known = min(size, LONGEST_INTERFACE)
        data = self._peek(known)
        link, _, snap = struct.unpack_from(self._order + "HHI", data, 8)
        resolution, offset, at = 6, 0, 16
        while at + 4 <= known - 4:
            code, length = struct.unpack_from(self._order + "HH", data, at)
            if code == 0 or at + 4 + length > known:
                break
            if code == _RESOLUTION and length == 1:
                resolution = data[at + 4]
            if code == _OFFSET and length == 8:
                offset = struct.unpack_from(self._order + "q", data, at + 4)[0]
            at += 4 + (length + 3) // 4 * 4
        if len(self._interfaces) >= MOST_INTERFACES:
            raise _DamagedError("too many interfaces")
        self._interfaces.append(_Interface(link, snap, resolution, offset))

    def _of(self, number: int) -> _Interface:
        if number >= len(self._interfaces):
            raise _DamagedError("a packet of an unknown interface")
        return self._interfaces[number]

    def _enhanced(self, kind: int, size: int) -> Packet:
        if size < 32:
            raise _DamagedError("a packet that is too short")
        layout = "IIII" if kind == _PACKET else "HxxIII"
        number, high, low, captured = struct.unpack(self._order + layout, self._peek(16, 8))
        interface = self._of(number)
        self._peek(28)
        if captured > LONGEST or captured > size - 32:
            raise _DamagedError("a packet of impossible length")
        data = self._peek(captured, 28)
        self._take(28 + captured)
        return Packet(interface.time(high << 32 | low), interface.link, data)

    def _simple(self, size: int) -> Packet:
        if size < 16:
            raise _DamagedError("a packet that is too short")
        captured = struct.unpack(self._order + "I", self._peek(4, 8))[0]
        interface = self._of(0)
        captured = min(captured, size - 16, interface.snap or captured)
        if captured > LONGEST:
            raise _DamagedError("a packet of impossible length")
        data = self._peek(captured, 12)
        self._take(12 + captured)
        return Packet(None, interface.link, data)
