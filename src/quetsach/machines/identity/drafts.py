"""What is known of one set of keys, until it is a device."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise

from quetsach.machines.evidence import Key
from quetsach.machines.identity.devices import Device, Event, Home
from quetsach.machines.identity.doubts import CLOCKS
from quetsach.machines.identity.joining import Reason
from quetsach.machines.identity.keys import STRENGTH
from quetsach.machines.identity.scopes import related
from quetsach.machines.identity.statements import Statement, Stay

DAY = 86_400_000_000
OFFICE = 7 * 3_600_000_000
"""Days are those of Vietnam, so that one working day is one day."""
NETWORK = ("lease", "neighbour")
_NEVER = 1 << 63
_YEAR = 366 * DAY
"""The end of a longer span is a plan, and nobody saw the machine until then."""


class Draft:
    """Keys with all that was said of them."""

    def __init__(self) -> None:
        self.keys: set[Key] = set()
        self.names: set[Key] = set()
        self.kinds: list[tuple[int, str]] = []
        self.events: set[Event] = set()
        self.first: dict[Key, int] = {}
        self._begin, self._end = _NEVER, 0
        self._days: set[int] = set()
        self._spans: list[tuple[int, int, str]] = []
        self._values: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)

    def see(self, said: Statement) -> None:
        """The device was named at these times."""
        self._span((begin, end) for begin, end, _ in said.times)
        self.kinds += [(said.last, value) for name, value in said.about if name == "kind"]
        if not said.about:
            self._days.update((begin + OFFICE) // DAY for begin, _, _ in said.times)

    def stay(self, stay: Stay) -> None:
        """The device was at these addresses."""
        self._span((begin, end) for begin, end, _ in stay.spans)
        if stay.kind in NETWORK:
            self._days.update((begin + OFFICE) // DAY for begin, _, _ in stay.spans)
            self._spans += [(begin, end, stay.scope) for begin, end, _ in stay.spans]

    def own(self, key: Key, begin: int) -> None:
        """The key is this device's from some time on."""
        self.keys.add(key)
        self.first[key] = min(begin, self.first.get(key, begin))

    def bear(self, kind: str, value: str, begin: int, last: int) -> None:
        """The system bore a name or an id between these times."""
        first = self._values[kind].get(value, (begin, last))
        self._values[kind][value] = min(begin, first[0]), max(last, first[1])

    def id(self) -> Key:
        """The oldest of the strongest keys."""
        return min(self.keys, key=lambda key: (STRENGTH[key.kind], self.first.get(key, _NEVER), key))

    def device(self, id: Key, reasons: list[Reason]) -> Device:
        """The device."""
        said = sorted(self.kinds)
        confirmed = [event.said[0] for event in self.events if event.what == "confirmed"]
        retired = [event.at for event in self.events if event.what == "retired"]
        events = {event for event in self.events if event.what not in ("confirmed", "retired")}
        homes = _homes(self._spans)
        for before, after in pairwise(homes):
            events.add(Event("moved", after.begin, (before.scope, after.scope)))
        events |= _reinstalled(self._values)
        return Device(
            id,
            tuple(sorted(self.keys, key=lambda key: (STRENGTH[key.kind], key))),
            tuple(sorted(self.names)),
            confirmed[0] if confirmed and confirmed[0] else (said[-1][1] if said else ""),
            bool(confirmed),
            min(retired) if retired else None,
            self._begin,
            self._end,
            frozenset(self._days),
            tuple(homes),
            tuple(sorted(events, key=lambda one: (one.at, one))),
            tuple(reasons),
        )

    def _span(self, times: Iterable[tuple[int, int]]) -> None:
        for begin, end in times:
            if begin < self._begin:
                self._begin = begin
            seen = end if end <= begin + _YEAR else begin
            if seen > self._end:
                self._end = seen


def _homes(spans: list[tuple[int, int, str]]) -> list[Home]:
    """The units that a device was in, one after the other; of two related units the lower."""
    homes: list[Home] = []
    for begin, end, scope in sorted(spans):
        if homes and related(homes[-1].scope, scope):
            last = homes[-1]
            homes[-1] = Home(max(last.scope, scope, key=len), last.begin, max(last.end, end))
        else:
            if homes:
                homes[-1] = homes[-1]._replace(end=min(homes[-1].end, begin))
            homes.append(Home(scope, begin, end))
    return homes


def _reinstalled(values: Mapping[str, Mapping[str, tuple[int, int]]]) -> set[Event]:
    """A new name or id of the system on the same machine, while the earlier ones were seen no more."""
    found: dict[int, Event] = {}
    for by_value in values.values():
        order = sorted((first, last, value) for value, (first, last) in by_value.items())
        reached = order[0][1]
        for first, last, value in order[1:]:
            if reached < first + CLOCKS and first > order[0][0]:
                found.setdefault(first, Event("reinstalled", first, (value,)))
            reached = max(reached, last)
    return set(found.values())
