"""Programs in Windows' list of installed programs."""

from __future__ import annotations

from quetsach.endpoint.machine import Machine, System, roots_of
from quetsach.endpoint.probe import Probe, Seen

_PLACES = (
    r"Software\Microsoft\Windows\CurrentVersion\Uninstall",
    r"Software\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall",
)


def _look(machine: Machine, seen: Seen) -> None:
    for root in roots_of(machine.users()):
        for place in _PLACES:
            with seen.part():
                for name in machine.registry.subkeys(f"{root}\\{place}"):
                    values = machine.registry.values(f"{root}\\{place}\\{name}")
                    if values.get("DisplayName"):
                        seen.add(
                            "installed", name=values["DisplayName"],
                            version=values.get("DisplayVersion", ""),
                            publisher=values.get("Publisher", ""),
                        )  # fmt: skip


PROBE = Probe("installed", _look, systems=frozenset({System.WINDOWS}))
