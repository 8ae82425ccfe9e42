"""A client that sends exactly the given bytes."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from types import TracebackType

ROOM = 10.0
"""Seconds to wait for an answer, on any machine."""


@dataclass(frozen=True)
class Answer:
    """`status` 0: the connection ended without an answer."""

    status: int
    head: str = ""
    body: bytes = b""

    def header(self, name: str) -> str | None:
        for line in self.head.splitlines()[1:]:
            found, _, value = line.partition(":")
            if found.casefold() == name.casefold():
                return value.strip()
        return None


class Client:
    """One connection."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection((host, port), timeout=ROOM)
        self._left = b""

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def say(self, data: bytes) -> None:
        self.socket.sendall(data)

    def _more(self) -> bool:
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            return False
        self._left += data
        return bool(data)

    def answer(self, to: str = "GET") -> Answer:
        """The next answer: up to its Content-Length, or to the end of the connection."""
        while b"\r\n\r\n" not in self._left:
            if not self._more():
                return Answer(0)
        head, _, self._left = self._left.partition(b"\r\n\r\n")
        found = Answer(int(head.split()[1]), head.decode("latin-1"))
        if to == "HEAD" or found.status < 200:
            return found
        length = found.header("Content-Length")
        while length is None or len(self._left) < int(length):
            if not self._more():
                break
        size = len(self._left) if length is None else int(length)
        body, self._left = self._left[:size], self._left[size:]
        return Answer(found.status, found.head, body)

    def is_ended(self) -> bool:
        """Wait until the server ends the connection; False when it does not."""
        try:
            while self._more():
                pass
        except TimeoutError:
            return False
        return True


def ask(port: int, head: bytes, body: bytes = b"", host: str = "127.0.0.1") -> Answer:
    """One request on a connection of its own."""
    with Client(port, host) as client:
        client.say(head + body)
        return client.answer()


def get(port: int, path: str = "/") -> Answer:
    return ask(port, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
