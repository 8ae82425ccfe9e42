"""Programs in the folder with Debian 13 (tools/debian13.sh), where this machine's own are missing or old."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

_SCRIPT = str(Path(__file__).resolve().parents[1] / "tools/debian13.sh")
_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/local/sbin"))


@cache
def absent() -> str:
    """Why no program can be run in the folder; "" where it works."""
    output = subprocess.run([_SCRIPT, "check"], capture_output=True, text=True, check=False)
    return output.stderr.strip() if output.returncode else ""


@cache
def command(program: str, least: int = 0) -> Sequence[str]:
    """The command line for `program`: this machine's own from major version `least` on; () if none exists."""
    own = shutil.which(program, path=_PATH)
    if own is not None and (not least or _version(own) >= least):
        return (own,)
    return () if absent() else (_SCRIPT, "run", program)


def _version(program: str) -> int:
    output = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\d+", output)
    return int(found[0]) if found else 0
