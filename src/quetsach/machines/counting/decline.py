"""Natural decline: how much of an infection goes away without anybody's work, and what our work adds.

Infected machines fall silent by themselves: they are renewed, reinstalled, switched off, or the malware dies.
A campaign may only take credit for more than that. The band is that of studies of groups without any notice:

- At least 58 % and at most 74 % of infected customers were clean after 14 days without any notice: O. Çetin
  and others, "Cleaning Up the Internet of Evil Things", NDSS 2019, the control group. E-mail did no better.

Where units were told at different times, units that were not told yet are a comparison of the campaign's own:
the share of machines that fell silent within the same days, told and not yet told, and the difference with
its interval: R. G. Newcombe, "Interval estimation for the difference between independent proportions:
comparison of eleven methods", Statistics in Medicine 17 (1998), 873-890, method 10, of two intervals by
E. B. Wilson (1927).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from math import sqrt
from typing import NamedTuple

HORIZON = 14
"""Days within which the studies measured."""
UNTREATED = (0.58, 0.74)
"""Shares that were gone after HORIZON days with nobody's work, the least and the greatest."""
Z = 1.959964
"""The 0.975 quantile of the normal distribution: intervals hold the truth 95 times of 100."""
SETTLED = 7
"""Days of logs after a day that must be there before anybody can tell that a machine fell silent by then."""
FEWEST = 20
"""With fewer machines on one side nothing is said about a difference."""


class Interval(NamedTuple):
    """A share or a difference, and the bounds of its 95 % interval."""

    value: float
    low: float
    high: float


class Group(NamedTuple):
    """Machines that were followed for HORIZON days, and those of them that fell silent within them."""

    all: int
    silent: int


class Spell(NamedTuple):
    """A machine for the comparison: the first day of following it, its last day with a sign, and the last day
    on which somebody watched its place."""

    start: date
    last: date
    watched: date

    def is_followed(self, days: int) -> bool:
        """Whether the logs go on so long that silence so many days after the start would show."""
        return self.watched >= self.start + timedelta(days=days + SETTLED)


def wilson(count: int, whole: int) -> Interval:
    """A share with its interval by Wilson's score. Raises ValueError for an empty group."""
    if whole <= 0 or not 0 <= count <= whole:
        raise ValueError((count, whole))
    share, square = count / whole, Z * Z
    middle = (2 * count + square) / (2 * (whole + square))
    reach = Z * sqrt(square + 4 * count * (1 - share)) / (2 * (whole + square))
    return Interval(share, max(middle - reach, 0.0), min(middle + reach, 1.0))


def difference(one: Group, other: Group) -> Interval:
    """The first share less the second, with its interval by Newcombe's method 10. Raises ValueError for an
    empty group."""
    first, second = wilson(one.silent, one.all), wilson(other.silent, other.all)
    value = first.value - second.value
    low = value - sqrt((first.value - first.low) ** 2 + (second.high - second.value) ** 2)
    high = value + sqrt((first.high - first.value) ** 2 + (second.value - second.low) ** 2)
    return Interval(value, low, high)


def silent_within(spells: Iterable[Spell], days: int = HORIZON) -> Group:
    """The machines that could be followed for so many days after the start, and those without a sign after
    them. A machine whose place was not watched long enough is left out: silent is not unseen."""
    followed = [spell for spell in spells if spell.is_followed(days)]
    silent = sum(spell.last < spell.start + timedelta(days=days) for spell in followed)
    return Group(len(followed), silent)


def natural_band(days: int) -> tuple[float, float]:
    """The least and greatest share of machines that still show signs so many days after the start, without
    anybody's work: 26 % to 42 % at HORIZON. Before it an even rate is assumed, after it no further decline,
    because the studies do not say."""
    part = min(max(days, 0), HORIZON) / HORIZON
    return (1 - UNTREATED[1]) ** part, (1 - UNTREATED[0]) ** part


def remaining(spells: Sequence[Spell], days: int) -> list[float | None]:
    """By day from 0 to `days`: the share of machines that still show signs, among those that could be
    followed so long. None where no machine could: nobody looked, which is not zero."""
    found: list[float | None] = []
    for day in range(days + 1):
        followed = [one for one in spells if one.is_followed(day)]
        active = sum(one.last >= one.start + timedelta(days=day) for one in followed)
        found.append(active / len(followed) if followed else None)
    return found


def is_enough(one: Group, other: Group) -> bool:
    """Whether both groups are large enough to say something about the difference."""
    return min(one.all, other.all) >= FEWEST
