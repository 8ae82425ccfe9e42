"""The loop of one process: lets in as many clients as it can answer, and checks each once a second."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.server import TcpWSGIServer

from quetsach.portal.serving.bounds import ANSWERS_BYTES, HEAD_BYTES, STOPPING, THREADS, Bounds
from quetsach.portal.serving.connection import Connection
from quetsach.portal.serving.spool import Room

_LOOK_EVERY = 1.0
_AT_A_TIME = 64 * 1024


class Listener(TcpWSGIServer):  # type: ignore[misc]
    """waitress's server on a socket that already listens."""

    channel_class = Connection

    def __init__(self, application: Any, listening: socket.socket, bounds: Bounds) -> None:
        adjustments = Adjustments(
            sockets=[listening],
            threads=THREADS,
            ident=None,
            server_name=listening.getsockname()[0],
            recv_bytes=_AT_A_TIME,
            max_request_header_size=HEAD_BYTES,
            max_request_body_size=bounds.largest_body + 1,
            # kit/client_ip.py and kit/forwarded.py read both headers, and check the sender.
            clear_untrusted_proxy_headers=False,
            # Otherwise strangers who hang up would fill the log.
            log_socket_errors=False,
        )
        adjustments.room = self.room = Room(bounds.room, bounds.folder, self._end_slowest_body)
        self.bounds = bounds
        self._under_way, self._counting = 0, threading.Lock()
        self._look_at = 0.0
        self._stopping: float | None = None
        sockinfo = (listening.family, listening.type, listening.proto, listening.getsockname())
        super().__init__(
            _headless(application), {}, True, listening, adj=adjustments, sockinfo=sockinfo, bind_socket=False
        )

    def serve(self) -> None:
        """Answer until `stop` is called and the running requests are finished, or their time is over."""
        use_poll = hasattr(wasyncore.select, "poll")
        turn = wasyncore.poll2 if use_poll else wasyncore.poll
        while self._stopping is None:
            self._look()
            turn(_LOOK_EVERY, self._map)
        self.accepting = False
        self.del_channel()
        self.socket.close()
        until = self._stopping + STOPPING
        while self._send_home() and monotonic() < until:
            self._look()
            turn(0.1, self._map)

    def stop(self) -> None:
        """Let `serve` end. May be called from a signal handler and from any thread."""
        self._stopping = monotonic()
        self.pull_trigger()

    def _send_home(self) -> int:
        """Close the clients without a running request; returns how many are left."""
        for channel in list(self.active_channels.values()):
            if channel.doing in ("idle", "head") and not channel.close_when_flushed:
                channel.handle_close()
        return len(self.active_channels)

    def add_task(self, task: Connection) -> None:
        """Queue a request for a thread."""
        with self._counting:
            self._under_way += 1
        super().add_task(task)

    def served(self) -> None:
        """Record that a request is answered."""
        with self._counting:
            self._under_way -= 1
            was_full = self._under_way == THREADS - 1
        if was_full:
            self.pull_trigger()

    @property
    def is_crowded(self) -> bool:
        """Whether requests wait because all threads are busy."""
        return self._under_way > THREADS

    def readable(self) -> bool:
        """Whether the next client is let in; if no thread is free here, another process may have one."""
        is_full = len(self.active_channels) >= self.bounds.connections and self._who_makes_way() is None
        return bool(self.accepting) and self._under_way < THREADS and not is_full

    def handle_accept(self) -> None:
        """Let one client in. If there are too many, the silent client that waits longest is closed."""
        makes_way = self._who_makes_way() if len(self.active_channels) >= self.bounds.connections else None
        super().handle_accept()
        # Close it only now: otherwise the new socket would get its number, and with it the old one's pending
        # events.
        if makes_way is not None:
            makes_way.handle_close()

    def _who_makes_way(self) -> Connection | None:
        order = {"idle": 0, "head": 0, "body": 1}
        waiting = [channel for channel in self.active_channels.values() if channel.doing in order]
        return min(waiting, key=lambda channel: (order[channel.doing], channel.since), default=None)

    def _end_slowest_body(self) -> bool:
        """When the disk's room is full, close the client whose body has been the slowest for a while."""
        before = monotonic() - self.bounds.patience
        bodies = [channel for channel in self.active_channels.values() if channel.is_on_disk]
        old = [channel for channel in bodies if channel.body_since < before]
        slowest = min(old, key=Connection.speed, default=None)
        if slowest is None:
            return False
        slowest.refuse(503)
        return True

    def _look(self) -> None:
        """Check all clients, between two turns of the loop, which must not get events of a closed socket."""
        now = monotonic()
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_EVERY
        channels = list(self.active_channels.values())
        for channel in channels:
            channel.look(now, self.bounds.patience)
        held = {channel: _held(channel) for channel in channels if channel.total_outbufs_len}
        while held and sum(held.values()) > ANSWERS_BYTES:
            largest = max(held, key=lambda channel: held[channel])
            largest.handle_close()
            del held[largest]


def _held(channel: Connection) -> int:
    """Bytes of answers in memory for this client; a file that is read piece by piece does not count."""
    return sum(len(part) for part in channel.outbufs if not isinstance(part, ReadOnlyFileBasedBuffer))


def _headless(application: Any) -> Callable[[dict[str, Any], Any], Any]:
    """The application without bodies in answers to HEAD: waitress leaves that to the application."""

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        content = application(environ, start_response)
        if environ["REQUEST_METHOD"] != "HEAD":
            return content
        if hasattr(content, "close"):
            content.close()
        return [b""]

    return answer
