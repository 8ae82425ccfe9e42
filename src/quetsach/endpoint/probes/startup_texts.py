"""The lines of scripts that Windows or its shells run by themselves: files in Startup folders, profiles of
PowerShell, scripts of group policies.

A page, or a link to one, that lies in a Startup folder is opened like a script."""

from __future__ import annotations

import re

from quetsach.endpoint import windowspath
from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen
from quetsach.endpoint.probes import autostart, script_lines

_TEXT = re.compile(
    r"\.(?:bat|cmd|ps1|psm1|vbs|vbe|js|jse|wsf|wsh|hta|py|pyw|ini|sct|reg"
    r"|url|website|appref-ms|x?html?|mht|mhtml|svg|scf|iqy)$",
    re.I,
)
_PROFILES = ("profile.ps1", "Microsoft.PowerShell_profile.ps1")
_SHELLS = (r"%SystemRoot%\System32\WindowsPowerShell\v1.0", r"%SystemRoot%\SysWOW64\WindowsPowerShell\v1.0",
           r"%ProgramFiles%\PowerShell\7")  # fmt: skip
_HOME_SHELLS = (r"Documents\WindowsPowerShell", r"Documents\PowerShell")
_POLICIES = tuple(
    rf"%SystemRoot%\System32\GroupPolicy\{who}\Scripts{folder}"
    for who in ("Machine", "User")
    for folder in ("", r"\Startup", r"\Shutdown", r"\Logon", r"\Logoff")
)
_OF_PERSONS = r"%SystemRoot%\System32\GroupPolicyUsers"
"""A folder for each person or group that has a policy of their own on this machine, by its SID."""
_MOST_FILES, _MOST_PERSONS = 200, 200


def _look(machine: Machine, seen: Seen) -> None:
    users = machine.users()
    folders = [one for user in (None, *users) for one in autostart.startup_folders(machine, seen, user)]
    folders += [windowspath.clean(name, machine.variables) for name in _POLICIES]
    folders += _policies_of_persons(machine, seen)
    for folder in dict.fromkeys(folders):
        if windowspath.is_elsewhere(folder):
            continue  # `autostart` tells of it
        with seen.part():
            texts = [one for one in machine.files.entries(folder) if _TEXT.search(one.name)]
            for entry in seen.first(texts, _MOST_FILES, folder):
                if not entry.is_folder and not entry.is_link:
                    _lines(machine, seen, entry.path)
    shells = [windowspath.clean(name, machine.variables) for name in _SHELLS]
    shells += [rf"{user.folder}\{name}" for user in users for name in _HOME_SHELLS]
    for folder in shells:
        for name in _PROFILES:
            _lines(machine, seen, rf"{folder}\{name}")


def _policies_of_persons(machine: Machine, seen: Seen) -> list[str]:
    parent = windowspath.clean(_OF_PERSONS, machine.variables)
    found: list[str] = []
    with seen.part():
        for entry in seen.first(machine.files.entries(parent), _MOST_PERSONS, parent):
            if entry.is_folder:
                found += [rf"{entry.path}\User\Scripts{name}" for name in ("", r"\Logon", r"\Logoff")]
    return found


def _lines(machine: Machine, seen: Seen, path: str) -> None:
    with seen.part():
        script_lines.add_of_windows(seen, path, machine.files.read(path, script_lines.MOST_BYTES))


PROBE = Probe("startup_texts", _look, systems=frozenset({System.WINDOWS}), is_essential=True)
