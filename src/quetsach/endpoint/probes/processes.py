"""Running programs."""

from __future__ import annotations

from quetsach.endpoint.machine import Machine
from quetsach.endpoint.probe import Probe, Seen


def _look(machine: Machine, seen: Seen) -> None:
    for one in machine.processes():
        seen.add(
            "process", program=one.program or one.name, name=one.name, command=one.command, pid=one.pid,
            is_deleted=one.is_deleted,
        )  # fmt: skip
        if one.is_closed:
            seen.lack("no_permission", "/proc")


PROBE = Probe("processes", _look, needs_running=True, is_essential=True)
