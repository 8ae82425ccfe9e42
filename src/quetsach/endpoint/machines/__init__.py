"""The ways to see a machine, and the choice between them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machine import Machine


def here() -> Machine:
    """The machine this runs on."""
    if sys.platform == "win32":
        from quetsach.endpoint.machines.windows import WindowsMachine

        return WindowsMachine()
    from quetsach.endpoint.machines.linux import LinuxMachine

    return LinuxMachine()


def at(root: Path, called: str = "") -> Machine:
    """The disk or tree at `root`, or the recording in a JSON file.

    Args:
        called: the machine's name, where its disk does not hold it.

        Raises:
            Unavailable: `root` is neither.
    """
    if root.is_file():
        from quetsach.endpoint.machines.recording import Recording

        try:
            return Recording(json.loads(root.read_text(encoding="utf-8")), called)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Unavailable("damaged", str(root)) from error
    from quetsach.endpoint.machines.tree import TreeMachine

    return TreeMachine(root, called)
