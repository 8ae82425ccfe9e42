"""The truth: an outbreak in ten offices for eleven weeks, what their logs hold, and when that is known.

This module imports nothing of quetsach. Times are whole hours since the first midnight, a Monday; the offices
keep one clock.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

DAY, WEEK = 24, 168
DAYS = 75
OFFICES = 10
INFECTED, UNCLEANED, AROUND, WRONG, DOWN = 0.4, 0.25, 0.05, 0.005, 0.05
"""Parts: of infected computers, of cleanings that do not work, of computers that begin to go around, of
indicators that are wrong, of hours in which a place writes nothing."""
PATIENCE = 21
FULL, TRICKLE = (0, 1), (2,)
"""Offices in trouble from day 30 on. The disk of some is full on each working day from 9 to 19 o'clock; the
log of the other then holds a thirtieth of its lines. There the malware mostly stays, and works by day."""
TROUBLE = 30
RESOLVERS = (3, 4, 6, 8)
"""Offices whose log has several lines a look-up. The first alone names the machine."""
INDIRECT = 0.8
"""The part of the malware there that changes its way about when it is handled: it asks for names that nobody
lists. Only the answer holds a listed address, on a line that names no machine."""
RELAYED = 0.4
"""Of that malware so much asks a resolver of the office that nobody has declared, and which asks the log's
resolver: the line of the question names the address of the former."""
EXPIRING = 6
"""Of twenty families the indicators of so many expire about when the machines are cleaned."""
MONTH = 30 * DAY


@dataclass
class Indicator:
    """`expires` and `recalled`: the hour from which nobody looks for it, and that of its recall."""

    name: str
    family: str
    expires: int | None = None
    is_wrong: bool = False
    popularity: float = 0.0
    recalled: int | None = None


@dataclass(frozen=True)
class Sign:
    """A log line about an indicator that names the machine; `arrived` is the hour in which the log came."""

    indicator: Indicator
    hour: int
    arrived: int


@dataclass(frozen=True)
class Nameless:
    """A log line about an indicator that names no machine. `is_answer`: the machine asked for something else;
    else the line repeats a question that stands in the log with its machine, or with the address of an
    undeclared resolver (`is_relayed`)."""

    indicator: Indicator
    hour: int
    arrived: int
    is_answer: bool
    is_relayed: bool = False


@dataclass(eq=False)
class Computer:
    """A machine. `infected` is the span of hours; `claimed` the hour in which somebody says that it is clean.

    `hours`: its working hours; `around`: the hours in which its names go around the log. `clone`: until
    hour `split` the portal takes both for one machine; the claim was made on the other one.
    """

    number: int
    office: int
    hours: list[int] = field(default_factory=list)
    family: str = ""
    infected: tuple[int, int] = (0, 0)
    claimed: int | None = None
    is_cleaned: bool = False
    begins_late: bool = False
    """Its malware speaks from 10 to 16 o'clock only."""
    around: list[int] = field(default_factory=list)
    is_part_time: bool = False
    """It works six hours a week: too few for a proof by logs."""
    is_around_told: bool = True
    """The log tells when it goes around."""
    clone: Computer | None = None
    is_indirect: bool = False
    """From two days before its claim on the malware asks for names that nobody lists."""
    is_relayed: bool = False
    """From then on it asks an undeclared resolver instead."""
    signs: list[Sign] = field(default_factory=list)

    @property
    def goes_around(self) -> bool:
        return bool(self.around)


@dataclass
class Office:
    """`lines` by hour as they were written; `arrived` the hour in which the log of each day came; `agent`:
    its antivirus tells the hours in which it sees a machine."""

    number: int
    lines: list[int] = field(default_factory=lambda: [0] * (DAYS * DAY))
    down: set[int] = field(default_factory=set)
    arrived: list[int] = field(default_factory=list)
    has_agent: bool = False
    nameless: list[Nameless] = field(default_factory=list)

    @property
    def is_in_trouble(self) -> bool:
        return self.number in (*FULL, *TRICKLE)


@dataclass
class World:
    offices: list[Office]
    computers: list[Computer]
    indicators: list[Indicator]
    expiries: dict[str, int] = field(default_factory=dict)
    """The hour from which nobody looks for a family any more."""
    thin: float = 1 / 30
    """The part of the lines that a trickling log keeps."""

    def of_family(self, family: str) -> list[Indicator]:
        return [one for one in self.indicators if one.family == family]


class Outbreak:
    """One outbreak by one seed."""

    def __init__(self, seed: int, computers: int = 200) -> None:
        self.chance = random.Random(seed)
        self.ways = random.Random(f"ways {seed}")
        self.relays = random.Random(f"relays {seed}")
        families = [f"family-{n}" for n in range(20)]
        indicators = [Indicator(f"bad-{n}.example", families[n % 20]) for n in range(2000)]
        wrong = self.chance.sample(indicators, round(len(indicators) * WRONG))
        for n, one in enumerate(wrong):
            one.is_wrong = True
            # A few are sites that everybody opens; the others hardly anybody.
            one.popularity = 0.25 if n < 3 else 0.00004
        for family in families[:EXPIRING]:
            at = self.chance.randrange(33, 38) * DAY
            for one in indicators:
                if one.family == family:
                    one.expires = at
        expiries = {one.family: one.expires for one in indicators if one.expires is not None}
        offices = [Office(number, has_agent=number % 2 == 1) for number in range(OFFICES)]
        people = [Computer(number, number % OFFICES) for number in range(computers)]
        self.world = World(offices, people, indicators, expiries)

    def play(self) -> World:
        """All eleven weeks."""
        for office in self.world.offices:
            self._troubles(office)
        for computer in self.world.computers:
            self._work(computer)
        for computer in self.chance.sample(self.world.computers, round(len(self.world.computers) * INFECTED)):
            self._infect(computer)
        self._clones()
        for computer in self.world.computers:
            self._speak(computer)
        self._recall()
        return self.world

    def _troubles(self, office: Office) -> None:
        chance = self.chance
        for week in range(0, DAYS * DAY, WEEK):
            down: set[int] = set()
            while len(down) < DOWN * WEEK:
                at = week + chance.randrange(WEEK)
                down.update(range(at, at + chance.randrange(1, 5)))
            office.down.update(sorted(down)[: round(DOWN * WEEK)])
        for day in range(DAYS):
            late = chance.randrange(3, 8) if chance.random() < 0.05 else 1
            office.arrived.append((day + late) * DAY)
            if office.number in FULL and day >= TROUBLE and day % 7 < 5:
                office.down.update(range(day * DAY + 9, day * DAY + 19))

    def _work(self, computer: Computer) -> None:
        chance, kind = self.chance, self.chance.random()
        if computer.number < OFFICES:
            kind = 0.0  # each office has a server that never sleeps
        computer.is_part_time = 0.08 <= kind < 0.11
        for day in range(DAYS):
            if kind < 0.08:
                hours = list(range(24))
            elif day % 7 >= 5 or chance.random() < 0.08:
                continue
            elif computer.is_part_time:
                hours = [9, 10, 11] if day % 7 in (0, 3) else []
            else:
                hours = [8, 9, 10, 11, 13, 14, 15, 16] + ([7] if chance.random() < 0.6 else [])
            computer.hours += [day * DAY + hour for hour in hours if chance.random() < 0.95]
        office = self.world.offices[computer.office]
        for hour in computer.hours:
            if hour in office.down:
                continue
            lines = chance.randrange(30, 90)
            if self._trickles(office, hour):
                lines = sum(chance.random() < self.world.thin for _ in range(lines))
            office.lines[hour] += lines

    def _trickles(self, office: Office, hour: int) -> bool:
        day, at = divmod(hour, DAY)
        return office.number in TRICKLE and day >= TROUBLE and day % 7 < 5 and 9 <= at < 19

    def _infect(self, computer: Computer) -> None:
        chance = self.chance
        computer.family = f"family-{chance.randrange(20)}"
        is_bad = self.world.offices[computer.office].is_in_trouble
        uncleaned = 0.7 if is_bad else 0.5 if computer.office in RESOLVERS else UNCLEANED
        computer.begins_late = chance.random() < (0.9 if is_bad else 0.4)
        claimed = chance.randrange(35, 50) * DAY + chance.randrange(8, 17)
        computer.claimed = claimed
        computer.is_cleaned = chance.random() >= uncleaned
        end = claimed if computer.is_cleaned else DAYS * DAY
        computer.infected = (chance.randrange(3, 20) * DAY, end)
        if chance.random() < AROUND or computer.number % 40 == 7:
            computer.around = [hour for hour in computer.hours if hour >= claimed - 2 * DAY]
            computer.is_around_told = chance.random() < 0.8

        computer.is_indirect = computer.office in RESOLVERS and self.ways.random() < INDIRECT
        computer.is_relayed = computer.is_indirect and self.relays.random() < RELAYED

    def _clones(self) -> None:
        """Of two computers with one image, the first is cleaned; the malware of the other lies low."""
        ill = [one for one in self.world.computers if one.family and not one.around]
        for one, other in zip(*[iter(self.chance.sample(ill, 6))] * 2, strict=True):
            one.is_cleaned = True
            other.claimed, other.clone, other.is_cleaned = one.claimed, one, False
            other.family = one.family
            one.infected = (one.infected[0], one.claimed or 0)
            other.infected = (other.infected[0], DAYS * DAY)

    def _speak(self, computer: Computer) -> None:
        chance = self.chance
        own = [one for one in self.world.of_family(computer.family) if not one.is_wrong][:4]
        weights = chance.uniform(0.25, 0.5)
        around = set(computer.around)
        lies_low = computer.clone is not None
        for hour in computer.hours:
            is_ill = computer.infected[0] <= hour < computer.infected[1]
            if lies_low and computer.claimed is not None and hour > computer.claimed - 2 * DAY:
                is_ill = False
            if is_ill and computer.begins_late and not 10 <= hour % DAY < 17:
                is_ill = False
            if is_ill and own and chance.random() < weights:
                # After the cleaning that did not work, another of its names is used.
                late = computer.claimed is not None and hour > computer.claimed
                self._write(computer, own[-1] if late else chance.choice(own), hour, around)
        for one in self.world.indicators:
            if one.is_wrong:
                for day in range(0, DAYS, 7):
                    if chance.random() < one.popularity:
                        hours = [hour for hour in computer.hours if day <= hour // DAY < day + 7]
                        if hours:
                            self._write(computer, one, chance.choice(hours), around)

    def _write(self, computer: Computer, indicator: Indicator, hour: int, around: set[int]) -> None:
        """The line, if the log has it and somebody looks for the indicator."""
        office = self.world.offices[computer.office]
        if hour in office.down or hour in around:
            return
        if self._trickles(office, hour) and self.chance.random() >= self.world.thin:
            return
        if indicator.expires is not None and hour >= indicator.expires:
            return
        arrived = office.arrived[hour // DAY]
        is_late = computer.claimed is not None and hour > computer.claimed - 2 * DAY
        is_hidden = computer.is_indirect and is_late and indicator.family == computer.family
        is_relayed = is_hidden and computer.is_relayed
        if computer.office in RESOLVERS:
            is_answer = is_hidden and not is_relayed
            office.nameless.append(Nameless(indicator, hour, arrived, is_answer, is_relayed))
        if not is_hidden:
            computer.signs.append(Sign(indicator, hour, arrived))

    def _recall(self) -> None:
        """What many machines open is recalled some days after it was first seen."""
        for one in self.world.indicators:
            if one.is_wrong:
                seen = sorted(
                    sign.arrived
                    for computer in self.world.computers
                    for sign in computer.signs
                    if sign.indicator is one
                )
                if len(seen) >= 5:
                    one.recalled = seen[4] + self.chance.randrange(1, 5) * DAY


def is_written(office: Office, hour: int) -> bool:
    """Whether the log of the office has lines of the hour."""
    return office.lines[hour] > 0
