"""The four figures of the annex and how they add up. Pure: no database, no Django.

Every unit adds its own figures once, when its own report is accepted, whatever the units between have done. A
unit without an accepted report adds nothing and is named as missing; nothing is ever estimated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

ROWS = ("r1", "r2", "r3", "r4")
"""Rows of the annex: units informed, people informed, units that carried out, people that carried out."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Four counts, in the order of the annex."""

    r1: int = 0
    r2: int = 0
    r3: int = 0
    r4: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def __iter__(self) -> Iterator[int]:
        return iter((self.r1, self.r2, self.r3, self.r4))

    def row(self, key: str) -> int:
        """The count of one row, such as "r2"."""
        return tuple(self)[ROWS.index(key)]

    def as_dict(self) -> dict[str, int]:
        """Row key: count."""
        return dict(zip(ROWS, self, strict=True))


ZERO = Figures()


@dataclass(frozen=True, slots=True)
class Place:
    """A node of the counting tree, as much of it as a sum needs. `state` is the state of its report."""

    pk: UUID
    name: str
    path: str
    depth: int
    state: str = "none"


@dataclass(frozen=True, slots=True)
class Line:
    """One unit directly below: what it reported itself and what its whole branch adds.

    `own` is None without an accepted report. `report_state` is none, draft, submitted, returned or
    accepted; a unit that amends an accepted report keeps its `own` until the new revision is accepted.
    `missing_below` counts the units below it, without itself, that have no accepted report; `below`
    counts all of them.
    """

    node: Place
    own: Figures | None
    total: Figures
    report_state: str
    missing_below: int
    below: int = 0


@dataclass(frozen=True, slots=True)
class RollUp:
    """What one node and everything below it add up to at a moment.

    `own` counts and is None without an accepted report; `entered` is what the node has typed so far
    (draft or submitted), shown beside and never added. `accepted` of the `expected` units strictly below
    count; the others are `missing`, in the order of the tree.
    """

    node: Place
    as_of: datetime
    own: Figures | None
    children: tuple[Line, ...]
    children_total: Figures
    total: Figures
    missing: tuple[Place, ...]
    accepted: int
    expected: int
    proposals: tuple[tuple[str, str], ...]
    narrative: str
    entered: Figures | None = None
    report_state: str = "none"

    @property
    def wishes(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """What the units ask for, the same wish once with all who have it, in the order of the tree."""
        units: dict[str, list[str]] = {}
        for unit, text in self.proposals:
            units.setdefault(" ".join(text.split()), []).append(unit)
        return tuple((text, tuple(names)) for text, names in units.items())

    @property
    def signed(self) -> Figures:
        """What the node itself would sign: its own figures as entered, and the accepted ones below."""
        mine = self.own if self.own is not None and self.report_state == "accepted" else self.entered
        return (mine or self.own or ZERO) + self.children_total
