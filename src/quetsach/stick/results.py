"""The results of checks on a stick, by the names of their files: `PC-07-20261130-081500.qsresult`."""

from __future__ import annotations

import platform
import re
from datetime import datetime
from pathlib import Path

from quetsach.endpoint import manifest, suffixes

_NOT_IN_NAMES = re.compile(r"[^\w.-]+")
_STEM = re.compile(r"(.+)-\d{8}-\d{6}")


def stem(at: datetime) -> str:
    """The beginning of the names of this machine's files, for a check at that time."""
    return f"{_machine()}-{at:%Y%m%d-%H%M%S}"


def of_this_machine(root: Path) -> list[Path]:
    """This machine's sealed results on the stick at `root`, the newest last."""
    try:
        found = [path for path in (root / manifest.RESULTS).iterdir() if path.suffix == suffixes.RESULT]
    except OSError:
        return []
    own = _machine().casefold()
    stems = ((path, _STEM.fullmatch(path.stem)) for path in found)
    return sorted(path for path, told in stems if told is not None and told[1].casefold() == own)


def _machine() -> str:
    return _NOT_IN_NAMES.sub("_", platform.node())[:40] or "may"
