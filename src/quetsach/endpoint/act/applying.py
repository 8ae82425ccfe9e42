"""Applies a plan: all targets are checked again first, and each act stands in the journal before it is
done."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quetsach.endpoint.act import asleep, journal, plan, runs
from quetsach.endpoint.act.acts import ACTS
from quetsach.endpoint.act.errors import ActError
from quetsach.endpoint.act.ground import Ground
from quetsach.endpoint.act.journal import Journal
from quetsach.endpoint.act.plan import Plan
from quetsach.endpoint.act.step import PHASES, Step
from quetsach.endpoint.act.vault import Vault

_FATAL = ("disk_full", "read_only", "damaged_journal", "unsafe_store")
"""Errors after which the next act would fail as well, or could not be written down."""
Tell = Callable[[Step, str], None]


@dataclass(slots=True)
class Outcome:
    """The result of a run: `failed` maps a step's number to its error. `head` is the journal's last hash.

    A step in `begun` may have changed something, even if it is not in `done`.
    """

    run: str
    failed: dict[int, ActError] = field(default_factory=dict)
    done: list[int] = field(default_factory=list)
    begun: list[int] = field(default_factory=list)
    head: str = ""


def admit(one: Plan, ground: Ground, given: str) -> None:
    """Check the plan, and that each target is in the plan's state and may be touched; nothing is changed.

    Raises:
        ActError: see `apply`.
    """
    plan.admit(one, ground, given)
    asleep.refuse(ground.machine)
    for step in one.steps:
        _see(step, ground)


def apply(
    one: Plan, ground: Ground, given: str, store: Path | None = None, tell: Tell | None = None
) -> Outcome:
    """Carry a plan out. `given` is its hash, typed by the person who read the plan.

    Raises:
        ActError: nothing was done: the plan is for another machine, too old, or a target has changed.
    """
    admit(one, ground, given)
    folder = store or ground.store
    ground.make_private(folder)
    with journal.opened(folder / runs.JOURNAL) as kept:
        if any(not run.is_ended and not run.is_undone for run in runs.of(kept)):
            raise ActError("unfinished")
        return _run(one, ground, kept, Vault(folder), tell or _silent)


def _silent(_step: Step, _reason: str) -> None:
    """A `Tell` for callers that need no news of steps."""


def _see(step: Step, ground: Ground) -> None:
    """Check that the target is in the state of the plan and may be touched."""
    act = ACTS[step.act]
    act.guard(ground, step.target)
    now = act.look(ground, step.target)
    if now != step.before and not (step.act == "stop" and now == step.after):
        raise ActError("changed", subject(step))


def _run(one: Plan, ground: Ground, kept: Journal, vault: Vault, tell: Tell) -> Outcome:
    start = kept.write("run", plan=one.hash, machine=one.name, verdict=one.verdict, steps=len(one.steps))
    outcome = Outcome(runs.name_of(start))
    in_order = sorted(one.steps, key=lambda step: (PHASES.index(step.phase), step.number))
    with suppress(_Stopped):
        for phase in PHASES:
            if phase == "quarantine":
                # A program that started again by itself is stopped once more, now that its entries are gone.
                _again(
                    [step for step in in_order if step.number in outcome.failed], ground, kept, outcome, tell
                )
            for step in in_order:
                if step.phase == phase:
                    _attempt(step, ground, kept, vault, outcome, tell)
        _verify(in_order, ground, kept, outcome, tell)
    _end(kept, outcome)
    return outcome


class _Stopped(Exception):
    """No further step of this run can be done."""


def _attempt(step: Step, ground: Ground, kept: Journal, vault: Vault, outcome: Outcome, tell: Tell) -> None:
    act = ACTS[step.act]
    try:
        _see(step, ground)
        backup = act.keep(ground, step.target, vault, f"{outcome.run}/{step.number}")
        kept.write(
            "begin", run=outcome.run, step=step.number, act=step.act, target=_brief(step), why=list(step.why),
            was=step.before, after=step.after, kept=backup,
        )  # fmt: skip
        outcome.begun.append(step.number)
        act.do(ground, step.target, step.after, backup)
        _read_back(step, ground)
        kept.write("done", run=outcome.run, step=step.number)
        outcome.done.append(step.number)
        tell(step, "")
    except ActError as error:
        _fail(step, error, kept, outcome, tell)


def _fail(step: Step, error: ActError, kept: Journal, outcome: Outcome, tell: Tell) -> None:
    outcome.failed[step.number] = error
    tell(step, error.reason)
    with suppress(ActError):
        kept.write("failed", run=outcome.run, step=step.number, reason=error.reason)
    if error.reason in _FATAL:
        raise _Stopped from error


def _again(steps: list[Step], ground: Ground, kept: Journal, outcome: Outcome, tell: Tell) -> None:
    for step in steps:
        if outcome.failed[step.number].reason != "respawns":
            continue
        try:
            ACTS[step.act].do(ground, step.target, step.after, None)
        except ActError:
            continue
        del outcome.failed[step.number]
        kept.write("done", run=outcome.run, step=step.number)
        outcome.done.append(step.number)
        tell(step, "")


def _verify(steps: list[Step], ground: Ground, kept: Journal, outcome: Outcome, tell: Tell) -> None:
    """Read all targets back at the end: a step whose target changed back counts as failed."""
    for step in steps:
        if step.number not in outcome.done:
            continue
        try:
            _read_back(step, ground)
        except ActError as error:
            outcome.done.remove(step.number)
            told = ActError("respawns", error.detail) if step.act == "stop" else error
            _fail(step, told, kept, outcome, tell)


def _read_back(step: Step, ground: Ground) -> None:
    if not runs.is_as(ACTS[step.act].look(ground, step.target), step.after):
        raise ActError("not_done", subject(step))


def _end(kept: Journal, outcome: Outcome) -> None:
    with suppress(ActError):  # a full disk: the run stays unfinished, and undo can take it back
        kept.write("end", run=outcome.run, done=sorted(outcome.done), failed=sorted(outcome.failed))
    outcome.head = kept.head


def _brief(step: Step) -> Any:
    """The target without the new content, which only doing the step needs."""
    return {name: value for name, value in step.target.items() if name != "content"}


def subject(step: Step) -> str:
    """The target of a step as one text."""
    target = step.target
    name = target.get("path") or target.get("program") or target.get("address") or target.get("key") or ""
    if step.act == "value":
        return f"{name}\\{target['name']}"
    return name or ", ".join(str(pid) for pid, _started in target.get("pids", []))
