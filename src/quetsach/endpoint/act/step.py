"""A step of a plan: one act on one target, with the state of the target during the check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

PHASES = ("block", "stop", "disable", "quarantine", "record")
"""The order: cut the connection, stop the program, keep it from starting, remove its files, log better."""


@dataclass(frozen=True, slots=True)
class Step:
    """`before` is the state as `acts` reads it; apply refuses a target in another state. `why` are signs or
    indicators."""

    number: int
    phase: str
    act: str
    target: Mapping[str, Any]
    before: Any
    after: Any
    why: tuple[str, ...] = field(default_factory=tuple)

    def as_table(self) -> dict[str, Any]:
        """The step for the plan, with texts about the backup, the read-back and the undo."""
        what, backup, check, undo = TEXTS[self.act]
        told = asdict(self)
        told["why"] = list(self.why)
        return told | {"what": what, "backup": backup, "check": check, "undo": undo}


@dataclass(frozen=True, slots=True)
class Advice:
    """Something that the plan leaves out, and why: `reason` is a code of `errors.REASONS`, "papers" or
    "person"."""

    reason: str
    subject: str
    why: str


TEXTS: Mapping[str, tuple[str, str, str, str]] = {
    "block": (
        "Block an address in the firewall",
        "nothing to keep: a rule of its own is added",
        "the rule is in force",
        "the rule is taken away",
    ),
    "stop": (
        "Stop a running program",
        "its number, path and command line are noted",
        "it does not run, nor start again",
        "not started by undo: it starts with the machine once its entries are back",
    ),
    "value": (
        "Change or take away a value of the registry",
        "the value with its type, to the bit",
        "the value is as planned",
        "the old value is written again",
    ),
    "edit": (
        "Make lines of a file remarks",
        "the whole file, with owner, rights and times",
        "the content is as planned",
        "the old file takes its place again",
    ),
    "quarantine": (
        "Put a file into quarantine",
        "the whole file, coded, with owner, rights, times and streams",
        "the file is gone, the kept copy has its hash",
        "the file comes back to its place, to the bit",
    ),
    "folder": (
        "Take away a folder that is empty then",
        "its owner and rights",
        "the folder is gone",
        "the folder is made again",
    ),
}
"""Act → its effect, its backup, its read-back, its undo."""
