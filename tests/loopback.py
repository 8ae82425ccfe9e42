"""Servers of a test's own, on loopback."""

from __future__ import annotations

import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

POLL_SECONDS = 0.02


class Quiet(BaseHTTPRequestHandler):
    """A handler that writes no line for each request."""

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """A client may hang up in the middle of an answer. Any other fault of a handler fails the test.

    The library prints both to `sys.stderr`, which a test may have closed by then; the print's own error would
    end the server.
    """

    daemon_threads = True
    block_on_close = True

    def __init__(self, handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.faults: list[Exception] = []
        self.scheme = "http" if context is None else "https"
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        fault = sys.exception()
        if isinstance(fault, Exception) and not isinstance(fault, ConnectionError | ssl.SSLError):
            self.faults.append(fault)


@contextmanager
def serving[S: Server](server: S) -> Iterator[S]:
    """Answers until the end of the block; raises then what a handler raised."""
    thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    if server.faults:
        raise ExceptionGroup("the server's own faults", server.faults)
