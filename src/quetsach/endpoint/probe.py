"""A probe looks at one thing and reports facts, and gaps where it cannot see all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from quetsach.endpoint.fact import Fact, Gap, Observed, Unavailable, fact
from quetsach.endpoint.machine import Entry, Machine, System
from quetsach.endpoint.registry_values import gaps_go_to

MOST_FACTS = 100_000
"""Facts of one probe, at most: a machine with more feeds the check, and the rest becomes a gap."""
_ALL = frozenset(System)


class Seen:
    """Collects the facts and gaps of a probe."""

    def __init__(self) -> None:
        self.items: list[Fact] = []
        self.gaps: list[Gap] = []
        self._told: set[Gap] = set()

    def add(self, kind: str, /, **fields: object) -> None:
        """Add a fact; raises Unavailable beyond `MOST_FACTS`."""
        if len(self.items) >= MOST_FACTS:
            raise Unavailable("too_large", kind)
        self.items.append(fact(kind, **fields))

    @contextmanager
    def part(self) -> Iterator[None]:
        """An unavailable part becomes a gap, and the probe goes on. A missing file or key is no gap: there is
        nothing to see."""
        try:
            yield
        except Unavailable as error:
            if error.reason != "missing":
                self.lack(error.reason, error.detail)

    def lack(self, reason: str, detail: str) -> None:
        """Add a gap, once."""
        gap = Gap(reason, detail)
        if gap not in self._told:
            self._told.add(gap)
            self.gaps.append(gap)

    def first[T](self, found: Sequence[T], most: int, where: str) -> Sequence[T]:
        """At most `most` of the entries; if there are more, that is a gap."""
        if len(found) > most:
            self.lack("too_large", where)
        return found[:most]

    def followed(self, machine: Machine, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries, with the target of each link in its place, under the link's name. A link whose target
        is not on this disk is a gap; a link to nowhere on a running machine is none."""
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
    """`name` is stable and English. A clean verdict needs every essential probe, unless the probe does not
    apply to this kind of machine (`systems`, or `needs_running` on a disk that is off), and no value of the
    registry that another probe asked for in vain."""

    name: str
    look: Callable[[Machine, Seen], None] = field(repr=False)
    systems: frozenset[System] = _ALL
    needs_running: bool = False
    is_essential: bool = False

    def applies_to(self, machine: Machine) -> bool:
        """Whether the probe can see anything on this kind of machine."""
        return machine.system in self.systems and (machine.is_running or not self.needs_running)

    def run(self, machine: Machine) -> Observed:
        """Look at the machine. The answer reports all that cannot be seen; nothing is raised."""
        if machine.system not in self.systems:
            return Observed.not_checked("other_system")
        if self.needs_running and not machine.is_running:
            return Observed.not_checked("not_running")
        seen, has_unread = Seen(), False

        def unread(reason: str, place: str) -> None:
            nonlocal has_unread
            has_unread = True
            seen.lack(reason, place)

        try:
            with gaps_go_to(unread):
                self.look(machine, seen)
        except Unavailable as error:
            seen.gaps.append(Gap(error.reason, error.detail))
        except Exception as error:
            # The machine is hostile; a probe that it breaks must not end the check.
            seen.gaps.append(Gap("failed", type(error).__name__))
        return replace(Observed.of(seen.items, seen.gaps), has_unread=has_unread)
