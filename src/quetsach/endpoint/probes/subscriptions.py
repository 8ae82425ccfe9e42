"""Permanent WMI event consumers that run a program or a script, from the repository's file.

The repository's format is not documented; its instances hold their text as plain characters, and this probe
searches for these. A deleted consumer may still be seen.
"""

from __future__ import annotations

import re

from quetsach.endpoint import windowspath
from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen

_FILE = r"%SystemRoot%\System32\wbem\Repository\OBJECTS.DATA"
_MOST_BYTES = 128 << 20
_MOST = 1_000
_CONSUMER = re.compile(
    rb"(CommandLine|ActiveScript)EventConsumer\0{1,4}([\x20-\x7e\t\r\n]{3,4000}?)\0([\x20-\x7e]{1,200})?"
)
_RUNS = re.compile(r"[\\/]|\.(?:exe|bat|cmd|ps1|vbs|js)\b|createobject|wscript|powershell", re.I)


def _look(machine: Machine, seen: Seen) -> None:
    place = windowspath.clean(_FILE, machine.variables)
    found = consumers(machine.files.read(place, _MOST_BYTES))
    for kind, command, name in seen.first(found, _MOST, place):
        seen.add("wmi-consumer", kind=kind, command=command, name=name)


def consumers(content: bytes) -> list[tuple[str, str, str]]:
    """Kind, command or script, and name where it stands next to it."""
    found: dict[tuple[str, str, str], None] = {}
    for kind, command, name in _CONSUMER.findall(content):
        text = command.decode("ascii").strip()
        if _RUNS.search(text):
            found[kind.decode(), text, name.decode("ascii")] = None
    return list(found)


PROBE = Probe("wmi_consumers", _look, systems=frozenset({System.WINDOWS}))
