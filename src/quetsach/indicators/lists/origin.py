"""The origin of an indicator: list and line, at a few bytes for each indicator."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from quetsach.indicators.draft import Draft
from quetsach.indicators.indicator import Indicator, Kind


class Origin(NamedTuple):
    """The place of an indicator's first mention."""

    source: str
    line: int


def of_draft(draft: Draft, wanted: Iterable[Indicator]) -> dict[tuple[Kind, str], Origin]:
    """The first mention of each indicator in `wanted` that was looked at."""
    found: dict[tuple[Kind, str], Origin] = {}
    for item in wanted:
        place = draft.places[item.kind, item.value]
        found[item.kind, item.value] = Origin(draft.sources[place.list], place.line)
    return found


class Origins:
    """Filled while lists are read; asked for the few indicators that need an explanation."""

    def __init__(self) -> None:
        self.items: list[Indicator] = []
        self._lines = array("L")
        self._starts: list[int] = []
        self._sources: list[str] = []

    def __len__(self) -> int:
        return len(self.items)

    def begin(self, source: str) -> None:
        """Indicators added from now on stand in `source`."""
        self._starts.append(len(self.items))
        self._sources.append(source)

    def add(self, items: list[Indicator], line: int) -> None:
        """Add the indicators of one value."""
        for item in items:
            self.items.append(item)
            self._lines.append(line)

    def sources_of(self, wanted: Iterable[Indicator]) -> Iterator[str]:
        """The source of each indicator's first mention, in the order of `wanted`; "" without a mention."""
        # By kind, because a million pairs as keys take the garbage collector several times as long.
        places: dict[Kind, dict[str, int]] = {kind: {} for kind in Kind}
        ends = [*self._starts[1:], len(self.items)]
        for place, (start, end) in enumerate(zip(self._starts, ends, strict=True)):
            for at in range(start, end):
                item = self.items[at]
                places[item.kind].setdefault(item.value, place)
        for item in wanted:
            found = places[item.kind].get(item.value)
            yield "" if found is None else self._sources[found]

    def of(self, wanted: Iterable[Indicator]) -> dict[tuple[Kind, str], Origin]:
        """The first mention of each indicator; sets that were compiled before have no mentions."""
        keys = {(i.kind, i.value) for i in wanted}
        found: dict[tuple[Kind, str], Origin] = {}
        for at, item in enumerate(self.items if keys else ()):
            key = (item.kind, item.value)
            if key in keys and key not in found:
                source = self._sources[bisect_right(self._starts, at) - 1]
                found[key] = Origin(source, self._lines[at])
        return found
