"""The fate of an e-mail at a slow, silent or rude server: reported truly, and nobody waits long."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest

from quetsach.portal.kit.mail import Fate, deliver

HANDSHAKE = b"\x16\x03\x03\x40\x00"
"""The head of a TLS record of 16 KiB."""
GREETING, OK, GO_AHEAD, GONE = b"220 hi\r\n", b"250 ok\r\n", b"354 go\r\n", b"550 nobody\r\n"


class Server:
    """Answers each line of the other side with the next of its words; then stays silent."""

    def __init__(self) -> None:
        self.words: list[bytes] = []
        self.texts = 0
        self.head = b""
        self.drips = self.hangs_up = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def start(self, *words: bytes) -> None:
        self.words = list(words)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            line, _ = self._listener.accept()
            with line, line.makefile("rb") as heard:
                if self.drips:
                    line.sendall(self.head)
                    while not self._over.wait(0.02):
                        line.sendall(b"2")
                for word in self.words:
                    line.sendall(word)
                    if word == GO_AHEAD:
                        while heard.readline() not in {b".\r\n", b""}:
                            pass
                        self.texts += 1
                    else:
                        heard.readline()
                if not self.hangs_up:
                    self._over.wait(60)

    def stop(self) -> None:
        self._over.set()
        self._listener.close()
        if self._thread.ident:
            self._thread.join(10)


@pytest.fixture
def server(settings):
    made = Server()
    settings.MAILERS = {
        "default": {
            "BACKEND": "quetsach.portal.kit.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": made.port},
        }
    }
    yield made
    made.stop()


def fate(within: float = 0.5) -> Fate:
    return deliver("Mời", "Xin chào", "ha.nguyen@example.org", within=within)


def test_a_server_that_takes_it(server):
    server.start(GREETING, OK, OK, OK, GO_AHEAD, OK, b"221 bye\r\n")
    assert fate(30) is Fate.SENT and server.texts == 1


def test_a_server_that_accepts_and_says_nothing(server):
    server.start()
    assert fate() is Fate.SERVER


def test_a_server_that_never_ends_its_line(server):
    # Each byte is in time: only a limit on the whole ends it.
    server.drips = True
    server.start()
    assert fate() is Fate.SERVER


def test_a_server_that_never_ends_its_handshake(server, settings):
    settings.MAILERS["default"]["OPTIONS"]["use_ssl"] = True
    server.head = HANDSHAKE
    server.drips = True
    server.start()
    assert fate() is Fate.SERVER


def test_a_server_that_falls_silent_before_the_text(server):
    server.start(GREETING, OK, OK)
    assert fate() is Fate.SERVER and server.texts == 0


@pytest.mark.parametrize("hangs_up", [True, False], ids=["hangs up", "says nothing"])
def test_a_server_that_takes_the_text_without_an_answer(server, hangs_up):
    server.hangs_up = hangs_up
    server.start(GREETING, OK, OK, OK, GO_AHEAD)
    assert fate() is Fate.UNSURE and server.texts == 1


def test_a_server_that_says_no_farewell_has_taken_it(server):
    server.start(GREETING, OK, OK, OK, GO_AHEAD, OK)
    assert fate() is Fate.SENT


def test_an_address_that_is_refused(server):
    server.start(GREETING, OK, OK, GONE, OK, OK)
    assert fate(30) is Fate.ADDRESS
