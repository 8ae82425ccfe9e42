"""Lines that people typed into PowerShell, a shell, or Windows' box "Run". Only lines that match a sign are
kept."""

from __future__ import annotations

from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen

_WINDOWS = (r"AppData\Roaming\Microsoft\Windows\PowerShell\PSReadLine\ConsoleHost_history.txt",)
_LINUX = (".bash_history", ".zsh_history")
_EXPLORER = r"Software\Microsoft\Windows\CurrentVersion\Explorer"
_BOXES = (rf"{_EXPLORER}\RunMRU", rf"{_EXPLORER}\TypedPaths")
"""What was typed into the box "Run" (each line ends in \\1), and into the address bar of the Explorer."""
_MOST_BYTES = 8 << 20


def _look(machine: Machine, seen: Seen) -> None:
    is_windows = machine.system is System.WINDOWS
    for user in machine.users():
        for place in _WINDOWS if is_windows else _LINUX:
            path = f"{user.folder}\\{place}" if is_windows else f"{user.folder}/{place}"
            with seen.part():
                text = machine.files.read(path, _MOST_BYTES).decode("utf-8", "replace")
                for line in dict.fromkeys(filter(str.strip, text.splitlines())):
                    seen.add("script-line", text=line, where=path)
    if is_windows:
        _typed(machine, seen)


def _typed(machine: Machine, seen: Seen) -> None:
    for user in machine.users():
        if user.root:
            for place in _BOXES:
                with seen.part():
                    for name, value in machine.registry.values(f"{user.root}\\{place}").items():
                        if name.casefold() != "mrulist" and value.strip():
                            line = value.removesuffix("\\1")
                            seen.add("script-line", text=line, where=f"{user.root}\\{place}")


PROBE = Probe("scripts", _look)
