"""What is known of one machine and one family of malware, as it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from quetsach.machines.proof.hours import Span
from quetsach.machines.proof.nameless import NamelessHours
from quetsach.machines.proof.places import PlaceLog


class Claim(NamedTuple):
    """Somebody says that the machine is clean since `at`. `told`: when that was said, if not at once.
    `machine`: the key of the machine on which it was said; empty where it is not known."""

    at: datetime
    told: datetime | None = None
    machine: str = ""


class Hit(NamedTuple):
    """A sign of the machine at a place: its latest time if known, and when it was told. `times`: the spans in
    which the machine was seen with signs. `is_recalled`: its indicator was listed by mistake. `is_outside`:
    the place belongs to another unit than the machine. `is_moved`: it was the machine's until the machine's
    own unit told, later than the place did, that another machine had the address."""

    place: str
    last: datetime | None
    told: datetime
    times: tuple[Span, ...] = ()
    first: datetime | None = None
    is_recalled: bool = False
    is_outside: bool = False
    is_moved: bool = False

    @property
    def begins(self) -> datetime | None:
        """The earliest known time."""
        return self.last if self.first is None else self.first


class Around(NamedTuple):
    """The machine went around the places that watch: the times if known, and when that was told."""

    first: datetime | None
    last: datetime | None
    told: datetime
    times: tuple[Span, ...] = ()


class Expiry(NamedTuple):
    """From `at` on, nobody looked for the indicator any more."""

    indicator: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """A place and the machine at it. `listings`: those lists that name all indicators of the case.

    `alive`: by UTC day the hours in which its log shows the machine, as bits. `asked`: the days on which its
    scans were asked about the machine, or recorded all. `seen_on`: the days on which it was recorded without
    an hour. `unlocated`: signs of addresses without a machine that may be this one's; hours are counted from
    the log's origin.
    """

    key: str
    log: PlaceLog
    listings: frozenset[str]
    alive: Mapping[date, int]
    asked: frozenset[date] = frozenset()
    seen_on: frozenset[date] = frozenset()
    unlocated: tuple[NamelessHours, ...] = ()


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine: the keys that belong to it now (none where they are not known); whether many machines
    stand behind its address; the hours by which its local time is ahead of UTC; and whether it was said to be
    out of use, so that it may not be seen any more."""

    keys: frozenset[str] = frozenset()
    is_shared: bool = False
    ahead: int = 7
    is_retired: bool = False
