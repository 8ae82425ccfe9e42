"""Lines that people typed into PowerShell or a shell. Only lines that match a sign are kept."""

from __future__ import annotations

from quetsach.endpoint.machine import Machine, System
from quetsach.endpoint.probe import Probe, Seen

_WINDOWS = (r"AppData\Roaming\Microsoft\Windows\PowerShell\PSReadLine\ConsoleHost_history.txt",)
_LINUX = (".bash_history", ".zsh_history")
_MOST_BYTES = 8 << 20
_LONGEST = 4_000


def _look(machine: Machine, seen: Seen) -> None:
    is_windows = machine.system is System.WINDOWS
    for user in machine.users():
        for place in _WINDOWS if is_windows else _LINUX:
            path = f"{user.folder}\\{place}" if is_windows else f"{user.folder}/{place}"
            with seen.part():
                text = machine.files.read(path, _MOST_BYTES).decode("utf-8", "replace")
                for line in dict.fromkeys(filter(str.strip, text.splitlines())):
                    seen.add("script-line", text=line[:_LONGEST], where=path)


PROBE = Probe("scripts", _look)
