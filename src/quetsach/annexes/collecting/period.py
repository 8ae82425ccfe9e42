"""Tells an annex of an earlier campaign by its dates: the stated year, or the day of the last save."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from quetsach.annexes.collecting.folding import key
from quetsach.annexes.collecting.readings import Doubt, Reading

_YEAR = re.compile(r"\b(20[0-9]{2})\b")
_STATED = re.compile(r"\bnam (20[0-9]{2})\b")
EARLIER = "earlier_campaign"
CLOCKS_DIFFER = timedelta(days=1)


def year_of(one: Reading) -> int | None:
    """The year of an annex: as the lines above it or the file's name say, else that of its last save."""
    stated = [*_STATED.findall(key(" ".join(one.annex.heads))), *_YEAR.findall(key(one.file))]
    if stated:
        return max(map(int, stated))
    return one.saved.year if one.saved else None


def judged_by_date(readings: Iterable[Reading], since: datetime | None = None) -> list[Reading]:
    """The readings, each with a doubt if its dates are those of an earlier campaign.

    `since` is the moment at which the campaign began; without it, the year of most annexes is taken.
    """
    readings = list(readings)
    year = since.year if since else _usual(readings)
    return [_judged(one, year, since) if year else one for one in readings]


def is_earlier(one: Reading) -> bool:
    """Whether the annex seems to be of an earlier campaign."""
    return any(doubt.code == EARLIER for doubt in one.doubts)


def _judged(one: Reading, year: int, since: datetime | None) -> Reading:
    own = year_of(one)
    is_before = since is not None and one.saved is not None and one.saved < since - CLOCKS_DIFFER
    if own is None or (own >= year and not is_before):
        return one
    facts: dict[str, str | int] = {"year": str(own), "usual": str(year)}
    return replace(one, doubts=(*one.doubts, Doubt(EARLIER, "file", facts)))


def _usual(readings: Sequence[Reading]) -> int | None:
    """The year of most annexes; of two years with as many, the later one."""
    years = Counter(year for one in readings if (year := year_of(one)))
    return max(years, key=lambda year: (years[year], year), default=None)
