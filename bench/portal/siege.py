"""The portal under siege: clients that send nothing, or a byte now and then, and killed processes."""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bench.portal import seed
from bench.portal.load import Server, ask, percentiles, serving
from bench.portal.measures import Figure
from quetsach.portal.campaigns.models import CampaignNode

HEADS = 1_500
BODIES = 200
_EVERY = 5.0
"""Seconds between two bytes of a slow client."""
_ASKS_EVERY = 0.1
_BODY = (
    b"POST /api/v1/check-results HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
)
"""A request to an endpoint that reads the body before it checks the sender."""


class Siege:
    """Connections that are opened again when they are closed; `lasted` has the seconds of those with
    bodies."""

    def __init__(self, port: int) -> None:
        self.port, self.lasted, self.ended = port, list[float](), Counter[str]()
        self._open: dict[int, tuple[socket.socket, str, float]] = {}
        self._over = threading.Event()

    def _sit_down(self, kind: str) -> None:
        with suppress(OSError):
            one = socket.create_connection(("127.0.0.1", self.port), timeout=5)
            one.setblocking(False)
            if kind == "body":
                one.send(_BODY)
            self._open[one.fileno()] = (one, kind, time.monotonic())

    def run(self) -> None:
        wanted = {"body": BODIES, "idle": HEADS // 2, "head": HEADS // 2}
        poll, next_byte = select.poll(), time.monotonic()
        while not self._over.is_set():
            there = Counter(kind for _one, kind, _since in self._open.values())
            for kind, count in wanted.items():
                for _ in range(count - there[kind]):
                    self._sit_down(kind)
            for number in self._open:
                poll.register(number, select.POLLIN)
            for number, _event in poll.poll(500):
                poll.unregister(number)
                one, kind, since = self._open.pop(number)
                one.close()
                self.ended[kind] += 1
                if kind == "body":
                    self.lasted.append(time.monotonic() - since)
            if time.monotonic() >= next_byte:
                next_byte += _EVERY
                for one, kind, _since in self._open.values():
                    if kind != "idle":
                        with suppress(OSError):
                            one.send(b"G")
        for one, _kind, _since in self._open.values():
            one.close()

    @contextmanager
    def laid(self) -> Iterator[None]:
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()


def measure_siege(root: CampaignNode, seconds: int) -> list[Figure]:
    """A page for a signed-in person, ten times a second, before and during a siege; and the life of slow
    bodies."""
    user = root.campaign.published_by
    assert user is not None
    session, path = seed.sign_in(user), f"/cd/{root.campaign.slug}/viec-hom-nay/"
    with serving() as server:
        alone = _asked("page, alone", server, session, path, seconds)
        siege = Siege(server.port)
        with siege.laid():
            time.sleep(2)
            besieged = _asked("page, besieged", server, session, path, seconds)
        killed = _killed(server)
    ended = ", ".join(f"{count:,} of {kind}" for kind, count in sorted(siege.ended.items()))
    note = f"{HEADS:,} heads, {BODIES} bodies, a byte in {_EVERY:.0f} s; ended: {ended or 'none'}"
    longest = Figure("slow body lasted at most", [max(siege.lasted, default=0.0)], 60.0, note=note)
    return [alone, besieged, longest, killed]


def _asked(what: str, server: Server, session: str, path: str, seconds: int) -> Figure:
    times, statuses = list[float](), Counter[int]()
    start = time.monotonic()
    for n in range(int(seconds / _ASKS_EVERY)):
        due = start + n * _ASKS_EVERY
        time.sleep(max(0.0, due - time.monotonic()))
        statuses[ask(server.port, "GET", path, session).status] += 1
        times.append(time.monotonic() - due)
    return percentiles(what, times, 1.0, statuses)


def _killed(server: Server) -> Figure:
    """Five times in five seconds all processes but the first are killed: how long until one answers?"""
    times = []
    for _ in range(5):
        for process in server.started():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        begun = time.monotonic()
        while ask(server.port, "GET", "/healthz").status != 200 and time.monotonic() - begun < 30:
            pass
        times.append(time.monotonic() - begun)
        time.sleep(max(0.0, 1 - times[-1]))
    return Figure("all processes killed: answered again", times)
