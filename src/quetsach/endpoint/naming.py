"""The name of a machine whose disk does not hold a name: typed by a person, or made from the disk."""

from __future__ import annotations

import hashlib
from contextlib import suppress

from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import Machine, System

LONGEST = 100
_STEM = "o-dia-"
_FOLDERS = {System.WINDOWS: ("C:\\", r"C:\Users"), System.LINUX: ("/", "/home")}


def given(text: str) -> str:
    """A name as a person typed it; "" for an impossible name."""
    name = text.strip()
    return name if len(name) <= LONGEST and name.isprintable() else ""


def of_disk(machine: Machine, campaign: str = "") -> str:
    """A name that is the same for the same disk, and hardly ever for another disk.

    Made from the ids of `sealing.machine_id`, which cannot be traced back from it; where the disk has no ids,
    from its first folders and their times.
    """
    from quetsach.endpoint import sealing

    told = sealing.machine_id(machine, campaign)
    if not told:
        seen = [campaign]
        for folder in _FOLDERS[machine.system]:
            with suppress(Unavailable):
                seen += [f"{one.name} {one.modified}" for one in machine.files.entries(folder)]
        told = hashlib.sha256("\x00".join(seen).encode("utf-8", "backslashreplace")).hexdigest()
    return f"{_STEM}{told[:8]}"
