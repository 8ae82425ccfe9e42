"""The legal clock of a request about personal data: until when the office must answer and act. Pure."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from quetsach.portal.campaigns.workdays import Calendar, national

_FILE = Path(__file__).with_name("rights.toml")


@dataclass(frozen=True, slots=True)
class Term:
    """One duty: its last day, and the day on which it was done (None: not yet)."""

    by: date
    done: date | None

    def is_late(self, today: date) -> bool:
        """Whether it was done after its last day, or is not done and the day is over."""
        return (self.done or today) > self.by

    def days_late(self, today: date) -> int:
        """Calendar days after the last day; 0 in time."""
        return max(0, ((self.done or today) - self.by).days)


@dataclass(frozen=True, slots=True)
class Clock:
    """Both duties: `reply`, to say that the request has arrived, and `act`, to carry it out or refuse it."""

    reply: Term
    act: Term

    @property
    def next(self) -> Term | None:
        """The duty that is not done and ends first."""
        return min(
            (one for one in (self.reply, self.act) if one.done is None), key=lambda one: one.by, default=None
        )

    def is_overdue(self, today: date) -> bool:
        """Whether a duty is not done although its last day is over."""
        return self.next is not None and self.next.is_late(today)


@cache
def _table() -> tuple[int, dict[str, int]]:
    read = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return int(read["reply_workdays"]), {right["id"]: int(right["days"]) for right in read["right"]}


def days_of(kind: str) -> int:
    """Calendar days to carry out a request of this kind; of an unknown kind the shortest term."""
    days = _table()[1]
    return days.get(kind, min(days.values()))


def clock(kind: str, arrived: date, replied: date | None, acted: date | None) -> Clock:
    """The clock of a request. An answer is a reply as well."""
    calendar = Calendar(national())
    reply_by = calendar.shift(arrived, _table()[0])
    act_by = arrived + timedelta(days=days_of(kind))
    if not calendar.is_workday(act_by):
        act_by = calendar.shift(act_by, 1)
    return Clock(Term(reply_by, replied or acted), Term(act_by, acted))
