"""Names with items, and the relation of an indicator to them: on, below or above a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import chain
from typing import Protocol

from quetsach.indicators import suffix_table
from quetsach.text import canonical


class Table[Found](Protocol):
    """Canonical names, each with its item."""

    def get(self, name: str, /) -> Found | None: ...

    def __iter__(self) -> Iterator[str]: ...


class Names[Found]:
    """Names, each with its item; the first added wins, also over the three given tables: names
    alone (`on`), names with all below them (`below`), and names above a known name (`above`)."""

    def __init__(
        self,
        on: Table[Found] | None = None,
        below: Table[Found] | None = None,
        above: Table[Found] | None = None,
    ) -> None:
        self._on: tuple[dict[str, Found], Table[Found]] = {}, on or {}
        self._below: tuple[dict[str, Found], Table[Found]] = {}, below or {}
        self._above: tuple[dict[str, Found], Table[Found]] = {}, above or {}

    def add(self, name: str, found: Found, *, below: bool, above: bool = True) -> None:
        """Add a canonical name; `below`: also all names below it; `above`: also all names that would cover
        it."""
        (self._below if below else self._on)[0].setdefault(name, found)
        over = self._above[0]
        parent = name.partition(".")[2] if above else ""
        while parent and parent not in over:
            over[parent] = found
            parent = parent.partition(".")[2]

    def find(self, name: str, *, covers: bool) -> Found | None:
        """The item of the name that a canonical name touches; with `covers` it stands for its subdomains,
        too."""
        found = next((one for one in map(self.reaching, with_parents(name)) if one is not None), None)
        return found if found is not None else self.itself(name, covers=covers)

    def itself(self, name: str, *, covers: bool) -> Found | None:
        """The item of a name that is added without the names below it; with `covers` also of a name below
        this name."""
        found = _first(self._on, name)
        return found if found is not None or not covers else _first(self._above, name)

    def reaching(self, name: str) -> Found | None:
        """The item of exactly this name, if it stands for all names below it, too."""
        return _first(self._below, name)

    def touching(self) -> tuple[Iterable[str], Iterable[str]]:
        """The names that match with all names below them, and the names that match alone."""
        return chain(*self._below), chain(*self._on, *self._above)


def with_parents(name: str) -> Iterator[str]:
    """The name and all names above it."""
    while name:
        yield name
        name = name.partition(".")[2]


def _first[Found](tables: tuple[dict[str, Found], Table[Found]], name: str) -> Found | None:
    found = tables[0].get(name)
    return found if found is not None else tables[1].get(name)


_PRIVATE = "===begin private domains==="
"""The heading, in lower case, of the section with the suffixes of platforms."""


class Suffixes:
    """Public suffixes, with the private section; the package is loaded only where a rule may apply."""

    def __init__(self) -> None:
        text = suffix_table.text().decode()
        self._lines = frozenset(map(str.strip, text.lower().splitlines()))
        """Rules in their own spelling, and comments."""
        self._private = frozenset(map(str.strip, text.lower().partition(_PRIVATE)[2].splitlines()))

    @cached_property
    def _rules(self) -> frozenset[str]:
        return frozenset(canonical.name(line) for line in self._lines if line and line[0] not in "*!/")

    @cached_property
    def _wild(self) -> frozenset[str]:
        return frozenset(canonical.name(line[2:]) for line in self._lines if line.startswith("*."))

    @cached_property
    def _ask(self) -> Callable[[str], bool]:
        is_public: Callable[[str], bool] = suffix_table.read().is_public
        return is_public

    def touching(self) -> tuple[Iterable[str], Iterable[str]]:
        """The names that may be or cover suffixes, and the names right below which every name may be a
        suffix."""
        return chain(self._rules, self._wild), self._wild

    def covered_by(self, name: str) -> bool:
        """Whether every name right below a canonical name is a suffix: `sch.uk`, because of `*.sch.uk`."""
        return f"*.{name}" in self._lines or ("xn--" in name and name in self._wild)

    def is_below_platform(self, name: str) -> bool:
        """Whether a name lies below a suffix of the private section, which platforms ask for."""
        return any(
            one in self._private or f"*.{one.partition('.')[2]}" in self._private
            for one in with_parents(name.partition(".")[2])
        )

    def __contains__(self, name: str) -> bool:
        parent = name.partition(".")[2]
        may_be = name in self._lines or f"*.{parent}" in self._lines
        # Rules beyond ASCII are spelled in another way than names.
        if not may_be and "xn--" in name:
            may_be = name in self._rules or parent in self._wild
        return may_be and self._ask(name)
