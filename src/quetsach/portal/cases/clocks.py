"""The clocks of a case: until when a unit should know it, find the machine, handle it, and see it proven.

Here alone it is computed what is overdue. The first three clocks run together in working days, from the
opening of the case or from its last new beginning. The last runs in days from the first claim since then,
because logs know no day off; after it logs have 48 hours to arrive. Pure: no database, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Protocol

from quetsach.portal.cases.rules import OPEN, PATIENCE, State


class Clock(StrEnum):
    """In the order of the work."""

    ACKNOWLEDGE = "acknowledge"
    LOCATE = "locate"
    CLAIM = "claim"
    VERIFY = "verify"


OF_UNIT = (Clock.ACKNOWLEDGE, Clock.LOCATE, Clock.CLAIM)


@dataclass(frozen=True, slots=True)
class Terms:
    """Days by clock: working days, but for `verify`."""

    acknowledge: int = 2
    locate: int = 5
    claim: int = 10
    verify: int = 14


class Workdays(Protocol):
    """A calendar (`campaigns.workdays.Calendar`)."""

    def shift(self, day: date, days: int) -> date:
        """The day that many working days after a day."""
        ...


class Times(Protocol):
    """The times of a case that its clocks need."""

    state: str
    opened_at: datetime
    clock_at: datetime | None
    acknowledged_at: datetime | None
    located_at: datetime | None

    @property
    def proof_from(self) -> datetime | None:
        """The first claim since the clocks began; None of a case that nobody claims."""
        ...


@dataclass(frozen=True, slots=True)
class Due:
    """The clock that a case is measured by now, and the first moment that is late."""

    clock: Clock
    at: datetime


@dataclass(frozen=True, slots=True)
class Rule:
    """All clocks of a campaign. `zone` is where its days begin and end."""

    terms: Terms
    calendar: Workdays
    quiet_days: int
    zone: tzinfo

    def due(self, case: Times) -> Due | None:
        """The clock that runs out first, of those that the case has not reached; None where none runs."""
        state = State(case.state)
        if state in OPEN:
            begun = case.clock_at or case.opened_at
            if case.acknowledged_at is None:
                return Due(Clock.ACKNOWLEDGE, self._end(begun, self.terms.acknowledge))
            if case.located_at is None:
                return Due(Clock.LOCATE, self._end(begun, self.terms.locate))
            return Due(Clock.CLAIM, self._end(begun, self.terms.claim))
        if state in (State.CLAIMED_CLEAN, State.RECHECKED) and (claimed := case.proof_from) is not None:
            return Due(Clock.VERIFY, self.end(Clock.VERIFY, claimed))
        return None

    def end(self, clock: Clock, begun: datetime) -> datetime:
        """The first moment that is late, of a clock that began then."""
        if clock is Clock.VERIFY:
            return begun + self._until_proof
        return self._end(begun, getattr(self.terms, clock.value))

    def begun_before(self, now: datetime) -> dict[Clock, datetime]:
        """By clock: a case whose clock began before that moment is late."""
        today = now.astimezone(self.zone).date()
        found = {Clock.VERIFY: now - self._until_proof}
        for clock in OF_UNIT:
            days = getattr(self.terms, clock.value)
            day = today
            while self.calendar.shift(day - timedelta(days=1), days) >= today:
                day -= timedelta(days=1)
            found[clock] = self._midnight(day)
        return found

    @property
    def _until_proof(self) -> timedelta:
        return timedelta(days=max(self.terms.verify, self.quiet_days)) + PATIENCE

    def _end(self, begun: datetime, days: int) -> datetime:
        day = self.calendar.shift(begun.astimezone(self.zone).date(), days)
        return self._midnight(day + timedelta(days=1))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone)
