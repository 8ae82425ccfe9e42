"""Names in the cache of the system's resolver."""

from __future__ import annotations

from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen
from quetsach.text import canonical


def _look(machine: Machine, seen: Seen) -> None:
    for name in dict.fromkeys(machine.resolver_cache()):
        seen.add("name-seen", name=canonical.name(name), where="resolver_cache")


PROBE = Probe("resolver_cache", _look, systems=frozenset({System.WINDOWS}), needs_running=True)
