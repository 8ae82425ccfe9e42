"""Whether the Windows on a disk sleeps, as fast startup leaves it when people shut it down.

At its next start it goes on with the files and the registry that it holds in memory, and writes them over any
change that was made meanwhile.
"""

from __future__ import annotations

from quetsach.endpoint.act.errors import ActError
from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import Machine, System

_IMAGE = r"C:\hiberfil.sys"
_SLEEPING = (b"hibr", b"horm")
"""The signature (PO_MEMORY_IMAGE) of a memory image that the next start will use, in small or capital
letters: NTFS-3G writes to no such disk either. Windows overwrites it as soon as it has woken up."""


def refuse(machine: Machine) -> None:
    """Raises `ActError("unclean")` for a Windows that sleeps, or where this cannot be seen."""
    if machine.is_running or machine.system is not System.WINDOWS:
        return
    try:
        with machine.files.open(_IMAGE) as file:
            is_asleep = file.read(4).lower() in _SLEEPING
    except (Unavailable, OSError) as error:
        is_asleep = not (isinstance(error, Unavailable) and error.reason == "missing")
    if is_asleep:
        raise ActError("unclean", _IMAGE)
