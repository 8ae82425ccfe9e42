"""The results of checks on a stick, by the names of their files: `PC-07-20261130-081500.qsresult`."""

from __future__ import annotations

import platform
import re
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from quetsach.endpoint import manifest, suffixes

_NOT_IN_NAMES = re.compile(r"[^\w.-]+")
_STEM = re.compile(r"(.+)-(\d{8}-\d{6})")
_TIME = "%Y%m%d-%H%M%S"


class Saved(NamedTuple):
    """A sealed result on the stick, with the time of its check by the clock of its machine."""

    at: datetime
    path: Path
    machine: str


def stem(at: datetime) -> str:
    """The beginning of the names of this machine's files, for a check at that time."""
    return f"{_machine()}-{at:{_TIME}}"


def of_this_machine(root: Path) -> list[Saved]:
    """The sealed results on the stick at `root` of machines with this machine's name, the newest last."""
    try:
        found = [path for path in (root / manifest.RESULTS).iterdir() if path.suffix == suffixes.RESULT]
    except OSError:
        return []
    own = _machine().casefold()
    saved = []
    for path in found:
        told = _STEM.fullmatch(path.stem)
        if told is not None and told[1].casefold() == own:
            with suppress(ValueError):
                saved.append(Saved(datetime.strptime(told[2], _TIME), path, told[1]))
    return sorted(saved)


def _machine() -> str:
    return _NOT_IN_NAMES.sub("_", platform.node())[:40] or "may"
