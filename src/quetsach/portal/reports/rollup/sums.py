"""Adds the figures of many units up. Pure: no database, no Django.

Every unit adds its own figures and their adjustment once, when its own report is accepted, regardless of the
units between. A unit without an accepted report adds nothing and is named as missing; nothing is estimated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from quetsach.annexes.form.figures import ZERO, Figures


@dataclass(frozen=True, slots=True)
class Place:
    """A node of the counting tree, with the columns that a sum needs. `state` is the state of its report."""

    pk: UUID
    name: str
    path: str
    depth: int
    state: str = "none"


@dataclass(frozen=True, slots=True)
class Line:
    """One unit directly below: its own figures, and the sum of its whole branch.

    `own` are its own figures, None without an accepted report. `report_state` is none or a state of a report;
    a unit that amends an accepted report keeps its `own` until the new revision is accepted. `missing_below`
    counts the units below it, without itself, that have no accepted report; `below` counts all of them;
    `on_time` counts units of the branch whose first accepted report came before the deadline.
    """

    node: Place
    own: Figures | None
    total: Figures
    report_state: str
    missing_below: int
    below: int = 0
    on_time: int = 0
    is_expected: bool = True

    @property
    def expected(self) -> int:
        """Units of the branch that must report, itself included."""
        return self.below + self.is_expected

    @property
    def missing(self) -> int:
        """Units of the branch without an accepted report, itself included."""
        return self.missing_below + (self.own is None and self.is_expected)

    @property
    def accepted(self) -> int:
        """Units of the branch that count, itself included."""
        return self.expected - self.missing

    @property
    def is_blank(self) -> bool:
        """Whether no unit of the branch counts yet."""
        return self.own is None and self.missing_below == self.below


@dataclass(frozen=True, slots=True)
class RollUp:
    """The sum of one node and everything below it at a moment.

    `own` counts and is None without an accepted report; `entered` are the node's typed figures (draft or
    submitted), shown beside it and never added. `accepted` of the `expected` units strictly below count; the
    others are missing: `missing_count` is their number, `missing` names the first.
    """

    node: Place
    as_of: datetime
    own: Figures | None
    children: tuple[Line, ...]
    children_total: Figures
    total: Figures
    missing: tuple[Place, ...]
    missing_count: int
    accepted: int
    expected: int
    narrative: str
    entered: Figures | None = None
    report_state: str = "none"

    @property
    def on_time(self) -> int:
        """Units strictly below whose first accepted report came before the deadline."""
        return sum(line.on_time for line in self.children)

    @property
    def signed(self) -> Figures:
        """The sum that the node itself would sign: its own typed figures, and the accepted figures below."""
        mine = self.own if self.own is not None and self.report_state == "accepted" else self.entered
        return (mine or self.own or ZERO) + self.children_total
