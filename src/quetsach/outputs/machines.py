"""Sightings put together by machine: people act on machines, never on log lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Protocol

from quetsach.scanning.result import Sightings
from quetsach.scanning.tally import Tally
from quetsach.sighting import ACTIONS, Sighting

NOBODY = ""
"""The key of all sightings whose line names no client."""
IDENTITY = ("host", "user", "mac", "nat")
MOST_OF_ONE = 3
"""Rows kept of one indicator, so that a busy one does not hide the others."""


class Called(Protocol):
    """Indicators that a machine called, with their lines."""

    def most_common(self, most: int | None = None, /) -> list[tuple[str, int]]:
        """At most so many, the greatest first."""
        ...

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[str]: ...


class Machine:
    """One client address or name. `count` is in lines (with two indicators, twice), `total` in rows.

    `is_doubtful`: many share all that it called, so its evidence must be looked at first.
    """

    def __init__(self, device: str, indicators: Called) -> None:
        self.device = device
        self.identity: dict[str, str] = {}
        self.families = Counter[str]()
        self.indicators = indicators
        self.actions = Counter[str]()
        self.logs: set[str] = set()
        self.count = self.total = 0
        self.first: str | None = None
        self.last: str | None = None
        self.rows: list[Sighting] = []
        self.kept = Counter[str]()
        self.is_doubtful = False

    @property
    def action(self) -> str:
        """The strongest action of all sightings."""
        return min(self.actions, key=ACTIONS.index, default=ACTIONS[-1])

    def add(self, sighting: Sighting, log: str, keep: int) -> None:
        """Count one sighting in, but for its indicator; keep it where it is among the first `keep` rows."""
        for name, value in sighting.identity.items():
            self.identity.setdefault(name, value)
        if sighting.family:
            self.families[sighting.family] += sighting.count
        self.actions[sighting.action] += sighting.count
        self.logs.add(log)
        self.count += sighting.count
        if sighting.first_seen and (self.first is None or sighting.first_seen < self.first):
            self.first = sighting.first_seen
        if sighting.last_seen and (self.last is None or sighting.last_seen > self.last):
            self.last = sighting.last_seen
        self.total += 1
        if len(self.rows) < keep and self.kept[sighting.indicator] < MOST_OF_ONE:
            self.kept[sighting.indicator] += 1
            self.rows.append(sighting)


def by_machine(
    sightings: Iterable[Sighting], paths: Mapping[str, str], keep: int = 0, doubts: Collection[str] = ()
) -> list[Machine]:
    """Machines, those that got through first, then by count; doubtful ones and those unknown come last.

    `paths` names the log of each source id; `doubts` are indicators that many share. Memory grows with
    machines and their indicators, and `keep` rows for each machine.
    """
    together = sightings.tally() if isinstance(sightings, Sightings) and not keep else None
    machines = list(_seen(sightings, paths, keep) if together is None else _told(together, paths))
    if together is None:
        doubtful = [all(indicator in doubts for indicator in machine.indicators) for machine in machines]
    else:
        doubtful = together.called_only(doubts)
    for machine, is_doubtful in zip(machines, doubtful, strict=True):
        machine.is_doubtful = is_doubtful

    def rank(one: Machine) -> tuple[bool, bool, int, int, str]:
        return one.device == NOBODY, one.is_doubtful, ACTIONS.index(one.action), -one.count, one.device

    return sorted(machines, key=rank)


def _told(together: Tally, paths: Mapping[str, str]) -> Iterable[Machine]:
    for one in together.machines:
        machine = Machine(one.device, one.indicators)
        machine.identity = dict(one.identity)
        machine.families, machine.actions = Counter(dict(one.families)), Counter(dict(one.actions))
        machine.logs = {paths.get(source, "") for source, _lines in one.sources}
        machine.count, machine.total = one.count, one.rows
        machine.first, machine.last = one.first, one.last
        yield machine


def _seen(sightings: Iterable[Sighting], paths: Mapping[str, str], keep: int) -> Iterable[Machine]:
    machines: dict[str, Machine] = {}
    called: dict[str, Counter[str]] = {}
    for sighting in sightings:
        device = sighting.device or NOBODY
        machine = machines.get(device)
        if machine is None:
            called[device] = Counter()
            machine = machines[device] = Machine(device, called[device])
        called[device][sighting.indicator] += sighting.count
        machine.add(sighting, paths.get(sighting.source, ""), keep)
    return machines.values()
