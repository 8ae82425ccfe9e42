"""The lines of scripts that Windows or its shells run by themselves: files in Startup folders, profiles of
PowerShell, scripts of group policies."""

from __future__ import annotations

import re

from quetsach.endpoint import windowspath
from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen
from quetsach.endpoint.probes import script_lines

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
_MOST_FILES = 200


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
        script_lines.add_of_windows(seen, path, machine.files.read(path, script_lines.MOST_BYTES))


PROBE = Probe("startup_texts", _look, systems=frozenset({System.WINDOWS}), is_essential=True)
