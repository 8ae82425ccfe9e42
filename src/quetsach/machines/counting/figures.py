"""The figures of units at a moment, from what is known now.

Counted is a machine whose signs began by the moment: by the time of its first sign, not by the arrival of the
log. Steps count from the time they were written down; a relapse counts from the time of its sign. That a case
is a false alarm, that two machines are one, and whose machine it is, are knowledge about all times. So the
figures of a moment change when more becomes known about it, and never because time goes on.

A machine is in one unit. The figures of a unit and all below are sums: every number but the medians.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from typing import NamedTuple

from quetsach.machines.counting.computers import NONE, Computers, computers_of
from quetsach.machines.counting.histories import (
    TRIES,
    Act,
    CaseHistory,
    Histories,
    Id,
    Kind,
    MachineHistory,
    Move,
    Rung,
    UnitHistory,
)

COUNTS = (
    "units", "told", "acknowledged", "checked", "infected", "located", "claimed", "rechecked", "verified",
    "relapsed", "reinfected", "false", "shared", "unlocated", "unreachable",
)  # fmt: skip
"""The numbers that add up over units."""
CLOCKS = ("acknowledged", "claimed", "rechecked", "verified")
"""The ends of the clocks that begin with a notice."""

ENDS = {
    "claimed": (Rung.CLAIMED, Rung.RECHECKED, Rung.VERIFIED),
    "rechecked": (Rung.RECHECKED, Rung.VERIFIED),
    "verified": (Rung.VERIFIED,),
}
"""The rungs of a case that came to the end of a clock."""


class Standing(NamedTuple):
    """How one machine stands at a moment."""

    rung: Rung
    kind: Kind
    is_relapsed: bool = False
    is_reinfected: bool = False
    is_unreachable: bool = False


@dataclass(slots=True)
class Clock:
    """Hours from being told to an end, of those that came there, and the number of all that were told."""

    hours: list[float] = field(default_factory=list)
    all: int = 0

    def median(self) -> float | None:
        """The hours within which half of all came there: those that have not come yet count as later than any
        other. None where half of them have not come, or nobody was told."""
        half = (self.all + 1) // 2
        return sorted(self.hours)[half - 1] if half and len(self.hours) >= half else None


@dataclass(slots=True)
class Figures:
    """The figures of a unit, or of it and all below, at a moment.

    `infected` are machines, `shared` addresses of many machines with at least one infected, `unlocated` signs
    of one of several machines. All three together are `seen`. `claimed`, `rechecked` and `verified` of these
    came at least so far. False alarms are in no other number.
    """

    units: int = 0
    told: int = 0
    acknowledged: int = 0
    checked: int = 0
    infected: int = 0
    located: int = 0
    claimed: int = 0
    rechecked: int = 0
    verified: int = 0
    relapsed: int = 0
    reinfected: int = 0
    false: int = 0
    shared: int = 0
    unlocated: int = 0
    unreachable: int = 0
    computers: Computers = NONE
    clocks: dict[str, Clock] = field(default_factory=lambda: {name: Clock() for name in CLOCKS})
    active: Counter[date] = field(default_factory=Counter)
    """Machines with signs by local day."""

    @property
    def seen(self) -> int:
        """Machines and addresses in which signs were seen."""
        return self.infected + self.shared + self.unlocated

    def counts(self) -> dict[str, int]:
        """The numbers that add up, by name."""
        return {name: getattr(self, name) for name in COUNTS}

    def add(self, other: Figures) -> None:
        """Add the figures of other units."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.computers += other.computers
        for name, clock in other.clocks.items():
            self.clocks[name].hours += clock.hours
            self.clocks[name].all += clock.all
        self.active.update(other.active)


@dataclass(frozen=True)
class Counted:
    """`own` and `whole` figures by unit (`whole`: with all units below), and the standing of each machine
    that is counted."""

    own: dict[Id, Figures]
    whole: dict[Id, Figures]
    machines: dict[Id, Standing]


def figures_at(known: Histories, at: datetime, *, zone: timezone) -> Counted:
    """The figures of all units at a moment. `zone` is that of the local days in `MachineHistory.days`.

    Machines of units that are not in `known` are left out.
    """
    own = {unit.id: _of_unit(unit, at) for unit in known.units}
    told = {unit.id: unit.told for unit in known.units}
    lasting = at.astimezone(zone).date()
    machines: dict[Id, Standing] = {}
    counted = _counted_cases(known.cases, at)
    joined, former = _joined_later(known.cases, at), _former(known.cases)
    for machine in known.machines:
        cases = counted.get(machine.id)
        if not cases or machine.unit not in own:
            continue
        rungs = {case.id: rung_at(case, at, joined) for case in cases[1]}
        standing = _standing(machine, cases, rungs, at)
        machines[machine.id] = standing
        _count(own[machine.unit], machine, standing, lasting)
        for case in cases[0]:
            if rungs[case.id] is not Rung.FALSE:
                _clock(own[machine.unit], case, former.get(case.id, ()), told[machine.unit], at)
    return Counted(own, _sums(known.units, own), machines)


def rung_at(case: CaseHistory, at: datetime, joined: Mapping[Id, Sequence[CaseHistory]]) -> Rung:
    """How far a case was, by what is known now. `joined` are cases that became it after the moment: the least
    proven of all that existed then counts."""
    if case.rung is Rung.FALSE:
        return Rung.FALSE
    members = [case, *joined.get(case.id, ())]
    there = [one for one in members if one.opened <= at and one.rung is not Rung.FALSE]
    return min((_replayed(one, at) for one in there), default=Rung.OPEN)


def _replayed(case: CaseHistory, at: datetime) -> Rung:
    if all(move.since <= at for move in case.moves):
        return case.rung
    rung = Rung.OPEN
    for move in case.moves:
        # A case that is no false alarm was never one.
        if move.since <= at and move.after is not Rung.FALSE and move.act is not Act.MERGED:
            rung = move.after
    return rung


def _counted_cases(
    cases: Iterable[CaseHistory], at: datetime
) -> dict[Id, tuple[list[CaseHistory], list[CaseHistory]]]:
    """By machine: the latest episode of each family, and all episodes that had begun. A case that has become
    another one is no case."""
    latest: dict[tuple[Id, str], CaseHistory] = {}
    every: dict[Id, list[CaseHistory]] = defaultdict(list)
    for case in cases:
        if case.into is not None or case.began > at:
            continue
        every[case.machine].append(case)
        key = (case.machine, case.family)
        if key not in latest or _place(latest[key]) < _place(case):
            latest[key] = case
    found: dict[Id, tuple[list[CaseHistory], list[CaseHistory]]] = {}
    for case in latest.values():
        found.setdefault(case.machine, ([], every[case.machine]))[0].append(case)
    return found


def _place(case: CaseHistory) -> tuple[bool, int]:
    """The latest episode counts, and false alarms only where all episodes are: none takes a proof back."""
    return case.rung is not Rung.FALSE, case.episode


def _is_again(cases: Iterable[CaseHistory]) -> bool:
    """Whether one malware infected the machine more than once; of cases that are no false alarms."""
    episodes = Counter(case.family for case in cases)
    return any(number > 1 for number in episodes.values())


def _ways(cases: Iterable[CaseHistory]) -> Iterator[tuple[Id, list[CaseHistory]]]:
    """Of each case that became another one: the case that it is now, and those on the way, itself first."""
    merged = {case.id: case for case in cases if case.into is not None}
    for case in merged.values():
        way, lead = [case], case.into
        passed = {case.id}
        while lead in merged and lead not in passed:
            passed.add(lead)
            way.append(merged[lead])
            lead = merged[lead].into
        if lead is not None:
            yield lead, way


def _former(cases: Iterable[CaseHistory]) -> dict[Id, list[CaseHistory]]:
    """By case: all that became it, perhaps through others."""
    found: dict[Id, list[CaseHistory]] = defaultdict(list)
    for lead, way in _ways(cases):
        found[lead].append(way[0])
    return found


def _joined_later(cases: Iterable[CaseHistory], at: datetime) -> dict[Id, list[CaseHistory]]:
    """By case: those that became it, perhaps through others, after the moment. Of those that became it
    before, its own steps tell."""
    found: dict[Id, list[CaseHistory]] = defaultdict(list)
    for lead, way in _ways(cases):
        if all(move.at > at for one in way for move in one.moves if move.act is Act.MERGED):
            found[lead].append(way[0])
    return found


def _standing(
    machine: MachineHistory,
    cases: tuple[list[CaseHistory], list[CaseHistory]],
    rungs: Mapping[Id, Rung],
    at: datetime,
) -> Standing:
    latest, every = cases
    real = [case for case in every if rungs[case.id] is not Rung.FALSE]
    return Standing(
        min(rungs[case.id] for case in latest),
        machine.kind,
        any(move.act is Act.RELAPSE and move.since <= at for case in real for move in case.moves),
        _is_again(real),
        any(rungs[case.id] is Rung.OPEN and _is_unreachable(case, at) for case in latest),
    )


def _is_unreachable(case: CaseHistory, at: datetime) -> bool:
    """Whether people tried to reach the machine often enough since they reached it last."""
    tries = 0
    for move in case.moves:
        if move.since <= at:
            tries = 0 if move.act in (Act.REACHED, Act.CLAIM) else tries + (move.act is Act.TRY)
    return tries >= TRIES


def _of_unit(unit: UnitHistory, at: datetime) -> Figures:
    found = Figures()
    if unit.takes_part:
        found.units = 1
        if unit.told is not None and unit.told <= at:
            found.told = 1
            found.clocks["acknowledged"].all = 1
            if unit.acknowledged is not None and unit.acknowledged <= at:
                found.clocks["acknowledged"].hours = [_hours(unit.told, unit.acknowledged)]
        if unit.acknowledged is not None and unit.acknowledged <= at:
            # Who confirmed the letter was told, though perhaps by another way than the portal.
            found.acknowledged = found.told = 1
    found.checked = unit.checked
    found.computers = computers_of(unit.register, unit.stated, unit.checked)
    return found


def _count(figures: Figures, machine: MachineHistory, standing: Standing, last: date) -> None:
    if standing.rung is Rung.FALSE:
        figures.false += 1
        return
    match machine.kind:
        case Kind.SHARED:
            figures.shared += 1
        case Kind.UNLOCATED:
            figures.unlocated += 1
        case _:
            figures.infected += 1
            figures.located += machine.kind is Kind.KNOWN
    figures.claimed += standing.rung >= Rung.CLAIMED
    figures.rechecked += standing.rung >= Rung.RECHECKED
    figures.verified += standing.rung >= Rung.VERIFIED
    figures.relapsed += standing.is_relapsed
    figures.reinfected += standing.is_reinfected
    figures.unreachable += standing.is_unreachable
    figures.active.update(day for day in machine.days if day <= last)


def _clock(
    figures: Figures, case: CaseHistory, former: Sequence[CaseHistory], told: datetime | None, at: datetime
) -> None:
    """The notice of a case comes with its opening, but not before its unit had the letter. `former` became
    the case: where it took over how far they were, it came there when they did."""
    start = max(case.opened, told) if told is not None else case.opened
    if start > at:
        return
    before = [move for one in former for move in one.moves if move.at >= case.opened]
    for name, rungs in ENDS.items():
        clock = figures.clocks[name]
        clock.all += 1
        moves = [*case.moves, *before] if _has_taken(case, rungs) else case.moves
        end = min((move.at for move in moves if move.at <= at and _is_end(name, move)), default=None)
        if end is not None:
            clock.hours.append(_hours(start, end))


def _has_taken(case: CaseHistory, rungs: Collection[Rung]) -> bool:
    """Whether a case came to one of these rungs by taking in another one."""
    return any(
        move.act is Act.TAKEN_IN and move.before not in rungs and move.after in rungs for move in case.moves
    )


def _is_end(name: str, move: Move) -> bool:
    return move.act is Act.CLAIM if name == "claimed" else move.after in ENDS[name]


def _hours(start: datetime, end: datetime) -> float:
    return max((end - start).total_seconds() / 3600, 0.0)


def _sums(units: Sequence[UnitHistory], own: Mapping[Id, Figures]) -> dict[Id, Figures]:
    """The figures of each unit with all below: each unit is added to every unit above it."""
    whole = {unit.id: Figures() for unit in units}
    above = {unit.id: unit.parent for unit in units}
    for unit in units:
        place: Id | None = unit.id
        passed = set()
        while place is not None and place in whole and place not in passed:
            whole[place].add(own[unit.id])
            passed.add(place)
            place = above[place]
    return whole
