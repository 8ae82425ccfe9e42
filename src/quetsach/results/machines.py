"""Sightings grouped by machine: people act on machines, never on log lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from typing import Protocol

from quetsach.machines.keys import same
from quetsach.scanning.result import Sightings
from quetsach.scanning.tally import Tally
from quetsach.sightings.sighting import ACTIONS, Sighting

NOBODY = ""
"""The key of all sightings whose line names no client."""
IDENTITY = ("host", "user", "mac", "nat")
MOST_OF_ONE = 3
"""Rows kept for one indicator, so that a frequent indicator does not hide the others."""


class Called(Protocol):
    """Indicators that a machine called, with their lines."""

    def most_common(self, most: int | None = None, /) -> list[tuple[str, int]]:
        """At most `most` indicators, the greatest first."""
        ...

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[str]: ...


_NO_FAMILIES = Counter[str]()


class Machine:
    """One client address or name. `count` is in lines (with two indicators, twice), `total` in rows.

    `action` is the strongest of all sightings. `is_doubtful`: many people use all the indicators that it
    called, so its evidence must be looked at first. There may be hundreds of thousands, so each holds little.
    """

    __slots__ = (
        "action", "count", "device", "families", "first", "identity", "indicators", "is_doubtful", "last",
        "logs", "rows", "total", "whos",
    )  # fmt: skip

    def __init__(self, device: str, indicators: Called) -> None:
        self.device = device
        self.identity: dict[str, str] = {}
        self.whos: Sequence[str] = ()
        """What tells machines with this address apart, if a row says it; several are several machines."""
        self.families = _NO_FAMILIES
        self.indicators = indicators
        self.action = ACTIONS[-1]
        self.logs: Set[str] = frozenset()
        self.count = self.total = 0
        self.first: str | None = None
        self.last: str | None = None
        self.rows: Sequence[Sighting] = ()
        self.is_doubtful = False


def apart(machine: Machine) -> list[str]:
    """The machines that had this address, where its rows name several; else empty.

    A hardware address and a host name may be those of one machine, so only values of one kind are compared.
    """
    if machine.device == NOBODY or len(machine.whos) < 2:
        return []
    found: dict[str, dict[str, str]] = {"mac": {}, "host": {}}
    for one in machine.whos:
        kind, _, value = one.partition(":")
        found.setdefault(kind, {}).setdefault(same(one), value)
    names = max(found["mac"], found["host"], key=len)
    return list(names.values()) if len(names) > 1 else []


class _Counting(Machine):
    """A machine whose sightings are still being counted."""

    def __init__(self, device: str, indicators: Called) -> None:
        super().__init__(device, indicators)
        self.whos: list[str] = []
        self.families = Counter()
        self.logs: set[str] = set()
        self.rows: list[Sighting] = []
        self._kept = Counter[str]()

    def add(self, sighting: Sighting, log: str, keep: int) -> None:
        """Count a sighting, except its indicator; keep it if it is among the first `keep` rows."""
        for name, value in sighting.identity.items():
            self.identity.setdefault(name, value)
        if sighting.who and sighting.who not in self.whos:
            self.whos.append(sighting.who)
        if sighting.family:
            self.families[sighting.family] += sighting.count
        self.action = _strongest((self.action, sighting.action))
        self.logs.add(log)
        self.count += sighting.count
        if sighting.first_seen and (self.first is None or sighting.first_seen < self.first):
            self.first = sighting.first_seen
        if sighting.last_seen and (self.last is None or sighting.last_seen > self.last):
            self.last = sighting.last_seen
        self.total += 1
        if len(self.rows) < keep and self._kept[sighting.indicator] < MOST_OF_ONE:
            self._kept[sighting.indicator] += 1
            self.rows.append(sighting)


def _strongest(actions: Iterable[str]) -> str:
    return min(actions, key=ACTIONS.index, default=ACTIONS[-1])


def by_machine(
    sightings: Iterable[Sighting], paths: Mapping[str, str], keep: int = 0, doubts: Collection[str] = ()
) -> list[Machine]:
    """Machines, those that got through first, then by count; doubtful and nameless machines come last.

    `paths` names the log of each source id; `doubts` are indicators that many people use. Memory grows with
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
    logs_of: dict[tuple[str, ...], Set[str]] = {}
    for one in together.machines():
        machine = Machine(one.device, one.indicators)
        machine.identity, machine.whos = dict(one.identity), one.whos
        if one.families:
            machine.families = Counter(dict(one.families))
        machine.action = _strongest(action for action, _lines in one.actions)
        sources = tuple(source for source, _lines in one.sources)
        # Machines with the same logs share one tuple of logs.
        machine.logs = logs_of.setdefault(sources, frozenset(paths.get(source, "") for source in sources))
        machine.count, machine.total = one.count, one.rows
        machine.first, machine.last = one.first, one.last
        yield machine


def _seen(sightings: Iterable[Sighting], paths: Mapping[str, str], keep: int) -> Iterable[Machine]:
    machines: dict[str, _Counting] = {}
    called: dict[str, Counter[str]] = {}
    for sighting in sightings:
        device = sighting.device or NOBODY
        machine = machines.get(device)
        if machine is None:
            called[device] = Counter()
            machine = machines[device] = _Counting(device, called[device])
        called[device][sighting.indicator] += sighting.count
        machine.add(sighting, paths.get(sighting.source, ""), keep)
    return machines.values()
