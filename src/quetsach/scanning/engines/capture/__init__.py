"""Packet captures: the packets of a file become records (docs/log-formats.md 12)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from typing import NamedTuple

from quetsach.logs.times import Moment
from quetsach.scanning.engines.around import Around
from quetsach.scanning.engines.capture import link
from quetsach.scanning.engines.capture.files import Packet, Packets
from quetsach.scanning.engines.capture.fragments import Fragments
from quetsach.scanning.engines.capture.network import Datagram, datagram, extensions, text_of
from quetsach.scanning.engines.capture.origin import INITIAL_HOPS, Origin
from quetsach.scanning.engines.capture.records import Recorder, is_device
from quetsach.scanning.engines.capture.transport import BrokenError, Conversations
from quetsach.scanning.engines.hours import HourCounter, hour_of
from quetsach.scanning.engines.index import Index
from quetsach.scanning.engines.rows import Rows
from quetsach.scanning.engines.stretches import SpillError
from quetsach.scanning.engines.timeline import Span, Timeline
from quetsach.sightings.asked import Asked
from quetsach.sightings.hours import Hours

TOO_MANY = "more than %d devices and days; who was alive is not told, scan fewer days at a time"


class Captured(NamedTuple):
    """The result of a capture. `size` counts the bytes understood; `problems` come without the path."""

    size: int
    packets: int
    inbound: int
    hits: int
    span: Span
    devices: dict[str, list[str]]
    hours: Hours
    problems: list[str]
    is_cut: bool


def scan(
    chunks: Iterable[bytes],
    looked_for: tuple[Index, Around],
    kept: tuple[Rows, Rows],
    *,
    most_alive: int,
    devices: bool,
    flows: int,
    asked: Asked,
) -> Captured:
    """Read a capture to its end; the hits of the index and the ways around go into the two `kept` rows.

    About `flows` flows are remembered before the oldest are forgotten.

    Devices are reported where `devices` asks for them, and there are no more than `most_alive` devices and
    days. The packets that machines of `asked` send show in which hours they were alive.
    """
    packets = Packets(chunks)
    reading = _Reading(Recorder(*looked_for, most_alive if devices else None, *kept), flows, asked)
    problems = []
    try:
        for packet in packets:
            reading.packet(packet)
        reading.end()
    except SpillError as error:
        problems.append(f"stopped: {error}")
    recorder = reading.recorder
    too_many: list[str] = []
    if len(recorder.alive) > most_alive:
        too_many.append(TOO_MANY % most_alive)
        recorder.alive.clear()
    if reading.hours.is_too_many(most_alive):
        too_many.append(TOO_MANY % most_alive)
    alive: dict[str, list[str]] = {}
    for day, device in sorted(recorder.alive):
        alive.setdefault(day, []).append(device)
    if packets.problem is not None:
        problems.insert(0, packets.problem)
    if reading.broken:
        problems.append(
            f"packet capture: {reading.broken} of its packets cannot be read, because they are cut or"
            " damaged; capture whole packets and scan that"
        )
    problems += [
        f"packet capture: link type {number} is not read; its packets were not looked at"
        for number in reading.unknown_links
    ] + too_many
    return Captured(
        size=packets.offset,
        packets=reading.packets,
        inbound=recorder.inbound,
        hits=recorder.hits,
        span=_span(reading.first, reading.last),
        devices=alive,
        hours=reading.hours.end(None, UTC),
        problems=problems,
        is_cut=packets.is_cut,
    )


def _span(first: int | None, last: int | None) -> Span:
    timeline = Timeline(UTC, "", lines=2, window=1)
    for time in (first, last):
        if time is not None:
            moment = Moment(time, False)
            timeline.parsed(0, lambda moment=moment: moment)  # type: ignore[misc]
    return timeline.span(0, None, ())


@dataclass(slots=True)
class _Counts:
    packets: int = 0
    broken: int = 0
    first: int | None = None
    last: int | None = None


class _Reading(_Counts):
    """The state of one scan of one capture."""

    def __init__(self, recorder: Recorder, flows: int, asked: Asked) -> None:
        super().__init__()
        self.recorder = recorder
        self.hours = HourCounter(1)
        self._asked = asked
        self.unknown_links: dict[int, None] = {}
        self._conversations = Conversations(recorder, flows)
        self._fragments = Fragments()

    def packet(self, packet: Packet) -> None:
        """One packet of the file."""
        self.packets += 1
        self.hours.packet(packet.time)
        if packet.time is not None:
            self.first = packet.time if self.first is None else min(self.first, packet.time)
            self.last = packet.time if self.last is None else max(self.last, packet.time)
        try:
            self._frame(packet)
        except link.UnknownLinkError:
            self.unknown_links[packet.link] = None
        except (link.BrokenError, BrokenError):
            self.broken += 1

    def _frame(self, packet: Packet) -> None:
        frame = link.frame(packet.link, packet.data)
        if frame is None:
            return
        found = datagram(frame.packet)
        if found is None:
            raise BrokenError
        to = packet.data[:6] if packet.link == link.ETHERNET else None
        origin = Origin(packet.time, frame.mac if found.hops in INITIAL_HOPS else None, to)
        if self._asked and packet.time is not None and is_device(found.source):
            mac = {"mac": origin.mac.hex(":")} if origin.mac is not None else {}
            for identifier in self._asked.of(text_of(found.source), mac):
                self.hours.alive(identifier, hour_of(packet.time))
        if found.piece is None or (found.missing and not found.piece.offset):
            self._conversations.datagram(found, origin)
        elif not found.missing:
            whole = self._fragments.add(found, found.piece, origin)
            if whole is not None:
                self._whole(whole.datagram, whole.origin)

    def _whole(self, whole: Datagram, origin: Origin) -> None:
        found = extensions(whole.protocol, whole.payload)
        if found is None or found[2] is not None:
            raise BrokenError
        self._conversations.datagram(whole._replace(protocol=found[0], payload=found[1]), origin)

    def end(self) -> None:
        """End all flows that still wait."""
        for whole in self._fragments.drain():
            try:
                self._whole(whole.datagram, whole.origin)
            except BrokenError:
                self.broken += 1
        self._conversations.end()
