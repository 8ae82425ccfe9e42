"""The programs that Windows starts by itself.

Run keys, Winlogon, debuggers of images, libraries for every process, for the sign-in, for printing and for
the clock, Active Setup, Startup folders, COM classes of one person, Office add-ins.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from quetsach.endpoint import windowspath
from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import Machine, System, User
from quetsach.endpoint.probe import Probe, Seen
from quetsach.endpoint.probes import shortcuts

_VERSION = r"Microsoft\Windows\CurrentVersion"
_NT = r"Microsoft\Windows NT\CurrentVersion"
_RUN = tuple(
    rf"{software}\{_VERSION}\{name}"
    for software in ("Software", r"Software\WOW6432Node")
    for name in ("Run", "RunOnce", r"Policies\Explorer\Run", "RunServices", "RunServicesOnce")
) + tuple(
    rf"Software\{_NT}\Terminal Server\Install\Software\{_VERSION}\{name}" for name in ("Run", "RunOnce")
)
_SINGLE = (
    (rf"Software\{_NT}\Winlogon", ("Shell", "Userinit", "Taskman", "AppSetup", "GinaDLL", "System")),
    (rf"Software\{_VERSION}\Policies\System", ("Shell",)),
    (rf"Software\{_NT}\Windows", ("AppInit_DLLs", "Load", "Run")),
    (rf"Software\WOW6432Node\{_NT}\Windows", ("AppInit_DLLs",)),
    (r"Software\Microsoft\Command Processor", ("AutoRun",)),
    (r"Environment", ("COR_PROFILER_PATH", "CORECLR_PROFILER_PATH", "UserInitMprLogonScript")),
    (r"Control Panel\Desktop", ("SCRNSAVE.EXE",)),
    (r"Software\Microsoft\Office test\Special\Perf", ("",)),
)
_CONTROL = r"HKLM\SYSTEM\CurrentControlSet\Control"
_EVERY_VALUE = (r"HKLM\SOFTWARE\Microsoft\NetSh", rf"{_CONTROL}\Session Manager\AppCertDlls")
_BELOW = (
    (rf"HKLM\SOFTWARE\{_VERSION}\RunOnceEx", ""),
    (r"HKLM\SOFTWARE\Microsoft\Active Setup\Installed Components", "StubPath"),
    (r"HKLM\SOFTWARE\WOW6432Node\Microsoft\Active Setup\Installed Components", "StubPath"),
    (rf"HKLM\SOFTWARE\{_NT}\SilentProcessExit", "MonitorProcess"),
    (rf"HKLM\SOFTWARE\{_NT}\Winlogon\GPExtensions", "DllName"),
    (rf"{_CONTROL}\Print\Monitors", "Driver"),
    (rf"{_CONTROL}\Print\Providers", "Name"),
    (r"HKLM\SYSTEM\CurrentControlSet\Services\W32Time\TimeProviders", "DllName"),
)
"""Key → the value of each key below it that names a program or a library; "" stands for all values."""
_AT_BOOT = ("BootExecute", "SetupExecute", "Execute", "S0InitialCommand")
_MANY = (
    (rf"{_CONTROL}\Session Manager", _AT_BOOT),
    (rf"{_CONTROL}\SafeBoot", ("AlternateShell",)),
    (rf"{_CONTROL}\Terminal Server\Wds\rdpwd", ("StartupPrograms",)),
    (rf"{_CONTROL}\Lsa", ("Authentication Packages", "Security Packages", "Notification Packages")),
    (rf"{_CONTROL}\Lsa\OSConfig", ("Security Packages",)),
    (rf"{_CONTROL}\SecurityProviders", ("SecurityProviders",)),
)
SHARED = frozenset((place.casefold(), name.casefold()) for place, names in _MANY for name in names)
"""Values that name several programs, those of Windows among them: never taken away as a whole."""
_PROGRAMS = frozenset({*_AT_BOOT, "AlternateShell", "StartupPrograms"})
_CHECKER = "autocheck "
"""The word before a program that BootExecute runs."""
_IMAGES = rf"HKLM\SOFTWARE\{_NT}\Image File Execution Options"
_STARTUP = r"Microsoft\Windows\Start Menu\Programs\Startup"
_OFFICE = r"Microsoft\Word\STARTUP", r"Microsoft\Excel\XLSTART"
_SHELL_FOLDERS = tuple(
    rf"Software\{_VERSION}\Explorer\{name}" for name in ("User Shell Folders", "Shell Folders")
)
_BEFORE_SIGN_IN = r"HKU\.DEFAULT"
"""The registry of the screen before anybody signs in: its screen saver runs with all rights."""
_OPENED = ("exefile", "comfile", "batfile", "cmdfile", "mscfile", "ms-settings")
"""Kinds of files that Windows runs by the command of their class; a person's own class goes before it."""
_Variables = Mapping[str, str]
_MOST_CLASSES = 5_000


def _look(machine: Machine, seen: Seen) -> None:
    users, variables = list(machine.users()), machine.variables
    for root in ("HKLM", _BEFORE_SIGN_IN):
        _keys(machine, seen, root, variables)
    with seen.part():
        for image in machine.registry.subkeys(_IMAGES):
            values = machine.registry.values(f"{_IMAGES}\\{image}")
            for name in ("Debugger", "VerifierDlls"):
                if values.get(name):
                    _add(variables, seen, f"{_IMAGES}\\{image}", name, values[name])
    _machine_wide(machine, seen)
    for folder in startup_folders(machine, seen, None):
        _folder(machine, seen, folder, variables)
    _open_commands(machine, seen, r"HKLM\SOFTWARE\Classes", variables)
    for user in users:
        own = windowspath.of_person(user.folder, variables)
        folders = [rf"{user.folder}\AppData\Roaming\{place}" for place in _OFFICE]
        folders += startup_folders(machine, seen, user)
        if user.root:
            _keys(machine, seen, user.root, own)
            _classes(machine, seen, user, own)
            _open_commands(machine, seen, f"{user.root}_Classes", own)
        for folder in dict.fromkeys(folders):
            _folder(machine, seen, folder, own)


def startup_folders(machine: Machine, seen: Seen, user: User | None) -> list[str]:
    """The Startup folder of a person, or of everybody, and where a setting moved it: malware moves it, so
    that the folder that people open stays empty."""
    if user is None:
        root, name, variables = "HKLM", "Common Startup", machine.variables
        usual = windowspath.clean(rf"%ProgramData%\{_STARTUP}", variables)
    else:
        root, name, variables = user.root, "Startup", windowspath.of_person(user.folder, machine.variables)
        usual = rf"{user.folder}\AppData\Roaming\{_STARTUP}"
    found = {usual.casefold(): usual}
    for place in _SHELL_FOLDERS if root else ():
        with seen.part():
            told = machine.registry.values(f"{root}\\{place}").get(name, "")
            moved = windowspath.clean(told, variables)
            if moved:
                found.setdefault(moved.casefold(), moved)
    return list(found.values())


def _open_commands(machine: Machine, seen: Seen, root: str, variables: _Variables) -> None:
    """What runs in place of a program that somebody opens."""
    for kind in _OPENED:
        with seen.part():
            place = rf"{root}\{kind}\shell\open\command"
            command = machine.registry.values(place).get("", "")
            if not command.startswith('"%1"'):
                _add(variables, seen, place, "", command)


def _keys(machine: Machine, seen: Seen, root: str, variables: _Variables) -> None:
    for place in _RUN:
        with seen.part():
            for name, command in machine.registry.values(f"{root}\\{place}").items():
                _add(variables, seen, f"{root}\\{place}", name, command)
    for place, names in _SINGLE:
        with seen.part():
            values = machine.registry.values(f"{root}\\{place}")
            for name in names:
                if values.get(name):
                    _add(variables, seen, f"{root}\\{place}", name, values[name])


def _machine_wide(machine: Machine, seen: Seen) -> None:
    variables = machine.variables
    for place in _EVERY_VALUE:
        with seen.part():
            for name, library in machine.registry.values(place).items():
                _library(variables, seen, place, name, library)
    for place, wanted in _BELOW:
        with seen.part():
            for key in seen.first(machine.registry.subkeys(place), _MOST_CLASSES, place):
                values = machine.registry.values(f"{place}\\{key}")
                told = [(wanted, values.get(wanted, ""))] if wanted else values.items()
                for name, command in told:
                    _library(variables, seen, f"{place}\\{key}", name, command)
    for place, names in _MANY:
        with seen.part():
            values = machine.registry.values(place)
            for name in names:
                for one in re.split(r"[\n,]", values.get(name, "")):
                    _library(variables, seen, place, name, one.strip().removeprefix(_CHECKER))


def _library(variables: _Variables, seen: Seen, place: str, name: str, command: str) -> None:
    """A program or a library; a bare name lies in System32, where `.dll` may be left out."""
    command = command.strip().strip('"')
    target = windowspath.program_of(command, variables)
    if not target:
        return
    if "\\" not in target:
        target = windowspath.clean(rf"%SystemRoot%\System32\{target}", variables)
        if "." not in windowspath.basename(target):
            target += ".exe" if name in _PROGRAMS else ".dll"
    seen.add("autostart", place=place, name=name, command=command, target=target)


def _add(variables: _Variables, seen: Seen, place: str, name: str, command: str) -> None:
    if command.strip():
        target = windowspath.program_of(command, variables)
        seen.add("autostart", place=place, name=name, command=command, target=target)


def _folder(machine: Machine, seen: Seen, folder: str, variables: _Variables) -> None:
    with seen.part():
        if folder.startswith("\\\\"):
            raise Unavailable("other_machine", folder)
        for entry in machine.files.entries(folder):
            if entry.is_folder or entry.name.casefold() == "desktop.ini":
                continue
            command = entry.path
            if entry.is_link:
                with seen.part():
                    command = machine.files.follow(entry.path)
            elif entry.name.casefold().endswith(".lnk"):
                with seen.part():
                    told = list(shortcuts.commands(machine, seen, entry.path, variables))
                    for command, target in told:
                        seen.add("autostart", place=folder, name=entry.name, command=command, target=target)
                    if told:
                        continue
            seen.add("autostart", place=folder, name=entry.name, command=command,
                     target=windowspath.program_of(f'"{command}"', variables))  # fmt: skip


def _classes(machine: Machine, seen: Seen, user: User, variables: _Variables) -> None:
    """Classes of one person go before classes of the machine, and need no rights to set."""
    key = rf"{user.root}_Classes\CLSID"
    with seen.part():
        classes = machine.registry.subkeys(key)
        if len(classes) > _MOST_CLASSES:
            raise Unavailable("too_large", key)
        for one in classes:
            command = machine.registry.values(rf"{key}\{one}\InprocServer32").get("", "")
            if command:
                _add(variables, seen, rf"{key}\{one}\InprocServer32", one, command)


PROBE = Probe("autostart", _look, systems=frozenset({System.WINDOWS}), is_essential=True)
