"""One client: its sending and reading are bounded in time, and a refused client gets an answer."""

from __future__ import annotations

import socket
from contextlib import suppress
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from waitress.channel import HTTPChannel
from waitress.task import ErrorTask, WSGITask

from quetsach.portal.kit import refusals
from quetsach.portal.kit.refused import refused
from quetsach.portal.serving.bounds import IN_MEMORY, LONGEST_BODY, SLOWEST
from quetsach.portal.serving.head import Request

_REASONS = {408: "too_slow", 413: "too_large", 503: "busy", 507: "disk_full"}
_FAULT = 500
_LINGERING = 30.0
"""Seconds in which a refused client may go on sending, unread, until it reads the answer."""


class _Answer(WSGITask):  # type: ignore[misc]
    """The portal's answer to a request."""

    def execute(self) -> None:
        """Answer. If others wait for a thread, the client's next request may go to another process."""
        if self.channel.server.is_crowded:
            self.set_close_on_finish()
        super().execute()

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ["wsgi.multiprocess"] = True
        return environ


class _Refused(ErrorTask):  # type: ignore[misc]
    """The answer to a request that does not reach the portal, in the reader's language."""

    def execute(self) -> None:
        """Write the answer, and close when the client has read it."""
        self.channel.is_refused = True
        request = self.request
        code, path = request.error.code, getattr(request, "path", "")
        if code != _FAULT:
            refusals.note(refusals.door_at(path), _REASONS.get(code, "malformed"))
        cookies, back = request.headers.get("COOKIE", ""), _page_before(request.headers)
        self.status, headers, body = refused(code, path, cookies, back)
        self.response_headers.extend(headers)
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(b"" if getattr(request, "command", "") == "HEAD" else body)


def _page_before(headers: dict[str, str]) -> str:
    """The path of the page that sent the request; empty for a page of another site."""
    try:
        came_from = urlsplit(headers.get("REFERER", ""))
    except ValueError:
        return ""
    is_ours = came_from.netloc == headers.get("HOST") and came_from.path[1:2] not in ("/", "\\")
    return came_from.path if is_ours else ""


class Connection(HTTPChannel):  # type: ignore[misc]
    """waitress's channel. The loop calls `look` once a second."""

    task_class = _Answer
    error_task_class = _Refused
    parser_class = Request
    request: Any

    def __init__(self, *given: Any, **more: Any) -> None:
        self.heard = self.told = self._begun = 0
        self.is_refused = False
        self._lingering: float | None = None
        self._doing: tuple[str, int] = ("idle", 0)
        self.since = self.body_since = monotonic()
        self._mark = 0
        super().__init__(*given, **more)

    def recv(self, most: int) -> bytes:
        """Receive bytes, and count them."""
        data: bytes = super().recv(most)
        self.heard += len(data)
        return data

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send bytes, and count them; returns how many went out."""
        count = int(super().send(data, do_close=do_close))
        self.told += count
        return count

    def received(self, data: bytes) -> bool:
        """Process received bytes; drop them if the request was refused."""
        if self._lingering is not None:
            return False
        if self.request is None:
            self._begun += 1
        return bool(super().received(data))

    def service(self) -> None:
        """Answer one request, in a thread; then the loop may let the next client in."""
        try:
            super().service()
        finally:
            self.server.served()

    @property
    def doing(self) -> str:
        """`idle`, `head`, `body`, `work` (the portal works on it) or `read` (the client reads the answer)."""
        request = self.request
        if self.total_outbufs_len:
            return "read"
        if self.requests:
            return "work"
        if request is None:
            return "idle"
        return "body" if request.headers_finished else "head"

    @property
    def is_on_disk(self) -> bool:
        """Whether an incomplete body lies on the disk."""
        return self.doing == "body" and self.request.body_bytes_received >= IN_MEMORY

    def speed(self) -> float:
        """Bytes a second of the arriving body, from its beginning on."""
        return float(self.request.body_bytes_received) / max(monotonic() - self.body_since, 0.001)

    def look(self, now: float, patience: float) -> None:
        """End the connection if it is too slow. `now` is monotonic, as all times here."""
        if self._lingering is not None:
            if now >= self._lingering:
                self.handle_close()
            return
        doing = (self.doing, self._begun)
        got_on = self.told if doing[0] == "read" else self.heard
        if doing != self._doing:
            self._doing, self.since, self._mark, self.body_since = doing, now, got_on, now
            return
        if now - self.since < patience or doing[0] == "work":
            return
        if doing[0] in ("body", "read") and got_on - self._mark >= SLOWEST * patience:
            self.since, self._mark = now, got_on
            if doing[0] == "read" or now - self.body_since < LONGEST_BODY:
                return
        if doing[0] == "body":
            self.refuse(408)
        else:
            # waitress's `will_close` waits until the socket can be written to, and that may never happen.
            self.handle_close()

    def refuse(self, code: int) -> None:
        """Answer an incomplete request with `code`; the rest of it is not read."""
        with self.requests_lock:
            request, self.request = self.request, None
            if request is None or self.requests:
                return
            request.refuse(code)
            self.requests.append(request)
            self.server.add_task(self)

    def readable(self) -> bool:
        """Whether the loop reads from this client."""
        return self._lingering is not None or bool(super().readable())

    def handle_write(self) -> None:
        """Send the pending bytes; a refused client is not cut off while it is still sending."""
        if not (self.is_refused and self.close_when_flushed):
            super().handle_write()
            return
        self._flush_exception(self._flush_some)
        if self.will_close:
            self.handle_close()
        elif not self.total_outbufs_len:
            self._linger()

    def _linger(self) -> None:
        # A connection closed with unread bytes is reset, and its answer is lost.
        self.close_when_flushed = False
        self._lingering = monotonic() + _LINGERING
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def handle_close(self) -> None:
        """Close the connection, and free the memory or disk of an incomplete body."""
        super().handle_close()
        request, self.request = self.request, None
        if request is not None:
            request.close()
