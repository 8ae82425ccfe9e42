"""Working days in Vietnam: weekends, the holidays of `holidays.toml`, and a campaign's own exceptions."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from quetsach.portal.campaigns.models import Campaign

_FILE = Path(__file__).with_name("holidays.toml")
_FIXED = {(1, 1): 0, (4, 30): 0, (5, 1): 0, (9, 2): 0, (11, 24): 2026}
"""Month and day of yearly holidays, and their first year (Labour Code 2019, article 112; the day of
Vietnamese culture since 2026). The other holidays follow the moon."""


@dataclass(frozen=True)
class Calendar:
    """`exceptions` are days that differ from the rule of weekends: True for off, False for worked."""

    exceptions: dict[date, bool]

    def is_workday(self, day: date) -> bool:
        """Whether offices work on that day."""
        if day in self.exceptions:
            return not self.exceptions[day]
        return day.weekday() < 5 and day.year < _FIXED.get((day.month, day.day), 9999)

    def shift(self, day: date, days: int) -> date:
        """The day that many working days after `day`, before it when negative; 0 is the day itself."""
        step = timedelta(days=1 if days > 0 else -1)
        for _ in range(abs(days)):
            day += step
            while not self.is_workday(day):
                day += step
        return day

    def between(self, first: date, last: date) -> int:
        """Working days from `first` to `last`, both counted; 0 when there is none."""
        return sum(self.is_workday(first + timedelta(days=n)) for n in range((last - first).days + 1))


@cache
def national() -> dict[date, bool]:
    """The published days off and substitute working days, for the years in the table."""
    found: dict[date, bool] = {}
    for year in tomllib.loads(_FILE.read_text(encoding="utf-8"))["year"]:
        found |= dict.fromkeys(year["off"], True) | dict.fromkeys(year.get("worked", []), False)
    return found


def known_years() -> list[int]:
    """The years whose movable holidays are in the table, in order."""
    return sorted({day.year for day in national()})


def calendar_of(campaign: Campaign) -> Calendar:
    """The national calendar with the exceptions of the campaign's coordinator."""
    own = {date.fromisoformat(day): bool(off) for day, off in campaign.days_off.items()}
    return Calendar(national() | own)
