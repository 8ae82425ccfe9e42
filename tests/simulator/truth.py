"""The truth: 200 computers in ten offices for eight weeks, and what logs and tables tell of them.

This module imports nothing of quetsach. Times are seconds since the first midnight, in UTC.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

DAY, HOUR, MINUTE = 86_400, 3_600, 60
DAYS = 56
OFFICES = 10
LEASE, RENEWAL = 3 * HOUR, 90 * MINUTE
LOST, DOWN, SKEWED = 0.05, 0.05, 0.1
"""Shares of rows that are lost, of half-days with an office's sources down, of sources with a wrong clock."""
INFECTED, RANDOM, SHARED, WITH_AGENT = 0.3, 0.2, 0.1, 0.85


@dataclass(eq=False)
class Computer:
    """A machine. `until` is the day on which it was taken away."""

    number: int
    name: str
    office: int
    wired: str
    radio: str = ""
    hardware: str = ""
    agent: str = ""
    since: int = 0
    until: int = DAYS
    is_random: bool = False
    changes_weekly: bool = False
    is_infected: bool = False
    docks: list[str] = field(default_factory=list)
    cards: set[str] = field(default_factory=set)
    """All hardware addresses that it ever used by itself."""
    names: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Lease:
    office: int
    address: str
    card: str
    name: str
    begin: int
    end: int


@dataclass(frozen=True)
class Neighbour:
    office: int
    address: str
    card: str
    at: int


@dataclass(frozen=True)
class Translation:
    office: int
    public: str
    port: int
    inner: str
    begin: int
    end: int


@dataclass(frozen=True)
class Inventory:
    """A row of the central antivirus: what it saw that day."""

    agent: str
    name: str
    card: str
    at: int


@dataclass(frozen=True)
class Check:
    hardware: str
    cards: tuple[str, ...]
    name: str
    office: int
    at: int


@dataclass(frozen=True)
class Entry:
    """A row of an office's register."""

    office: int
    name: str
    card: str


@dataclass(frozen=True)
class Sign:
    """A log line about malware, and its computer. `office` is -1 for the firewall of the province."""

    office: int
    address: str
    at: int
    port: int
    card: str
    arrived: int
    computer: int


@dataclass
class World:
    computers: list[Computer]
    paths: list[str]
    """The path of each office in the last day's tree, where one office lies below another."""
    leases: list[Lease] = field(default_factory=list)
    neighbours: list[Neighbour] = field(default_factory=list)
    translations: list[Translation] = field(default_factory=list)
    inventory: list[Inventory] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    register: list[Entry] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    seen_days: dict[int, set[int]] = field(default_factory=dict)
    """For each computer the days on which a row of a lease or of the antivirus exists."""


class Simulation:
    """One province by one seed."""

    def __init__(self, seed: int, computers: int = 200) -> None:
        self.chance = random.Random(seed)
        self._numbers = count(1)
        self._addresses = count(1)
        self.shared_offices = set(range(max(1, round(OFFICES * SHARED))))
        self.world = World([], [f"t/x{number}/" for number in range(OFFICES)])
        self.world.paths[OFFICES - 1] = f"{self.world.paths[OFFICES - 2]}x{OFFICES - 1}/"
        for number in range(computers):
            self._computer(number % OFFICES)
        self._troubles()
        self._clocks = {
            (office, source): self.chance.uniform(-10, 10) * MINUTE if self.chance.random() < SKEWED else 0
            for office in range(-1, OFFICES)
            for source in ("dhcp", "dns", "arp", "nat")
        }
        self._down = {
            (office, half)
            for office in range(-1, OFFICES)
            for half in range(DAYS * 2)
            if self.chance.random() < DOWN
        }
        # The pool is small: addresses go from hand to hand.
        size = computers * 7 // OFFICES // 4
        self._pool = [f"192.168.{1 + number // 200}.{10 + number % 200}" for number in range(size)]
        self._held: dict[int, dict[str, tuple[str, int]]] = {office: {} for office in range(OFFICES)}
        self._last_address: dict[tuple[int, str], str] = {}
        self._moves: dict[Computer, tuple[int, int]] = {}

    def play(self) -> World:
        """All eight weeks."""
        for computer in self.chance.sample(self.world.computers, 4):
            if computer.office not in self.shared_offices:
                where = self.chance.choice([one for one in range(1, OFFICES) if one != computer.office])
                self._moves[computer] = (self.chance.randrange(15, 40), where)
        for day in range(DAYS):
            self._day(day)
        for computer in self.world.computers:
            if computer.until == DAYS and self.chance.random() < 0.3:
                cards = [
                    computer.wired,
                    computer.radio if not computer.is_random else "",
                    *computer.docks[:1],
                ]
                at = (DAYS - 2) * DAY + self.chance.randrange(DAY)
                known = tuple(card for card in cards if card)
                self.world.checks.append(Check(computer.hardware, known, computer.name, computer.office, at))
            if self.chance.random() < 0.7 and computer.since == 0:
                self.world.register.append(Entry(computer.office, min(computer.names), computer.wired))
        return self.world

    # --- who there is ---

    def _card(self, is_random: bool = False) -> str:
        number = next(self._addresses)
        octets = [
            0x02 if is_random else 0x00,
            0x1B,
            0x21,
            number >> 16 & 255,
            number >> 8 & 255,
            number & 255,
        ]
        if is_random:
            octets[1:3] = self.chance.randrange(256), self.chance.randrange(256)
        return "-".join(f"{octet:02x}" for octet in octets)

    def _computer(self, office: int, name: str = "", since: int = 0) -> Computer:
        number = next(self._numbers)
        made = Computer(number, name or f"x{office}-pc{number}", office, self._card(), since=since)
        made.hardware = f"4c4c4544-00{office:02d}-1000-8000-{number:012x}"
        made.agent = f"agent-{number:08d}" if self.chance.random() < WITH_AGENT else ""
        made.is_infected = self.chance.random() < INFECTED
        if self.chance.random() < 0.4:
            made.is_random = self.chance.random() < RANDOM / 0.4
            made.changes_weekly = made.is_random and self.chance.random() < 0.25
            made.radio = self._card(made.is_random)
            if made.is_random:
                made.wired = "" if self.chance.random() < 0.5 else made.wired
        made.cards = {card for card in (made.wired, made.radio) if card}
        made.names = {made.name}
        self.world.computers.append(made)
        return made

    def _troubles(self) -> None:
        """Docks, cloned images, and machines that are replaced or installed anew."""
        chance, computers = self.chance, self.world.computers
        for office in chance.sample(range(OFFICES), 3):
            laptops = [one for one in computers if one.office == office and one.radio][:3]
            dock = self._card()
            for laptop in laptops:
                laptop.docks.append(dock)
        plain = [one for one in computers if not one.docks]
        for one, other in zip(*[iter(chance.sample(plain, 6))] * 2, strict=True):
            other.hardware, other.agent = one.hardware, one.agent
        for old in chance.sample([one for one in plain if one.wired and not one.is_random], 5):
            old.until = chance.randrange(15, 40)
            self._computer(old.office, old.name, old.until + chance.randrange(1, 4))

    # --- what happens ---

    def _day(self, day: int) -> None:
        if day % 7 >= 5:
            return
        shifts = []
        for computer in self.world.computers:
            self._change(computer, day)
            if computer.since <= day < computer.until and self.chance.random() < 0.92:
                # In the morning, in the afternoon, or all day: an address changes hands within a day.
                start, least, most = self.chance.choice([(0, 90, 180), (420, 120, 180), (0, 480, 600)])
                begin = day * DAY + start * MINUTE + self.chance.randrange(90 * MINUTE)
                end = begin + self.chance.randrange(least * MINUTE, most * MINUTE)
                shifts.append((begin, end, computer))
        for begin, end, computer in sorted(shifts, key=lambda one: (one[0], one[2].number)):
            self._shift(computer, begin, end)

    def _change(self, computer: Computer, day: int) -> None:
        if self._moves.get(computer, (None, 0))[0] == day:
            computer.office = self._moves[computer][1]
            computer.docks.clear()
        if computer.changes_weekly and day % 7 == 0 and day:
            computer.radio = self._card(is_random=True)
            computer.cards.add(computer.radio)
        if day == 25 and computer.number % 25 == 3 and computer.wired and not computer.docks:
            # Installed anew: another agent, and for every second one another name.
            computer.agent = computer.agent and f"{computer.agent}-b"
            if computer.number % 2:
                computer.name = f"desktop-{computer.number}"
                computer.names.add(computer.name)

    def _shift(self, computer: Computer, begin: int, end: int) -> None:
        choices = [card for card in (computer.wired, computer.radio) if card]
        card = self.chance.choice(choices)
        if computer.docks and self.chance.random() < 0.4:
            dock = self.chance.choice(computer.docks)
            # One laptop at a time: the next laptop finds it taken.
            if self._held[computer.office].get(dock, ("", 0))[1] < begin:
                card = dock
        office = computer.office
        address = self._lease(office, card, begin, end)
        at = begin
        while at < end:
            self._tell(
                office, "dhcp", at, Lease(office, address, card, computer.name, at, at + LEASE), computer
            )
            at += RENEWAL
        for at in range(begin - begin % HOUR + HOUR // 2, end, HOUR):
            if at > begin:
                self._tell(office, "arp", at, Neighbour(office, address, card, at))
        if computer.agent and self.chance.random() < 0.9:
            self.world.inventory.append(Inventory(computer.agent, computer.name, card, begin + 5 * MINUTE))
            self.world.seen_days.setdefault(computer.number, set()).add(begin // DAY)
        if computer.is_infected:
            self._signs(computer, card, address, begin, end)

    def _lease(self, office: int, card: str, begin: int, end: int) -> str:
        """The DHCP server's choice: the card's last address where it is free, one in five times another."""
        held = self._held[office]
        taken = {address for address, until in held.values() if until > begin}
        address = self._last_address.get((office, card), "")
        if not address or address in taken or self.chance.random() < 0.2:
            free = [one for one in self._pool if one not in taken]
            address = self.chance.choice(free)
        held[card] = (address, end + LEASE)
        self._last_address[office, card] = address
        return address

    def _signs(self, computer: Computer, card: str, address: str, begin: int, end: int) -> None:
        office = computer.office
        for _ in range(self.chance.randrange(1, 6)):
            at = self.chance.randrange(begin, end)
            arrived = at + self.chance.choice([HOUR, DAY, 3 * DAY, 9 * DAY])
            if office in self.shared_offices:
                port = self.chance.randrange(1024, 65_000)
                row = Translation(office, f"203.0.113.{10 + office}", port, address, at - 20, at + 40)
                self._tell(office, "nat", at, row)
                sign = Sign(-1, row.public, at, port, "", arrived, computer.number)
            elif office == 2 and self.chance.random() < 0.4:
                inner = self._temporary(computer, card, at)
                self._tell(
                    office, "arp", at, Neighbour(office, inner, card, at + self.chance.randrange(HOUR))
                )
                sign = Sign(office, inner, at, 0, "", arrived, computer.number)
            else:
                # The capture of one office shows the card in each line.
                sign = Sign(office, address, at, 0, card if office == 3 else "", arrived, computer.number)
            self._tell(sign.office, "dns", at, sign)

    def _temporary(self, computer: Computer, card: str, at: int) -> str:
        """A temporary IPv6 address, new on each day."""
        words = random.Random(f"{computer.number} {card} {at // DAY}")
        return "2001:db8:2:1:" + ":".join(f"{words.randrange(0x1000, 0xFFFF):x}" for _ in range(4))

    # --- what sources tell of it ---

    def _tell(self, office: int, source: str, at: int, row: object, computer: Computer | None = None) -> None:
        """A row as the source writes it: by its own clock, if it is up and the row is not lost."""
        if (office, at // (DAY // 2)) in self._down:
            return
        if source != "dns" and self.chance.random() < LOST:
            return
        skew = round(self._clocks[office, source])
        world = self.world
        match row:
            case Lease():
                world.leases.append(
                    Lease(office, row.address, row.card, row.name, row.begin + skew, row.end + skew)
                )
                if computer is not None:
                    world.seen_days.setdefault(computer.number, set()).add(at // DAY)
            case Neighbour():
                world.neighbours.append(Neighbour(office, row.address, row.card, row.at + skew))
            case Translation():
                world.translations.append(
                    Translation(office, row.public, row.port, row.inner, row.begin + skew, row.end + skew)
                )
            case Sign():
                world.signs.append(
                    Sign(office, row.address, at + skew, row.port, row.card, row.arrived, row.computer)
                )


def reordered(rows: list[object], chance: random.Random) -> Iterator[object]:
    """The rows in another order, a tenth of them twice: files come late, twice and out of order."""
    many = [*rows, *chance.sample(rows, len(rows) // 10)]
    chance.shuffle(many)
    yield from many
