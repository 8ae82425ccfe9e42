"""Decisions of people: those in force, and which of them count where they contradict each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from quetsach.machines.evidence import Decision
from quetsach.machines.identity.sets import Sets


def in_force(decisions: Iterable[Decision]) -> list[Decision]:
    """Decisions that nobody withdrew, the most important first: by the level of the unit, then the latest."""
    rows = sorted(set(decisions), key=lambda one: (-one.at, repr(one)))
    ranks = {one.id: one.rank for one in rows if one.id}
    withdrawn: set[str] = set()
    standing = []
    for row in rows:
        if row.id and row.id in withdrawn:
            continue
        if row.verdict != "withdrawn":
            standing.append(row)
        elif row.rank <= ranks.get(row.withdraws, -1):
            withdrawn.add(row.withdraws)
    # A withdrawal of the same moment may have come after its decision in the order above.
    standing = [row for row in standing if row.id not in withdrawn or not row.id]
    return sorted(standing, key=importance)


def importance(decision: Decision) -> tuple[int, int, str]:
    """The order of decisions: the higher unit first, then the later word."""
    return decision.rank, -decision.at, repr(decision)


def apply(decisions: Sequence[Decision], sets: Sets) -> tuple[Decision, ...]:
    """Join and part keys by the decisions of `in_force`; returns those that are overruled."""
    overruled = []
    for one in decisions:
        if one.right is None or one.verdict not in ("same", "different", "replaced"):
            continue
        done = sets.join(one.left, one.right) if one.verdict == "same" else sets.part(one.left, one.right)
        if not done:
            overruled.append(one)
    return tuple(overruled)
