"""The times of the demonstration: all are counted from one day, so that `--as-of 2022` moves them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import time_machine

from demo.letter import DUE_2022, HANOI, ISSUED_2022

DAYS_TO_DEADLINE = 12
DAYS_SINCE_LETTER = 9
DAYS_OF_LOGS = 14
FIRST_PART = 7
"""Days of logs in the first scan; the second scan sees the rest."""


@dataclass(frozen=True)
class Calendar:
    """`today` is the day of the demonstration."""

    today: date
    issued: date
    due: date

    @classmethod
    def now(cls) -> Calendar:
        """The deadline is twelve days ahead."""
        today = datetime.now(HANOI).date()
        return cls(
            today=today,
            issued=today - timedelta(days=DAYS_SINCE_LETTER),
            due=today + timedelta(days=DAYS_TO_DEADLINE + 1),
        )

    @classmethod
    def of_2022(cls) -> Calendar:
        """The dates of the letter."""
        return cls(today=ISSUED_2022 + timedelta(days=DAYS_SINCE_LETTER), issued=ISSUED_2022, due=DUE_2022)

    def moment(self, days_ago: int, hour: int, minute: int = 0) -> datetime:
        """A time of day, `days_ago` days before today."""
        return datetime.combine(self.today - timedelta(days=days_ago), time(hour, minute), HANOI)

    @property
    def logs_start(self) -> datetime:
        """Midnight before the first day of logs."""
        return self.moment(DAYS_OF_LOGS, 0)

    @contextmanager
    def at(self, days_ago: int, hour: int, minute: int = 0) -> Iterator[None]:
        """Let the actions inside the block take that time for the present."""
        with time_machine.travel(self.moment(days_ago, hour, minute), tick=True):
            yield
