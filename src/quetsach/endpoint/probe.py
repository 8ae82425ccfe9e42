"""What a probe is: one thing to look at, and how it answers when it cannot see all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from quetsach.endpoint.fact import Fact, Gap, Observed, Unavailable, fact
from quetsach.endpoint.machine import Entry, Machine, System

MOST_FACTS = 100_000
"""Of one probe; beyond that the machine is feeding the check, and the rest is a gap."""
_ALL = frozenset(System)


class Seen:
    """Where a probe puts what it sees."""

    def __init__(self) -> None:
        self.items: list[Fact] = []
        self.gaps: list[Gap] = []

    def add(self, kind: str, /, **fields: object) -> None:
        """One fact; raises Unavailable beyond `MOST_FACTS`."""
        if len(self.items) >= MOST_FACTS:
            raise Unavailable("too_large", kind)
        self.items.append(fact(kind, **fields))

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part whose absence becomes a gap, while the probe goes on. What is missing is no gap: nothing is
        there to be seen."""
        try:
            yield
        except Unavailable as error:
            if error.reason != "missing":
                self.lack(error.reason, error.detail)

    def lack(self, reason: str, detail: str) -> None:
        """One gap, told once."""
        gap = Gap(reason, detail)
        if gap not in self.gaps:
            self.gaps.append(gap)

    def first[T](self, found: Sequence[T], most: int, where: str) -> Sequence[T]:
        """No more than `most` are looked at; that there are more is a gap."""
        if len(found) > most:
            self.lack("too_large", where)
        return found[:most]

    def followed(self, machine: Machine, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries, and in the place of each link what it leads to, under the link's name. A link that
        leads to what this disk does not hold is a gap; one that leads nowhere on a running machine is not."""
        for one in entries:
            if not one.is_link:
                yield one
                continue
            with self.part():
                there = machine.files.entry(machine.files.follow(one.path))
                if there is not None:
                    yield replace(there, name=one.name)


@dataclass(frozen=True, slots=True)
class Probe:
    """`name` is stable and English. Without an essential probe there is no verdict of clean, unless the kind
    of machine cannot have what it looks for (`systems`, or `needs_running` on a disk that is off)."""

    name: str
    look: Callable[[Machine, Seen], None] = field(repr=False)
    systems: frozenset[System] = _ALL
    needs_running: bool = False
    is_essential: bool = False

    def applies_to(self, machine: Machine) -> bool:
        """Whether this kind of machine could answer at all."""
        return machine.system in self.systems and (machine.is_running or not self.needs_running)

    def run(self, machine: Machine) -> Observed:
        """Look; whatever cannot be seen is said in the answer, nothing is raised."""
        if machine.system not in self.systems:
            return Observed.not_checked("other_system")
        if self.needs_running and not machine.is_running:
            return Observed.not_checked("not_running")
        seen = Seen()
        try:
            self.look(machine, seen)
        except Unavailable as error:
            seen.gaps.append(Gap(error.reason, error.detail))
        except Exception as error:
            # The machine looked at is hostile; one probe that it breaks must not end the check.
            seen.gaps.append(Gap("failed", type(error).__name__))
        return Observed.of(seen.items, seen.gaps)
