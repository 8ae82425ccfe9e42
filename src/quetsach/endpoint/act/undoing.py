"""Takes a run back: reads the journal from its end. It may be cut off and called again, on any day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from quetsach.endpoint.act import asleep, journal, runs
from quetsach.endpoint.act.acts import ACTS
from quetsach.endpoint.act.errors import ActError
from quetsach.endpoint.act.ground import Ground
from quetsach.endpoint.act.journal import Entry
from quetsach.endpoint.act.vault import Vault

Tell = Callable[[Entry, str], None]


@dataclass(slots=True)
class Undone:
    """The result of an undo: `failed` maps a step's number to its error. `head` is the journal's last
    hash."""

    run: str
    done: list[int] = field(default_factory=list)
    failed: dict[int, ActError] = field(default_factory=dict)
    head: str = ""


def undo(ground: Ground, store: Path | None = None, run: str = "", tell: Tell | None = None) -> Undone:
    """Take back the last run that is not yet undone, or the named run.

    A target that something else has changed since is left alone, and its step fails. No clock is read.

    Raises:
        ActError: there is nothing to undo, the journal is damaged, or the machine may not be changed now.
    """
    asleep.refuse(ground.machine)
    folder = store or ground.store
    if not (folder / runs.JOURNAL).exists():
        raise ActError("nothing", str(folder))
    ground.make_private(folder)
    with journal.opened(folder / runs.JOURNAL) as kept:
        waiting = [one for one in runs.of(kept) if not one.is_undone and (not run or one.name == run)]
        if not waiting:
            raise ActError("nothing", run or str(folder))
        chosen = waiting[-1]
        outcome = Undone(chosen.name)
        for entry in chosen.left:
            try:
                if entry["act"] != "stop":
                    _see(entry, ground, is_whole=entry["step"] in chosen.whole)
                    kept.write("undoing", run=chosen.name, step=entry["step"])
                    _take_back(entry, ground, Vault(folder))
                kept.write("undone", run=chosen.name, step=entry["step"])
                outcome.done.append(entry["step"])
                if tell is not None:
                    tell(entry, "")
            except ActError as error:
                outcome.failed[entry["step"]] = error
                if tell is not None:
                    tell(entry, error.reason)
        if not outcome.failed:
            kept.write("undo-end", run=chosen.name)
        outcome.head = kept.head
        return outcome


def _see(entry: Entry, ground: Ground, *, is_whole: bool) -> None:
    """Check that the state is the state before or after the act: nobody else has changed it since."""
    now = runs.content_of(ACTS[entry["act"]].look(ground, entry["target"]))
    # A value in a hive takes more than one write, and a power cut can come between; files change in one go.
    if entry["act"] == "value" and not is_whole:
        return
    if now not in (runs.content_of(entry["was"]), runs.content_of(entry["after"])):
        raise ActError("changed_since", _about(entry))


def _take_back(entry: Entry, ground: Ground, vault: Vault) -> None:
    act = ACTS[entry["act"]]
    act.undo(ground, entry["target"], entry["kept"], vault)
    if not runs.is_as(act.look(ground, entry["target"]), entry["was"]):
        raise ActError("not_restored", _about(entry))


def _about(entry: Entry) -> str:
    return str(entry["target"].get("path") or entry["target"].get("key") or "")
