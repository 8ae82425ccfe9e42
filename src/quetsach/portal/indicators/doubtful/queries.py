"""Reads about the doubtful entries of a list and what was decided about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from quetsach.indicators.guard import Group
from quetsach.indicators.indicator import Indicator, Kind
from quetsach.portal.indicators import store
from quetsach.portal.indicators.doubtful.entries import Entry, entries
from quetsach.portal.indicators.models import Decision, IndicatorSet
from quetsach.portal.indicators.searching import Relation, opened

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


class Judged(NamedTuple):
    """A doubtful entry with its fate. `relation` is that to a searched value, None without a search."""

    entry: Entry
    is_kept: bool
    decision: Decision | None
    relation: Relation | None = None


def judged_near(row: IndicatorSet, values: list[Indicator]) -> list[Judged]:
    """The doubtful entries of a list that equal a value, lie above it or below it, kept and left out, in the
    order of the list."""
    if not row.doubts or not store.place(row.doubts).stat().st_size:
        return []
    with opened(row.doubts) as stored:
        near = {one.entry.spelling: one.relation for one in stored.search(values)}
    return judged(row, near)


def judged(row: IndicatorSet, near: Mapping[str, Relation | None]) -> list[Judged]:
    """The doubtful ones among the entries with these hashed spellings."""
    decisions = decisions_of(row)
    return [
        Judged(one, decisions.keeps(one), decisions.of(one), near[one.spelling])
        for one in entries(row, lambda one: one.spelling in near)
    ]
