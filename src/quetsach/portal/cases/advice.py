"""Three plain steps for a malware family, from `advice.toml`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("advice.toml")
_SYSTEM = re.compile(r"^(elf|android|osx|apt|powershell|js|win)_")


@dataclass(frozen=True, slots=True)
class Step:
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Advice:
    """A sentence about the family (empty if it is unknown here), and the steps against it."""

    does: str
    steps: tuple[Step, Step, Step]


@cache
def _book() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def advice_for(family: str, language: str) -> Advice:
    """The advice in `vi` or `en`. An unknown family gets the steps of its kind of system, else the general
    steps."""
    language = "vi" if language.startswith("vi") else "en"
    full = re.sub(r"-\d+$", "", family.casefold().strip())
    bare = _SYSTEM.sub("", full)
    book = _book()
    kind, does = "default", ""
    for prefix, of_prefix in book["prefix"].items():
        if full.startswith(prefix):
            kind = of_prefix
    for entry in book["family"]:
        if bare and bare in entry["names"]:
            kind, does = entry["kind"], entry[language]
            break
    first, second, third = (Step(*step[language]) for step in book["kind"][kind]["steps"])
    return Advice(does, (first, second, third))
