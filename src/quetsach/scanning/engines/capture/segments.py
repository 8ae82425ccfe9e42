"""Puts segments of a TCP stream in order and reads the messages in them."""

from __future__ import annotations

from dataclasses import dataclass

from quetsach.scanning.engines.capture import http, tls
from quetsach.scanning.engines.capture.flows import TRIES, Flow, Side, State
from quetsach.scanning.engines.capture.origin import End, Origin
from quetsach.scanning.engines.capture.records import TCP, Recorder
from quetsach.scanning.engines.capture.streams import Segment, Stream, Streams, distance

_DNS = 53
LONGEST_HEAD = 16 << 10
"""Bytes of a request's head or of a ClientHello that are read."""
_WINDOW = 1 << 20
"""A segment farther ahead than this does not wait."""


@dataclass(slots=True)
class _Talk:
    """One direction of one stream during one call. `is_sealed` says that no byte of either direction is
    readable any more."""

    side: Side
    sender: End
    target: End
    is_sealed: bool = False

    @property
    def is_dns(self) -> bool:
        return _DNS in (self.sender.port, self.target.port)


def _talk(flow: Flow, is_high: bool) -> _Talk:
    return _Talk(flow.sides[is_high], flow.end(is_high), flow.end(not is_high))


class Assembler:
    """Puts segments in order and gives their messages to a recorder."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._streams = Streams()

    def segment(self, flow: Flow, is_high: bool, seq: int, origin: Origin, data: bytes, missing: int) -> None:
        """One segment. `seq` numbers its first byte; `missing` bytes follow that were not captured."""
        talk = _talk(flow, is_high)
        side = talk.side
        if side.is_done:
            return
        if side.next is None:
            side.next = seq
        if data or missing:
            self._arrive(talk, Segment(seq, origin, data, missing))
        if side.is_done:
            self._streams.take(side.stream)
            side.stream = 0
        if talk.is_sealed:
            for one in flow.sides:
                self._streams.take(one.stream)
                one.close()

    def flush(self, flow: Flow) -> None:
        """The end of a flow: read the waiting segments as far as they are there."""
        for is_high in (False, True):
            talk = _talk(flow, is_high)
            if flow.protocol != TCP or not talk.side.stream:
                continue
            self._drain(talk, holes=1 << 31)
            if talk.side.state is State.HEAD:
                self._hole(talk, 0)
            self._streams.take(talk.side.stream)

    def _arrive(self, talk: _Talk, segment: Segment) -> None:
        side = talk.side
        assert side.next is not None
        ahead = distance(segment.seq, side.next)
        if ahead <= 0:
            self._accept(talk, segment, ahead)
        else:
            stream = self._held(side, segment.origin)
            if stream is None:
                return
            stream.ahead.append(segment)
            is_crowded = stream.is_crowded
            side.stream = self._streams.put(side.stream, stream)
            if ahead > _WINDOW:
                self._drain(talk, holes=1 << 31)
            elif is_crowded:
                self._drain(talk, holes=1)
        if side.stream:
            self._drain(talk, holes=0)

    def _held(self, side: Side, origin: Origin) -> Stream | None:
        """The held bytes of a direction; None, and the direction is done, if they had to be given up."""
        if not side.stream:
            return Stream(origin)
        stream = self._streams.take(side.stream)
        if stream is None:
            side.close()
        return stream

    def _drain(self, talk: _Talk, holes: int) -> None:
        """Take waiting segments whose turn it is, and pass over at most `holes` holes before others."""
        side = talk.side
        while side.stream and not side.is_done:
            stream = self._held(side, Origin())
            if stream is None:
                return
            assert side.next is not None
            segment = stream.nearest(side.next, over_hole=holes > 0)
            side.stream = self._streams.put(side.stream, stream)
            if segment is None:
                return
            ahead = distance(segment.seq, side.next)
            if ahead > 0:
                holes -= 1
                self._hole(talk, ahead)
                side.next = segment.seq
            self._accept(talk, segment, min(ahead, 0))

    def _accept(self, talk: _Talk, segment: Segment, ahead: int) -> None:
        """Read a segment whose turn it is; it starts `ahead` (0 or negative) bytes from the next byte."""
        new = len(segment.data) + segment.missing + ahead
        if new <= 0:
            return
        assert talk.side.next is not None
        talk.side.next = (talk.side.next + new) & 0xFFFF_FFFF
        data = segment.data[-ahead:]
        if data:
            self._deliver(talk, segment.origin, data)
        if new > len(data):
            self._hole(talk, new - len(data))

    def _deliver(self, talk: _Talk, origin: Origin, data: bytes) -> None:
        side = talk.side
        if side.state is State.HEAD:
            stream = self._held(side, origin)
            if stream is None:
                return
            data, stream.head = stream.head + data, b""
            side.stream = self._streams.put(side.stream, stream)
            side.state = State.FRESH
        while side.state is State.FRESH:
            skip = min(side.skip, len(data))
            side.skip -= skip
            data = data[skip:]
            if not data:
                return
            used = self._message(talk, origin, data)
            if used is None:
                break
            data = data[used:]
        if side.state is State.HEAD:
            stream = self._held(side, origin)
            if stream is None:
                return
            stream.origin, stream.head = origin, data
            side.stream = self._streams.put(side.stream, stream)

    def _message(self, talk: _Talk, origin: Origin, data: bytes) -> int | None:
        """Read one message at the start and return its length; None if the rest is to be held or dropped."""
        side = talk.side
        try:
            if talk.is_dns:
                return self._dns(talk, origin, data)
            if data.startswith(http.EMPTY_LINE):
                return len(http.EMPTY_LINE)
            if tls.may_begin(data):
                name = tls.read(data)
                if name is not None:
                    self._recorder.tls(talk.sender, talk.target, origin, name)
                side.state, talk.is_sealed = State.DONE, True
                return None
            if http.may_begin(data) and (found := http.read(data)) is not None:
                head, used = found
                self._recorder.request(talk.sender, talk.target, origin, head)
                side.skip, side.tries = head.body, TRIES
                return used
        except tls.NotHelloError:
            pass
        except (tls.NeedMoreError, http.NeedMoreError):
            if talk.is_dns or len(data) < LONGEST_HEAD:
                side.state = State.HEAD
                return None
            self._part(talk, origin, data)
        side.tries -= 1
        if not side.tries:
            side.state = State.DONE
        return None

    def _dns(self, talk: _Talk, origin: Origin, data: bytes) -> int:
        size = 2 + int.from_bytes(data[:2])
        if len(data) < max(size, 2):
            raise tls.NeedMoreError
        self._recorder.dns(talk.sender, talk.target, origin, data[2:size])
        return size

    def _part(self, talk: _Talk, origin: Origin, data: bytes) -> None:
        head = http.read_part(data) if http.may_begin(data) else None
        if head is not None:
            self._recorder.request(talk.sender, talk.target, origin, head)

    def _hole(self, talk: _Talk, size: int) -> None:
        """`size` bytes were sent and are missing: a held message ends here."""
        side = talk.side
        side.skip = max(0, side.skip - size)
        if side.state is State.HEAD:
            side.state = State.FRESH
            stream = self._held(side, Origin())
            if stream is None:
                return
            head, stream.head = stream.head, b""
            side.stream = self._streams.put(side.stream, stream)
            if talk.is_dns:
                self._recorder.dns(talk.sender, talk.target, stream.origin, head[2:])
            else:
                self._part(talk, stream.origin, head)
        if talk.is_dns and side.state is State.FRESH:
            # Nothing shows where the next message starts.
            side.state = State.DONE
