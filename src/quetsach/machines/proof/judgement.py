"""What logs show of a machine that was claimed clean, and the hours that it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from quetsach.machines.proof.gaps import Gap, Lack
from quetsach.machines.proof.hours import Span


class Rung(StrEnum):
    """What logs show, from the worst to the best."""

    OPEN = "cleaning"
    CLAIMED = "claimed_clean"
    RECHECKED = "rechecked"
    VERIFIED = "verified_clean"


class Count(NamedTuple):
    """The numbers of a time at a place. `expected` hours of the machine; `covered` of them; `weak` of these,
    for which no line counts are known; local days on which the place saw the machine."""

    expected: int = 0
    covered: int = 0
    weak: int = 0
    seen_days: int = 0


NOTHING = Count()


class Hours(NamedTuple):
    """A time at a place, its numbers, and the hours in which the machine was expected and the place not up:
    as many as are expected and not covered."""

    place: str
    first: datetime
    end: datetime
    numbers: Count
    missed: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """`rung`: what logs show now, at `place`. `until`: the end of the quiet time; `earliest`: when it could
    be verified if logs go on without a gap; `quiet`: the longest quiet time. `gaps`: what is missing, the
    most important first. `is_weak`: some hours count only because a log begins before and ends after
    them."""

    rung: Rung
    place: str = ""
    until: datetime | None = None
    earliest: datetime | None = None
    quiet: timedelta = timedelta()
    gaps: tuple[Gap, ...] = ()
    is_weak: bool = False
    hours: Hours | None = None
    """The time that the gaps are about: from the claim to now, without the last hours that are no gap yet. Of
    a proof the time that it rests on."""
    silence: Hours | None = None
    """The quiet time; of a proof the same."""
    back_at: datetime | None = None
    """When a machine that was said to be out of use was seen again."""

    @property
    def count(self) -> Count:
        """The numbers of the quiet time."""
        return self.silence.numbers if self.silence else NOTHING

    @property
    def lack(self) -> Lack | None:
        """The first gap's kind; None where nothing is missing, or nothing can be there yet."""
        return self.gaps[0].lack if self.gaps and not self.gaps[0].is_ahead else None
