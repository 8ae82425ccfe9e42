"""Permanent WMI event consumers that run a program or a script, from the repository's file.

The repository's format is not documented; its instances hold their text as plain characters, and this probe
searches for these. A deleted consumer may still be seen.
"""

from __future__ import annotations

import re

from quetsach.endpoint import commandline, windowspath
from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen

_FILE = r"%SystemRoot%\System32\wbem\Repository\OBJECTS.DATA"
_MOST_BYTES = 128 << 20
_MOST = 1_000
_CONSUMER = re.compile(rb"(CommandLine|ActiveScript)EventConsumer\0{1,4}(\x01?)")
"""A text is behind a zero in one byte a letter, behind a one in UTF-16."""
_NAME = re.compile(rb"[\x20-\x7e]{1,200}")
_LONGEST = 2 * commandline.LONGEST
"""Bytes of a text that are read. A check compares half of that, and a longer text becomes a gap."""
_SHORTEST, _ASCII_SHARE = 3, 0.8
_LETTERS = re.compile("[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+")
_RUNS = re.compile(r"[\\/]|\.(?:exe|bat|cmd|ps1|vbs|js)\b|createobject|wscript|powershell", re.I)


def _look(machine: Machine, seen: Seen) -> None:
    place = windowspath.clean(_FILE, machine.variables)
    found = consumers(machine.files.read(place, _MOST_BYTES))
    for kind, command, name in seen.first(found, _MOST, place):
        seen.add("wmi-consumer", kind=kind, command=command, name=name)


def consumers(content: bytes) -> list[tuple[str, str, str]]:
    """Kind, command or script, and name where it stands next to it."""
    found: dict[tuple[str, str, str], None] = {}
    for mark in _CONSUMER.finditer(content):
        text, end = (_wide if mark[2] else _narrow)(content, mark.end())
        if _is_text(text) and _RUNS.search(text):
            name = _NAME.match(content, end)
            found[mark[1].decode(), text.strip(), name[0].decode("ascii") if name else ""] = None
        if len(found) > _MOST:
            break
    return list(found)


def _narrow(content: bytes, at: int) -> tuple[str, int]:
    """The text up to its NUL, and the place behind that."""
    end = content.find(b"\0", at, at + _LONGEST)
    end = min(at + _LONGEST, len(content)) if end < 0 else end
    return content[at:end].decode("cp1252", "replace"), end + 1


def _wide(content: bytes, at: int) -> tuple[str, int]:
    end = content.find(b"\0\0", at, at + _LONGEST)
    end = min(at + _LONGEST, len(content)) if end < 0 else end + (end - at) % 2
    return content[at:end].decode("utf-16-le", "replace"), end + 2


def _is_text(text: str) -> bool:
    """Whether it is a command or a script, and not what else lies in the file."""
    is_long = len(text) >= _SHORTEST and _LETTERS.fullmatch(text) is not None
    return is_long and sum(map(str.isascii, text)) >= _ASCII_SHARE * len(text)


PROBE = Probe("wmi_consumers", _look, systems=frozenset({System.WINDOWS}))
