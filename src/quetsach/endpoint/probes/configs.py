"""Settings files that show tampering with a licence: JetBrains options, WinRAR's key."""

from __future__ import annotations

import re

from quetsach.endpoint import windowspath
from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen

_MOST_BYTES = 1 << 20
_OPTIONS = re.compile(r"\w{1,40}_VM_OPTIONS", re.I)


def _look(machine: Machine, seen: Seen) -> None:
    programs = [
        windowspath.clean(name, machine.variables) for name in ("%ProgramFiles%", "%ProgramFiles(x86)%")
    ]
    homes = [user.folder for user in machine.users()]
    for home in homes:
        for place in (r"AppData\Roaming\JetBrains", r"AppData\Local\JetBrains"):
            _options(machine, seen, f"{home}\\{place}", depth=2)
        _lines(machine, seen, rf"{home}\AppData\Roaming\WinRAR\rarreg.key")
    for program in programs:
        _options(machine, seen, rf"{program}\JetBrains", depth=3)
        _lines(machine, seen, rf"{program}\WinRAR\rarreg.key")
    _environment(machine, seen)


def _options(machine: Machine, seen: Seen, folder: str, depth: int) -> None:
    with seen.part():
        for entry in seen.first(machine.files.entries(folder), 500, folder):
            if entry.is_link:
                seen.lack("elsewhere", entry.path)
            elif entry.is_folder and depth:
                _options(machine, seen, entry.path, depth - 1)
            elif entry.name.casefold().endswith(".vmoptions"):
                _lines(machine, seen, entry.path)


def _lines(machine: Machine, seen: Seen, path: str) -> None:
    with seen.part():
        text = machine.files.read(path, _MOST_BYTES).decode("utf-8", "replace")
        for line in seen.first(text.splitlines(), 200, path):
            if line.lstrip().startswith("#"):
                continue  # a remark has no effect
            seen.add("config-line", text=line.strip(), file=path, name=windowspath.basename(path))


def _environment(machine: Machine, seen: Seen) -> None:
    """A variable may name a further options file."""
    system = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment"
    for key in (system, *(rf"{user.root}\Environment" for user in machine.users() if user.root)):
        with seen.part():
            for name, value in machine.registry.values(key).items():
                if _OPTIONS.fullmatch(name):
                    seen.add("config-line", text=value, file=key, name=name)
                    _lines(machine, seen, windowspath.clean(value, machine.variables))


PROBE = Probe("configs", _look, systems=frozenset({System.WINDOWS}))
