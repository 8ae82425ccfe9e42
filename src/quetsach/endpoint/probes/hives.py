"""Whether the files of a registry were written wholly: a Windows that was switched off at once, or sleeps
(fast startup), keeps its newest changes in logs beside them. On a running Windows these are the files of
people who are not signed in."""

from __future__ import annotations

from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen


def _look(machine: Machine, seen: Seen) -> None:
    reason = "signed_out" if machine.is_running else "unsettled"
    for path in machine.unsettled():
        seen.lack(reason, path)


PROBE = Probe("hives", _look, systems=frozenset({System.WINDOWS}), is_essential=True)
