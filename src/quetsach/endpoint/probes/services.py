"""Services and drivers of Windows, read from the registry: a rootkit can hide them in the service manager."""

from __future__ import annotations

from quetsach.endpoint import windowspath
from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen

_KEY = r"HKLM\SYSTEM\CurrentControlSet\Services"


def _look(machine: Machine, seen: Seen) -> None:
    for name in machine.registry.subkeys(_KEY):
        with seen.part():
            values = machine.registry.values(f"{_KEY}\\{name}")
            image = values.get("ImagePath", "")
            libraries = [""]
            told = [image, values.get("FailureCommand", "")]
            if "svchost" in image.casefold():
                own = machine.registry.values(f"{_KEY}\\{name}\\Parameters")
                # In the service's own key it is taken as well.
                named = [own.get("ServiceDll", ""), values.get("ServiceDll", "")]
                libraries = list(dict.fromkeys(filter(None, named))) or libraries
            for library in libraries:
                seen.add(
                    "service",
                    name=name,
                    image=windowspath.program_of(image, machine.variables) if image else "",
                    library=windowspath.clean(library, machine.variables),
                    start=values.get("Start", ""),
                    type=values.get("Type", ""),
                    command="\n".join(filter(None, [*told, *_wrapped(machine, name)])),
                )


def _wrapped(machine: Machine, name: str) -> list[str]:
    """The program that a wrapper such as nssm or srvany starts as a service, with its arguments."""
    values = machine.registry.values(f"{_KEY}\\{name}\\Parameters")
    return [values[one] for one in ("Application", "AppParameters") if values.get(one)]


PROBE = Probe("services", _look, systems=frozenset({System.WINDOWS}), is_essential=True)
