"""The lines of scripts that Windows or its shells run by themselves: files in Startup folders, profiles of
PowerShell, scripts of group policies."""

from __future__ import annotations

import codecs
import re

from quetsach.endpoint import commandline, windowspath
from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen

_STARTUP = r"Microsoft\Windows\Start Menu\Programs\Startup"
_SCRIPT = re.compile(r"\.(?:bat|cmd|ps1|psm1|vbs|vbe|js|jse|wsf|hta|url|ini|sct|reg)$", re.I)
_PROFILES = ("profile.ps1", "Microsoft.PowerShell_profile.ps1")
_SHELLS = (r"%SystemRoot%\System32\WindowsPowerShell\v1.0", r"%SystemRoot%\SysWOW64\WindowsPowerShell\v1.0",
           r"%ProgramFiles%\PowerShell\7")  # fmt: skip
_HOME_SHELLS = (r"Documents\WindowsPowerShell", r"Documents\PowerShell")
_POLICIES = tuple(
    rf"%SystemRoot%\System32\GroupPolicy\{who}\Scripts{folder}"
    for who in ("Machine", "User")
    for folder in ("", r"\Startup", r"\Shutdown", r"\Logon", r"\Logoff")
)
_MOST_BYTES = 1 << 20
_MOST_FILES, _MOST_LINES = 200, 5_000


def _look(machine: Machine, seen: Seen) -> None:
    users = machine.users()
    folders = [windowspath.clean(rf"%ProgramData%\{_STARTUP}", machine.variables)]
    folders += [rf"{user.folder}\AppData\Roaming\{_STARTUP}" for user in users]
    folders += [windowspath.clean(name, machine.variables) for name in _POLICIES]
    for folder in folders:
        with seen.part():
            scripts = [one for one in machine.files.entries(folder) if _SCRIPT.search(one.name)]
            for entry in seen.first(scripts, _MOST_FILES, folder):
                if not entry.is_folder and not entry.is_link:
                    _lines(machine, seen, entry.path)
    shells = [windowspath.clean(name, machine.variables) for name in _SHELLS]
    shells += [rf"{user.folder}\{name}" for user in users for name in _HOME_SHELLS]
    for folder in shells:
        for name in _PROFILES:
            _lines(machine, seen, rf"{folder}\{name}")


def _lines(machine: Machine, seen: Seen, path: str) -> None:
    with seen.part():
        lines = text(machine.files.read(path, _MOST_BYTES)).splitlines()
        for line in dict.fromkeys(filter(str.strip, seen.first(lines, _MOST_LINES, path))):
            if len(line) > commandline.LONGEST:
                seen.lack("too_large", path)
            seen.add("startup-line", text=line.strip()[: commandline.LONGEST], place=path)


def text(content: bytes) -> str:
    """The text of a script, which may be UTF-16 with its mark."""
    encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    return content.decode(encoding, "replace")


PROBE = Probe("startup_texts", _look, systems=frozenset({System.WINDOWS}), is_essential=True)
