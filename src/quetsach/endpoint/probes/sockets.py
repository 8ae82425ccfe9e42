"""Connections and open ports of this moment, each with its program; sampled while the check runs."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from quetsach.endpoint.fact import Unavailable, unbroken
from quetsach.endpoint.machine import Machine, Signature, Socket
from quetsach.endpoint.probe import Probe, Seen
from quetsach.text import canonical

_PAUSE_SECONDS = 2.0
_MOST_SOCKETS = 50_000


class Sampler:
    """Samples the sockets again and again in a thread of its own; it may miss short connections."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._stop = threading.Event()
        self._seen: dict[Socket, None] = {}
        self._error: Unavailable | None = None
        self._programs: dict[int, tuple[str, str]] = {}
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Take one sample at once, then go on in the background."""
        self._sample()
        if self._machine.is_running:
            self._thread.start()

    def finish(self) -> None:
        """Stop sampling."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_PAUSE_SECONDS):
            self._sample()

    def _sample(self) -> None:
        try:
            with unbroken(NAME):
                for one in self._machine.sockets():
                    if len(self._seen) < _MOST_SOCKETS:
                        self._seen.setdefault(one)
                for process in self._machine.processes():
                    self._programs.setdefault(process.pid, (process.name, process.program))
            self._error = None
        except Unavailable as error:
            self._error = error

    def look(self, _machine: Machine, seen: Seen) -> None:
        """The sockets sampled so far, as facts."""
        # A peer at a port that this machine serves has called in; that is no sign of infection.
        served = {one.local_port for one in self._seen if one.state == "LISTEN"}
        for one in self._seen:
            name, program = self._programs.get(one.pid, ("", ""))
            signature, signer = self._machine.signature(program) if program else (Signature.UNKNOWN, "")
            if one.address and one.local_port not in served:
                seen.add(
                    "connection", address=canonical.address(one.address) or one.address, port=one.port,
                    process=name, program=program, signer=signer, state=one.state,
                )  # fmt: skip
            elif not one.address and one.state == "LISTEN":
                seen.add("listener", port=one.local_port, process=name, program=program, signature=signature)
        if self._error is not None:
            raise self._error
        if len(self._seen) >= _MOST_SOCKETS:
            raise Unavailable("too_large", NAME)

    def probe(self) -> Probe:
        """The probe that reads this sampler."""
        return Probe(NAME, self.look, needs_running=True, is_essential=True)


NAME = "sockets"


def programs(machine: Machine) -> Sequence[str]:
    """The images of all running programs."""
    return [one.program for one in machine.processes() if one.program]
