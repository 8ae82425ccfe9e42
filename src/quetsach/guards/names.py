"""Names that stand for something, and the relation of an indicator to them: on, below or above one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from importlib import resources

from quetsach import canonical


class Names[Found]:
    """Names, each with what it stands for; the first added wins."""

    def __init__(self) -> None:
        self._on: dict[str, Found] = {}
        self._below: dict[str, Found] = {}
        self._above: dict[str, Found] = {}

    def add(self, name: str, found: Found, *, below: bool, above: bool = True) -> None:
        """Know a canonical name; `below`: also what is under it; `above`: also what would cover it."""
        (self._below if below else self._on).setdefault(name, found)
        parent = name.partition(".")[2] if above else ""
        while parent and parent not in self._above:
            self._above[parent] = found
            parent = parent.partition(".")[2]

    def add_all(self, entries: Iterable[str], found: Found) -> None:
        """Know many canonical names that stand for the same; a leading dot says also what is under one."""
        on, under, over = self._on, self._below, self._above
        for entry in entries:
            if entry[0] == ".":
                under.setdefault(entry[1:], found)
            else:
                on.setdefault(entry, found)
            parent = entry[1:].partition(".")[2]
            while parent and parent not in over:
                over[parent] = found
                parent = parent.partition(".")[2]

    def find(self, name: str, *, covers: bool) -> Found | None:
        """What a canonical name touches; `covers` says that it stands for its subdomains, too."""
        below, rest = self._below, name
        while rest:
            found = below.get(rest)
            if found is not None:
                return found
            rest = rest.partition(".")[2]
        found = self._on.get(name)
        return found if found is not None or not covers else self._above.get(name)

    def touching(self) -> tuple[Iterable[str], Iterable[str]]:
        """The names on or below which something is found, and those on which alone."""
        return self._below, (*self._on, *self._above)


class Suffixes:
    """Public suffixes, the private section too; the package is asked only where a rule may apply."""

    def __init__(self) -> None:
        data = (
            resources.files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text(encoding="utf-8")
        )
        rules = [line.strip() for line in data.splitlines() if line.strip() and not line.startswith("//")]
        self._rules = frozenset(canonical.name(rule) for rule in rules if rule[0] not in "*!")
        self._wild = frozenset(canonical.name(rule[2:]) for rule in rules if rule.startswith("*."))

    @cached_property
    def _ask(self) -> Callable[[str], bool]:
        from publicsuffixlist import PublicSuffixList  # its table is read when a name needs it

        is_public: Callable[[str], bool] = PublicSuffixList().is_public
        return is_public

    def touching(self) -> tuple[Iterable[str], Iterable[str]]:
        """The names that may be suffixes, and those right below which all may be."""
        return self._rules, self._wild

    def __contains__(self, name: str) -> bool:
        if name not in self._rules and name.partition(".")[2] not in self._wild:
            return False
        return self._ask(name)
