"""The exclusions of Microsoft Defender."""

from __future__ import annotations

from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen

_ROOTS = (
    r"HKLM\SOFTWARE\Microsoft\Windows Defender\Exclusions",
    r"HKLM\SOFTWARE\Policies\Microsoft\Windows Defender\Exclusions",
)


def _look(machine: Machine, seen: Seen) -> None:
    for root in _ROOTS:
        for kind in ("Paths", "Processes", "Extensions", "TemporaryPaths"):
            with seen.part():
                for value in filter(None, machine.registry.values(f"{root}\\{kind}")):
                    seen.add("exclusion", value=value, kind=kind, place=f"{root}\\{kind}")


PROBE = Probe("antivirus", _look, systems=frozenset({System.WINDOWS}), is_essential=True)
