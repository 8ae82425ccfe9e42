"""The runs of a row in words: on which local days, and from when to when."""

from __future__ import annotations

from itertools import groupby
from zoneinfo import ZoneInfo

from quetsach.sightings import runs
from quetsach.sightings.sighting import Bypass, Sighting
from quetsach.text import words
from quetsach.text.language import gettext as _


def spelled(row: Sighting | Bypass, zone: ZoneInfo, most: int) -> str:
    """Each local day with its runs, at most so many runs; empty where the row has no time.

    `16/09/2022 11:00–11:10, 13:05; 17/09/2022 00:10`
    """
    times = [[runs.time(row.day or "", at) for at in run[:2]] for run in row.runs]
    clocks = [[words.clock(time, zone) for time in ends] for ends in times]
    known = [(first, last) for first, last in clocks if first and last]
    days = []
    for day, of_day in groupby(known[:most], key=lambda run: run[0].date()):
        shown = []
        for first, last in of_day:
            begin = f"{first:%H:%M}"
            end = f"{last:%H:%M}" if last.date() == day else f"{last:%d/%m/%Y %H:%M}"
            shown.append(begin if first == last or begin == end else f"{begin}–{end}")
        days.append(f"{day:%d/%m/%Y} {', '.join(shown)}")
    text = "; ".join(days)
    if len(known) > most:
        text += " " + _("and %(n)s more") % {"n": words.number(len(known) - most)}
    return text
