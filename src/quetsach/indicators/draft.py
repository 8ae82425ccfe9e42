"""Drafts of sets in the native engine's memory: an entry there costs no Python object."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind, Scope, Watch

_SCOPES = (Scope.WITH_SUBDOMAINS, Scope.EXACT, Scope.SUBDOMAINS_ONLY)
_KINDS = {kind.value: kind for kind in Kind}
_NUMBERS = {scope: number for number, scope in enumerate(_SCOPES)}
_FEW = 1000
"""Looking at each of so few entries is quicker than computing beforehand which of them matter."""


class Place(NamedTuple):
    """The place of an entry: the number of its list, counted from 0, and the number of its line."""

    list: int
    line: int


class Draft:
    """Entries of several lists before they are merged.

    `places` gives the places of the few entries that the guard rails look at.
    """

    def __init__(self) -> None:
        from quetsach import _native

        self.native = _native.Draft()
        self.sources: list[str] = []
        self.places: dict[tuple[Kind, str], Place] = {}

    def __len__(self) -> int:
        return len(self.native)

    def begin(self, source: str) -> None:
        """Entries added from now on stand in `source`."""
        self.sources.append(source)

    def read(self, text: str, scope: Scope, **shape: Any) -> list[tuple[int, str]]:
        """Take the plainly canonical lines; returns all other lines that are not empty, with their
        numbers."""
        return self.native.read(text, len(self.sources) - 1, _NUMBERS[scope], **shape)

    def add(self, items: list[Indicator], line: int) -> None:
        """Add the indicators of one value."""
        place = Place(len(self.sources) - 1, line)
        for item in items:
            number = _NUMBERS[item.scope]
            family = " ".join(item.family.split())
            self.native.add(item.kind.value, item.value, number, family, place.list, line)

    def merged(self) -> PackedSet:
        """The set; no entry may be added afterwards."""
        self.native.merge()
        return PackedSet(self)


def available() -> Draft | None:
    """A draft, where the native engine is present and not ruled out."""
    if os.environ.get("QUETSACH_ENGINE") == "portable":
        return None
    try:
        return Draft()
    except ImportError:
        return None


class PackedSet(IndicatorSet):
    """A set in the native engine's memory; its items become Python objects only on demand."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    @cached_property
    def items(self) -> tuple[Indicator, ...]:  # type: ignore[override]
        return tuple(map(self._item, range(len(self))))

    @cached_property
    def id(self) -> str:
        return self.draft.native.set_id() if len(self) else super().id

    def __len__(self) -> int:
        return len(self.draft)

    def kinds(self) -> dict[Kind, int]:
        return {Kind(word): count for word, count in self.draft.native.kinds()}

    def concerned(self, watch: Callable[[], Watch]) -> Iterator[tuple[int, Indicator]]:
        numbers = range(len(self)) if len(self) <= _FEW else self.draft.native.suspects(*watch())
        for number in numbers:
            yield number, self._item(number)

    def without(self, numbers: Iterable[int]) -> PackedSet:
        self.draft.native.remove(list(numbers))
        self.__dict__.pop("items", None)
        self.__dict__.pop("id", None)
        return self

    def _item(self, number: int) -> Indicator:
        entry = self.draft.native.entry(number)
        if entry is None:
            raise IndexError(number)
        _number, word, value, scope, family, in_list, line = entry
        kind = _KINDS[word]
        self.draft.places[kind, value] = Place(in_list, line)
        return Indicator(value, kind, _SCOPES[scope], family)
