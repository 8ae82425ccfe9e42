"""What the figures of a campaign rest on: units, machines, and cases with every step written down."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum
from typing import NamedTuple

type Id = str
TRIES = 3
"""So many tries in vain make a machine unreachable, until somebody reaches it."""


class Rung(IntEnum):
    """How far a case is, the least proven first. A false alarm is none of them."""

    OPEN = 0
    CLAIMED = 1
    RECHECKED = 2
    VERIFIED = 3
    FALSE = 4


class Kind(IntEnum):
    """What stands behind a case: a machine that evidence names, an address that no table knows, an address
    of many machines, or one of several machines without knowing which."""

    KNOWN = 0
    ADDRESS = 1
    SHARED = 2
    UNLOCATED = 3


class Act(IntEnum):
    """The kinds of steps that figures tell apart."""

    OTHER = 0
    CLAIM = 1
    RELAPSE = 2
    MERGED = 3
    """The case became another one."""
    TRY = 4
    """A person tried to reach the machine, in vain."""
    REACHED = 5
    """A person reached it: a claim says so too."""
    TAKEN_IN = 6
    """Another case became this one."""


class Move(NamedTuple):
    """One step of a case. `at` is when it was written down; `seen` the event time of the sign that a relapse
    rests on, None where it is not known."""

    at: datetime
    act: Act
    before: Rung
    after: Rung
    seen: datetime | None = None

    @property
    def since(self) -> datetime:
        """The moment from which the step holds: a late log tells of a time before it came."""
        return min(self.at, self.seen) if self.seen is not None else self.at


@dataclass(frozen=True, slots=True)
class CaseHistory:
    """One episode of one machine and family. `opened` is when it was written down, `first_seen` the event
    time of its first sign. `into` is the case that it has become. `moves` are in the order of writing."""

    id: Id
    machine: Id
    family: str
    episode: int
    opened: datetime
    rung: Rung
    moves: tuple[Move, ...] = ()
    first_seen: datetime | None = None
    into: Id | None = None

    @property
    def began(self) -> datetime:
        """Since when the machine counts."""
        return min(self.first_seen, self.opened) if self.first_seen is not None else self.opened


@dataclass(frozen=True, slots=True)
class MachineHistory:
    """A machine of one unit. `days` are the local days on which it showed signs."""

    id: Id
    unit: Id
    kind: Kind = Kind.KNOWN
    days: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class UnitHistory:
    """A unit and the unit above it. `register` is the number of computers in its register, [at least, at
    most], None without one; `stated` the number that it gave itself; `checked` the machines that were
    checked. `takes_part`: whether it is one of the units counted."""

    id: Id
    parent: Id | None = None
    told: datetime | None = None
    acknowledged: datetime | None = None
    register: tuple[int, int] | None = None
    stated: int | None = None
    checked: int = 0
    takes_part: bool = True


@dataclass(frozen=True)
class Histories:
    """Everything about some units, as it is known now."""

    units: tuple[UnitHistory, ...] = ()
    machines: tuple[MachineHistory, ...] = ()
    cases: tuple[CaseHistory, ...] = field(default=())
