"""Earlier clean-ups, read from the journal: their steps begun and their steps taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from quetsach.endpoint.act.acts import ACTS
from quetsach.endpoint.act.errors import ActError
from quetsach.endpoint.act.journal import Entry, Journal

JOURNAL = "journal.jsonl"


@dataclass(slots=True)
class Run:
    """One `apply`. `begun` are its steps in the order in which they were begun; `undone` are step numbers.

    `whole` are steps that were read back and whose undo has not started: their state is not half changed.
    """

    name: str
    time: str
    plan: str
    begun: list[Entry] = field(default_factory=list)
    whole: set[int] = field(default_factory=set)
    undone: set[int] = field(default_factory=set)
    is_ended: bool = False
    is_undone: bool = False

    @property
    def left(self) -> list[Entry]:
        """The steps still to be undone, the last first."""
        return [entry for entry in reversed(self.begun) if entry["step"] not in self.undone]


def name_of(entry: Entry) -> str:
    """The name of the run that starts with this line."""
    return str(entry["hash"])[:16]


def of(journal: Journal) -> list[Run]:
    """All runs, the first first; raises `ActError("damaged_journal")` where a line makes no sense."""
    found: dict[str, Run] = {}
    try:
        for entry in journal.entries:
            match entry["event"]:
                case "run":
                    found[name_of(entry)] = Run(name_of(entry), entry["time"], entry["plan"])
                case "begin":
                    if entry["act"] not in ACTS or not isinstance(entry["step"], int):
                        raise KeyError(entry["act"])
                    found[entry["run"]].begun.append(entry)
                case "done":
                    found[entry["run"]].whole.add(entry["step"])
                case "undoing":
                    found[entry["run"]].whole.discard(entry["step"])
                case "end":
                    found[entry["run"]].is_ended = True
                case "undone":
                    found[entry["run"]].undone.add(entry["step"])
                case "undo-end":
                    found[entry["run"]].is_undone = True
    except (KeyError, TypeError) as error:
        raise ActError("damaged_journal", JOURNAL) from error
    return list(found.values())


def is_as(now: Any, wanted: Any) -> bool:
    """Whether a state equals the wanted state in all fields that the wanted state names."""
    if isinstance(wanted, Mapping) and isinstance(now, Mapping):
        return all(now.get(name) == value for name, value in wanted.items())
    return bool(now == wanted)


def content_of(state: Any) -> Any:
    """The part of a state that stays the same even when only rights or times were changed."""
    if not isinstance(state, Mapping):
        return state
    return state.get("sha256") or ("folder" if state.get("is_folder") else state)
