"""A person's answer that a pack's signing key is the campaign's, kept in a file beside the pack.

`NAME.qspack.xac-nhan` holds {"type": "confirmed", "key": hex, "date": "2026-11-30", "machine": "PC-07"}. It
is not signed: a program that can write to the stick could write this file too. It is therefore shown at each
start, with where and when a person answered (THREAT_MODEL.md).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from quetsach.endpoint import keys, suffixes
from quetsach.endpoint.refusal import Refused

_MOST_BYTES = 4096
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A confirmed public key, the day, and the name of the machine at which the person sat."""

    key: bytes
    day: date
    machine: str


def place(pack: Path) -> Path:
    """The file for the answer about a pack."""
    return pack.with_name(pack.name + suffixes.CONFIRMED)


def read(pack: Path) -> Confirmed | None:
    """The kept answer; None where there is none, or where it cannot be read."""
    try:
        with place(pack).open("rb") as file:
            document = json.loads(file.read(_MOST_BYTES))
        if document["type"] != "confirmed":
            return None
        day = date.fromisoformat(document["date"])
        return Confirmed(keys.of_text(document["key"]), day, str(document["machine"])[:_LONGEST])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, Refused):
        return None


def write(pack: Path, told: Confirmed) -> None:
    """Keep an answer; raises OSError where the stick cannot be written."""
    table = {"type": "confirmed", "key": told.key.hex(), "date": f"{told.day}", "machine": told.machine}
    place(pack).write_text(json.dumps(table, ensure_ascii=False) + "\n", encoding="utf-8")
