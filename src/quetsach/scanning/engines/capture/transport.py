"""TCP, UDP and the rest: the flow of a packet, its initiator and its outcome."""

from __future__ import annotations

from dataclasses import dataclass

from quetsach.scanning.engines.capture import dns, quic
from quetsach.scanning.engines.capture.flows import Flow, Flows, Key, Side, State
from quetsach.scanning.engines.capture.network import Datagram
from quetsach.scanning.engines.capture.origin import End, Origin
from quetsach.scanning.engines.capture.records import TCP, UDP, Recorder, day_number
from quetsach.scanning.engines.capture.segments import Assembler

_SYN, _RST, _ACK = 2, 4, 16
_ECHO = {(1, 8): False, (1, 0): True, (58, 128): False, (58, 129): True}
"""ICMP protocol and type → whether it is the answer."""
_ICMP = (1, 58)
_PRIVILEGED, _EPHEMERAL = 1024, 32_768
"""Ports below the first belong to services, those from the second on mostly to clients."""


class BrokenError(Exception):
    """The header cannot be read."""


@dataclass(frozen=True, slots=True)
class _Heading:
    """The fields of a transport header; `is_reply` says whether the sender answers, where the header shows
    it."""

    source_port: int = 0
    target_port: int = 0
    flags: int = 0
    seq: int = 0
    ack: int = 0
    payload: bytes = b""
    missing: int = 0
    is_reply: bool | None = None

    @property
    def is_syn(self) -> bool:
        return self.flags & (_SYN | _RST) == _SYN

    def is_begun_by_sender(self, protocol: int) -> bool:
        """Whether the sender of a flow's first packet is its initiator."""
        if self.is_reply is not None:
            return not self.is_reply
        if self.is_syn:
            return not self.flags & _ACK

        def rank(port: int) -> int:
            return (port >= _PRIVILEGED) + (protocol == TCP and port >= _EPHEMERAL)

        return rank(self.source_port) >= rank(self.target_port)


def _heading(datagram: Datagram) -> _Heading | None:
    """None where the packet is no contact: ICMP errors and the talk between neighbours. Raises
    BrokenError."""
    data, protocol = datagram.payload, datagram.protocol
    if protocol in _ICMP:
        if not data:
            raise BrokenError
        is_reply = _ECHO.get((protocol, data[0]))
        return _Heading(is_reply=is_reply) if is_reply is not None else None
    if protocol not in (TCP, UDP):
        return _Heading()
    if len(data) < (4 if protocol == UDP else 14):
        raise BrokenError
    ports = (int.from_bytes(data[:2]), int.from_bytes(data[2:4]))
    sent = len(data) + datagram.missing
    if protocol == UDP:
        size = int.from_bytes(data[4:6]) if len(data) >= 6 else 0
        most = max(sent - 8, 0)
        sent = min(size - 8, most) if size >= 8 else most
        payload = data[8 : 8 + sent]
        return _Heading(*ports, payload=payload, missing=sent - len(payload))
    head = (data[12] >> 4) * 4
    if not 20 <= head <= sent:
        raise BrokenError
    payload = data[head:]
    seq, ack = int.from_bytes(data[4:8]), int.from_bytes(data[8:12])
    return _Heading(*ports, data[13], seq, ack, payload, sent - head - len(payload))


class Conversations:
    """Follows flows and hands on their payload."""

    def __init__(self, recorder: Recorder, limit: int) -> None:
        self._recorder = recorder
        self._assembler = Assembler(recorder)
        self._flows = Flows(limit)
        self._handshakes = quic.Handshakes()

    def datagram(self, datagram: Datagram, origin: Origin) -> None:
        """One whole datagram. Raises BrokenError where it cannot be read."""
        heading = _heading(datagram)
        if heading is None:
            return
        sender = End(datagram.source, heading.source_port)
        target = End(datagram.target, heading.target_port)
        is_high = sender > target
        key = (target, sender, datagram.protocol) if is_high else (sender, target, datagram.protocol)
        flow = self._flow(key, heading, is_high, origin)
        self._progress(flow, heading, is_high, origin)
        if datagram.protocol == UDP:
            if sender.port in dns.DATAGRAMS or target.port in dns.DATAGRAMS:
                self._recorder.dns(sender, target, origin, heading.payload)
            elif quic.may_begin(heading.payload, heading.missing):
                name = self._handshakes.read(sender, target, heading.payload)
                if name is not None:
                    self._recorder.quic(sender, target, origin, name)
        elif datagram.protocol == TCP and (heading.is_syn or heading.payload or heading.missing):
            seq = (heading.seq + heading.is_syn) & 0xFFFF_FFFF
            self._assembler.segment(flow, is_high, seq, origin, heading.payload, heading.missing)

    def end(self) -> None:
        """End all flows: the capture has ended."""
        for flow in self._flows.drain():
            self._end(flow)

    def _end(self, flow: Flow) -> None:
        self._assembler.flush(flow)
        self._recorder.settle(flow)

    def _flow(self, key: Key, heading: _Heading, is_high: bool, origin: Origin) -> Flow:
        """The packet's flow; a new flow where the packet is its first."""
        is_first = heading.is_syn and not heading.flags & _ACK
        flow = self._flows.young.get(key)
        if flow is None:
            for gone in self._flows.turn():
                self._end(gone)
            flow = self._flows.revive(key)
        if flow is not None:
            if not is_first or flow.first == heading.seq:
                return flow
            # A new connection uses the same ports again.
            self._end(flow)
        state = State.FRESH if key[2] == TCP else State.DONE
        is_initiator_high = heading.is_begun_by_sender(key[2]) == is_high
        flow = Flow(key, is_initiator_high, (Side(state), Side(state)))
        if heading.is_syn:
            flow.first = heading.seq if is_first else (heading.ack - 1) & 0xFFFF_FFFF
        self._flows.young[key] = flow
        self._recorder.contact(flow, is_high, origin)
        return flow

    def _progress(self, flow: Flow, heading: _Heading, is_high: bool, origin: Origin) -> None:
        """Learn from a packet of the flow: a later day, an answer."""
        if day_number(origin.time) > flow.day:
            self._recorder.settle(flow)
            self._recorder.contact(flow, is_high, origin)
        if flow.protocol == TCP:
            has_data = bool(heading.payload or heading.missing)
            is_answered = heading.is_syn and bool(heading.flags & _ACK)
            is_answered = is_answered or (has_data and not heading.flags & (_SYN | _RST))
            flow.has_reset = flow.has_reset or bool(heading.flags & _RST)
        else:
            is_answered = is_high != flow.is_initiator_high
        flow.is_established = flow.is_established or is_answered
        if flow.watch and flow.is_established:
            self._recorder.settle(flow)
