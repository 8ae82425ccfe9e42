"""Reads about the doubtful entries of a list and what was decided about them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from quetsach.indicators.guard import Group
from quetsach.indicators.indicator import Kind
from quetsach.portal.indicators.doubtful.entries import Entry, entries
from quetsach.portal.indicators.models import Decision, IndicatorSet

MOST_SINGLY = 50
"""Entries of a group; a larger group may be decided with one reason."""


class GroupRow(NamedTuple):
    """One group of a list: how many entries are kept, and how many left out."""

    group: Group
    kept: int
    left_out: int

    @property
    def total(self) -> int:
        """All its entries."""
        return self.kept + self.left_out

    @property
    def is_decided_whole(self) -> bool:
        """Whether one reason may hold for the whole group."""
        return self.total > MOST_SINGLY and not self.group.is_decided_singly


def groups_of(row: IndicatorSet) -> list[GroupRow]:
    """The groups that have entries, the most dangerous first."""
    return [GroupRow(group, *row.groups[group]) for group in Group if group in row.groups]


class Decisions:
    """What was decided about the entries of one list: an entry's own decision counts before its group's."""

    def __init__(self, decided: Iterable[Decision]) -> None:
        self._by_key = {(one.group, one.key): one for one in decided}

    def of(self, entry: Entry) -> Decision | None:
        """The decision that counts for an entry; None where the group's own rule counts."""
        return self._by_key.get((entry.group, entry.key)) or self._by_key.get((entry.group, ""))

    def whole(self, group: Group) -> Decision | None:
        """The decision about a whole group."""
        return self._by_key.get((group, ""))

    def keeps(self, entry: Entry) -> bool:
        """Whether the entry stays in the list."""
        decision = self.of(entry)
        return entry.group.is_kept if decision is None else decision.keeps

    def counts(self, all_of: Iterable[Entry]) -> dict[str, list[int]]:
        """How many entries of each group are kept and left out."""
        found: dict[str, list[int]] = {}
        for entry in all_of:
            found.setdefault(entry.group, [0, 0])[not self.keeps(entry)] += 1
        return found


def decisions_of(row: IndicatorSet) -> Decisions:
    """The decisions about a list's doubtful entries."""
    return Decisions(Decision.rows.filter(of=row).select_related("decided_by"))


def found_in(row: IndicatorSet, group: Group, text: str) -> list[Entry]:
    """The entries of a group whose spelling or malware holds the text."""
    wanted = text.strip().lower()
    return entries(
        row,
        lambda one: one.group is group and (wanted in one.spelling or wanted in one.family.lower()),
    )


def blocking_groups(row: IndicatorSet) -> dict[tuple[Kind, str], Group]:
    """The groups of the doubtful entries, for `writing.write`."""
    return {
        (Kind(one.kind), one.spelling.removeprefix("=").removeprefix("*.")): one.group for one in entries(row)
    }
