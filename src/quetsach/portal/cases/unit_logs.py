"""What the logs of units tell of each day, and of the machines on it: read once, for all machines of a unit.

A day of a large unit names hundreds of machines, so that each place keeps by name the days on which a machine
was seen. What a machine shares with all others, such as the days of a log, is not copied for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID

from quetsach.portal.cases.asking import same
from quetsach.portal.cases.leased import Lent
from quetsach.portal.sightings.intake import lost
from quetsach.portal.sightings.models import AskedList, Coverage, CoveredDay
from quetsach.portal.sightings.spans import Span


class DayOfLog(NamedTuple):
    """One UTC day of one source. `asked` is the list of machines that its scan was asked about, None for
    none; `is_recorded`: all machines of the day were recorded, without hours."""

    coverage: Coverage
    day: date
    hours: list[int]
    lost: tuple[Span, ...]
    asked: int | None
    is_recorded: bool


class DayOfMachine(NamedTuple):
    """One UTC day of one source, and the machine on it. `is_asked`: the scan was asked about the machine;
    then `alive` has a bit for each hour in which it was seen. `is_recorded`: all machines of the day were
    recorded, without hours, and it was among them if `is_seen`."""

    coverage: Coverage
    day: date
    hours: list[int]
    lost: tuple[Span, ...]
    is_asked: bool
    alive: int
    is_recorded: bool
    is_seen: bool


class Named(NamedTuple):
    """The names of one machine in the logs of one unit: `called` as scans are asked about them, `keys` as
    logs spell them. `lent` tells on which days its addresses are its own."""

    called: frozenset[str]
    keys: frozenset[str]
    lent: Lent | None = None

    def has(self, name: str, day: date) -> bool:
        """Whether the name is the machine's own on a UTC day: an address may be another machine's then."""
        lent = self.lent
        return lent is None or name not in lent.addresses or lent.is_own(name, day)


class Seen(NamedTuple):
    """One machine at a place: by day the hours in which it was seen, as bits; the days on which the scans
    were asked about it, or recorded all; the days on which it was recorded without an hour."""

    alive: dict[date, int]
    asked: frozenset[date]
    seen_on: frozenset[date]


NOWHERE: frozenset[date] = frozenset()


@dataclass
class PlaceDays:
    """The days of one place, in the order of time."""

    lists: Mapping[int, frozenset[str]]
    """The names of the machines of each list of asked machines."""
    rows: list[DayOfLog] = field(default_factory=list)
    _alive: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    """By name of a machine: the number of the row, and the hours as bits."""
    _recorded: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    _ids: set[int] = field(default_factory=set)
    _asked: dict[frozenset[int], frozenset[date]] = field(default_factory=dict)

    def add(self, row: DayOfLog, alive: Mapping[str, int], recorded: Iterable[str]) -> None:
        """Take a day with the machines that were seen on it."""
        number = len(self.rows)
        self.rows.append(row)
        if row.asked is not None:
            self._ids.add(row.asked)
        for name, mask in alive.items():
            self._alive[same(name)].append((number, mask))
        for key in recorded:
            self._recorded[key].append(number)

    def masks(self, one: Named) -> dict[int, int]:
        """By number of the row: the hours in which the machine was seen."""
        found: dict[int, int] = {}
        for name in one.called if self._alive else ():
            for number, mask in self._alive.get(name, ()):
                if mask and one.has(name, self.rows[number].day):
                    found[number] = found.get(number, 0) | mask
        return found

    def recorded(self, one: Named) -> set[int]:
        """The numbers of the rows that recorded the machine."""
        return {
            number
            for key in (one.keys if self._recorded else ())
            for number in self._recorded.get(key, ())
            if one.has(key, self.rows[number].day)
        }

    def are_asked(self, one: Named) -> Iterator[bool]:
        """Of each row, whether its scan was asked about the machine."""
        always = self._lists_of(one.called if one.lent is None else one.called - one.lent.addresses)
        sometimes = self._lists_of(one.called) - always
        for row in self.rows:
            yield row.asked in always or (
                row.asked in sometimes
                and any(one.has(name, row.day) for name in one.called & self.lists[row.asked])
            )

    def seen(self, one: Named) -> Seen:
        """What the place knows of the machine."""
        masks, recorded = self.masks(one), self.recorded(one)
        alive: dict[date, int] = {}
        for number, mask in masks.items():
            day = self.rows[number].day
            alive[day] = alive.get(day, 0) | mask
        seen_on = frozenset(self.rows[n].day for n in recorded if n not in masks) if recorded else NOWHERE
        asked = self._asked_days(one)
        return Seen(alive, asked if asked.issuperset(alive) else asked.union(alive), seen_on)

    def _asked_days(self, one: Named) -> frozenset[date]:
        lists = self._lists_of(one.called)
        if one.lent is not None and lists != self._lists_of(one.called - one.lent.addresses):
            rows = zip(self.rows, self.are_asked(one), strict=True)
            return frozenset(row.day for row, is_asked in rows if is_asked or row.is_recorded)
        if lists not in self._asked:
            self._asked[lists] = frozenset(
                row.day for row in self.rows if row.is_recorded or row.asked in lists
            )
        return self._asked[lists]

    def _lists_of(self, names: frozenset[str]) -> frozenset[int]:
        return frozenset(pk for pk in self._ids if not names.isdisjoint(self.lists[pk]))


@dataclass
class UnitLogs:
    """The logs of one unit. `coverages` are all tellings of their sources; `current` those that days rest on,
    and those without a time, both in the order of time."""

    coverages: list[Coverage] = field(default_factory=list)
    current: list[Coverage] = field(default_factory=list)
    places: dict[str, PlaceDays] = field(default_factory=dict)

    def days(self, one: Named) -> dict[int, list[DayOfMachine]]:
        """By coverage: each day, with the machine on it."""
        found: dict[int, list[DayOfMachine]] = defaultdict(list)
        for place in self.places.values():
            masks, recorded = place.masks(one), place.recorded(one)
            for number, (row, is_asked) in enumerate(zip(place.rows, place.are_asked(one), strict=True)):
                mask = masks.get(number, 0)
                found[row.coverage.pk].append(
                    DayOfMachine(
                        *row[:4], is_asked or bool(mask), mask, row.is_recorded, number in recorded
                    )
                )  # fmt: skip
        return found


def logs_of(nodes: Collection[UUID], since: datetime | None) -> dict[UUID, UnitLogs]:
    """The logs of units. Coverage that ended before `since` is left out. Two or three queries."""
    coverages = Coverage.rows.filter(scan__node__in=nodes).select_related("scan__indicator_set", "scan__node")
    if since is not None:
        coverages = coverages.filter(last__gt=since)
    told = {coverage.pk: coverage for coverage in coverages.order_by("first", "pk")}
    lists: dict[int, frozenset[str]] = {}
    found = {node: UnitLogs() for node in nodes}
    with_days: set[int] = set()
    for row, alive, recorded in _rows(nodes, since, told, lists):
        with_days.add(row.coverage.pk)
        places = found[row.coverage.scan.node_id].places
        name = row.coverage.name
        if name not in places:
            places[name] = PlaceDays(lists)
        places[name].add(row, alive, recorded)
    for coverage in told.values():
        logs = found[coverage.scan.node_id]
        logs.coverages.append(coverage)
        if coverage.pk in with_days or coverage.last is None:
            logs.current.append(coverage)
    return found


type _Told = tuple[DayOfLog, Mapping[str, int], Collection[str]]


def _rows(
    nodes: Collection[UUID],
    since: datetime | None,
    told: Mapping[int, Coverage],
    lists: dict[int, frozenset[str]],
) -> Iterator[_Told]:
    rows = CoveredDay.rows.filter(node__in=nodes)
    fields = ["coverage", "day", "hours", "gaps", "devices", "alive", "asked"]
    if since is None:
        fields.append("asked__names")  # the page of a case has few days, and a query less
    else:
        rows = rows.filter(day__gte=since.astimezone(UTC).date())
        stored = AskedList.rows.filter(pk__in=rows.values("asked")).values_list("pk", "names")
        lists |= {pk: frozenset(map(same, some)) for pk, some in stored}
    for row in rows.order_by("day", "pk").values_list(*fields).iterator(chunk_size=50):
        coverage, day, hours, gaps, devices, alive, asked = row[:7]
        if coverage not in told:
            continue
        if row[7:] and asked is not None and asked not in lists:
            lists[asked] = frozenset(map(same, row[7]))
        its = DayOfLog(told[coverage], day, hours, tuple(lost(gaps)), asked, bool(devices))
        yield its, alive, devices
