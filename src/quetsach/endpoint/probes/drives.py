"""The drives of a Windows, and what lies at their roots to start by itself: autorun.inf, and shortcuts.

A worm on a stick hides the folders of its owner and puts shortcuts of their names in their place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from quetsach.endpoint import windowspath
from quetsach.endpoint.machine import Drive, Machine, System
from quetsach.endpoint.probe import Probe, Seen
from quetsach.endpoint.probes import shortcuts

_AUTORUN = "autorun.inf"
_MOST_AUTORUN = 64 << 10
_MOST_SHORTCUTS = 500
_STARTS = re.compile(
    r"^[ \t]*(?:open|shellexecute|shell\\[^=\n]{1,60}\\command)[ \t]*=[ \t]*(.+)$", re.I | re.M
)


def _look(machine: Machine, seen: Seen) -> None:
    for drive in machine.drives():
        if not drive.is_own:
            continue
        seen.add("drive", root=drive.root, kind=drive.kind)
        if drive.reason:
            seen.lack(drive.reason, drive.root)
            continue
        with seen.part():
            _root(machine, seen, drive)


def _root(machine: Machine, seen: Seen, drive: Drive) -> None:
    entries = machine.files.entries(drive.root)
    links = [one for one in entries if not one.is_folder and one.name.casefold().endswith(".lnk")]
    for entry in seen.first(links, _MOST_SHORTCUTS, drive.root):
        with seen.part():
            for command, target in shortcuts.commands(machine, seen, entry.path, machine.variables):
                seen.add("shortcut", place=entry.path, name=entry.name, command=command, target=target,
                         drive=drive.kind)  # fmt: skip
    for entry in entries:
        if entry.name.casefold() == _AUTORUN and not entry.is_folder:
            with seen.part():
                for command in starts(machine.files.read(entry.path, _MOST_AUTORUN)):
                    target = _program(machine, drive, command)
                    seen.add("shortcut", place=entry.path, name=_AUTORUN, command=command, target=target,
                             drive=drive.kind)  # fmt: skip


def _program(machine: Machine, drive: Drive, command: str) -> str:
    program = windowspath.program_of(command, machine.variables)
    is_whole = program[1:2] == ":" or program.startswith("\\\\")
    return program if is_whole or not program else windowspath.clean(drive.root + program)


def starts(content: bytes) -> Iterator[str]:
    """The command of each line of an autorun.inf that starts a program (Microsoft Learn, 'Autorun.inf
    Entries')."""
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "cp1252"
    for command in _STARTS.findall(content.decode(encoding, "replace").replace("\r", "")):
        yield command.strip()


def _elsewhere(machine: Machine, seen: Seen) -> None:
    for drive in machine.drives():
        if not drive.is_own:
            seen.lack("raw" if drive.kind == "raw" else "other_machine", drive.root)


_SYSTEMS = frozenset({System.WINDOWS})
PROBES = (
    Probe("drives", _look, systems=_SYSTEMS, is_essential=True),
    Probe("other_drives", _elsewhere, systems=_SYSTEMS, needs_running=True),
)
