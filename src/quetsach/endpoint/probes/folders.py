"""Folders where programs are installed, one level deep."""

from __future__ import annotations

from quetsach.endpoint import windowspath
from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen

_PARENTS = ("%ProgramFiles%", "%ProgramFiles(x86)%", "%ProgramData%", "%SystemRoot%", "%SystemDrive%\\")
_MOST = 20_000


def _look(machine: Machine, seen: Seen) -> None:
    parents = [windowspath.clean(name, machine.variables) for name in _PARENTS]
    parents += [rf"{user.folder}\AppData\{name}" for user in machine.users() for name in ("Local", "Roaming")]
    for parent in dict.fromkeys(parents):
        with seen.part():
            for entry in seen.first(machine.files.entries(parent), _MOST, parent):
                if entry.is_folder or entry.is_link:  # the name counts, wherever its files lie
                    seen.add("folder", path=windowspath.clean(entry.path, machine.variables))


PROBE = Probe("folders", _look, systems=frozenset({System.WINDOWS}), is_essential=True)
