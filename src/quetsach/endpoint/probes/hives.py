"""Whether the registry of a disk that is off was written wholly: a Windows that was switched off at once, or
sleeps (fast startup), keeps its newest changes in logs beside the hives."""

from __future__ import annotations

from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen


def _look(machine: Machine, seen: Seen) -> None:
    for path in machine.unsettled():
        seen.lack("unsettled", path)


PROBE = Probe("hives", _look, systems=frozenset({System.WINDOWS}), is_essential=True)
