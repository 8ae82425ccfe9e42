"""The history of a case as places on a line: signs by day, acts, and times covered by logs. Pure geometry.

A bar is as wide as its local day, within the time that the log it came from covers. A gap between two logs is
drawn hatched: it means "we could not look", never "nothing there".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from quetsach.portal.sightings.spans import Span, gaps, join_spans

TALLEST = 30
"""Pixels of the day with the most log lines."""
DAY = timedelta(days=1)
MOST_TICKS = 5
"""Dates below the axis; on a narrow phone more would touch."""
MOST_MARKS = 4
"""Acts on the line, each with a line of text of its own; the table below has all."""
TEXT = 18
"""Pixels from one line of text to the next."""
_TODAY, _SIGNS, _HANDLING = 14, 34 + TALLEST + 12, 34 + TALLEST + 12 + 42


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle or a mark. `x` and `width` are percent as text, ready for an attribute."""

    x: str
    width: str = ""
    y: int = 0
    height: int = 0
    label: str = ""
    anchor: str = "start"
    is_main: bool = False


@dataclass
class Timeline:
    """`start` and `end` give the dates, the other fields the drawn shapes.

    Each text has a height of its own, so that none lies on a line or on another text: `base` is the height of
    the axis under the signs, `acts` of the axis of acts, `logs` the upper edge of the time covered by logs,
    `axis` the height of the time axis, `height` that of the whole.
    """

    start: date
    end: date
    hits: list[Box] = field(default_factory=list)
    before: list[Box] = field(default_factory=list)
    """Signs of earlier episodes."""
    marks: list[Box] = field(default_factory=list)
    seen: list[Box] = field(default_factory=list)
    gaps: list[Box] = field(default_factory=list)
    plan: Box | None = None
    now: Box | None = None
    ticks: list[Box] = field(default_factory=list)
    base: int = _SIGNS
    acts: int = _HANDLING
    logs: int = 0
    axis: int = 0
    height: int = 0


class Signs(NamedTuple):
    """Log lines with a sign between two moments, and the time covered by the log that they came from, if it
    is known. There were lines at both moments. `is_before`: they are of an earlier episode."""

    first: datetime
    last: datetime
    lines: int
    log: Span | None = None
    is_before: bool = False


class Mark(NamedTuple):
    """An act with its words; `is_main`: somebody handled the machine."""

    at: datetime
    label: str
    is_main: bool = False


def draw(
    *,
    hits: Iterable[Signs],
    marks: Iterable[Mark],
    looked: Iterable[Span],
    plan_until: datetime | None,
    now: datetime,
    zone: tzinfo,
) -> Timeline | None:
    """The timeline; None if nothing has a time.

    `looked` is the unbroken time: pauses that count as looked at are in it, and losses are not.
    """
    hits = list(hits)
    by_day, bars = _bars((one for one in hits if not one.is_before), zone)
    older, old_bars = _bars((one for one in hits if one.is_before), zone)
    marks = sorted(marks)[:1] + sorted(marks)[1:][-(MOST_MARKS - 1) :]
    spans = join_spans(looked, timedelta())
    # Logs may cover years: only those near the case's dates are drawn.
    moments = [at for some in (bars, old_bars) for bar in some.values() for at in bar]
    moments += [mark.at for mark in marks]
    if not moments:
        return None
    first, last = min(moments) - DAY, max(moments) + DAY
    if plan_until is not None:
        last = max(last, plan_until, now) + timedelta(hours=12)
    last = max([last, *(b for a, b in spans if b > first and b <= max(now, last))])
    first, last = _midnight(first, zone), _midnight(last - timedelta(microseconds=1), zone) + DAY
    spans = [(max(a, first), min(b, last)) for a, b in spans if b > first and a < last]
    whole = (last - first).total_seconds()

    def at(moment: datetime) -> float:
        return max(0.0, min(100.0, (moment - first).total_seconds() / whole * 100))

    line = Timeline(first.astimezone(zone).date(), (last - DAY).astimezone(zone).date())
    most = max((*by_day.values(), *older.values()), default=1)
    for boxes, lines, some in ((line.hits, by_day, bars), (line.before, older, old_bars)):
        for day, (start, end) in sorted(some.items()):
            height = max(6, round(lines[day] / most * TALLEST))
            boxes.append(Box(_percent(at(start)), _wide(at(start), at(end)), line.base - height, height))
    for n, mark in enumerate(marks):
        x, y = at(mark.at), line.acts + TEXT * (n + 1) + 4
        box = Box(_percent(x), y=y, label=mark.label, anchor=_anchor(x), is_main=mark.is_main)
        line.marks.append(box)
    line.logs = line.acts + TEXT * max(1, len(marks)) + 42
    line.axis = line.logs + 34
    line.height = line.axis + 26
    line.seen = [Box(_percent(at(a)), _wide(at(a), at(b)), line.logs, 16) for a, b in spans]
    unseen = gaps(spans)
    if spans and plan_until is not None and now - spans[-1][1] > DAY:
        unseen.append((spans[-1][1], min(now, last)))
    for a, b in unseen:
        line.gaps.append(Box(_percent(at(a)), _wide(at(a), at(b)), line.logs, 16, _days(a, b, zone)))
    if first < now < last:
        line.now = Box(_percent(at(now)), y=_TODAY, anchor=_anchor(at(now)))
        if plan_until is not None and plan_until > now:
            line.plan = Box(_percent(at(now)), _wide(at(now), at(plan_until)), line.logs, 16)
    line.ticks = [_tick(at(midnight), midnight, zone) for midnight in _midnights(first, last)]
    return line


def _bars(hits: Iterable[Signs], zone: tzinfo) -> tuple[dict[date, float], dict[date, Span]]:
    """Lines by local day, and the time of each bar: the day, within the logs that its lines came from.

    Lines of a time that goes over midnight are shared out by its length: they only make a bar high or low.
    """
    by_day: dict[date, float] = defaultdict(float)
    bars: dict[date, Span] = {}
    for one in hits:
        day, last = one.first.astimezone(zone).date(), one.last.astimezone(zone).date()
        whole = (one.last - one.first).total_seconds()
        while day <= last:
            start, end = (datetime.combine(day + timedelta(days=n), time(), zone) for n in (0, 1))
            here = (min(end, one.last) - max(start, one.first)).total_seconds()
            by_day[day] += one.lines * here / whole if whole else one.lines
            if one.log is not None and one.log[0] < end and one.log[1] > start:
                start, end = max(start, one.log[0]), min(end, one.log[1])
            before = bars.get(day, (start, end))
            bars[day] = (min(before[0], start), max(before[1], end))
            day += DAY
    return by_day, bars


def _midnight(moment: datetime, zone: tzinfo) -> datetime:
    """The local midnight at or before the moment."""
    return datetime.combine(moment.astimezone(zone).date(), time(), zone)


def _midnights(first: datetime, last: datetime) -> list[datetime]:
    """At most five midnights, equally far apart; `first` and `last` are midnights."""
    days = (last - first).days
    step = -(-days // (MOST_TICKS - 1))
    return [first + n * DAY for n in range(0, days + 1, step)]


def _tick(x: float, midnight: datetime, zone: tzinfo) -> Box:
    anchor = "start" if x < 5 else "end" if x > 95 else "middle"
    return Box(_percent(x), label=f"{midnight.astimezone(zone):%d/%m}", anchor=anchor)


def _percent(value: float) -> str:
    return f"{value:.2f}%"


def _wide(a: float, b: float) -> str:
    """A width that can be seen, within the line."""
    return _percent(min(max(0.4, b - a), 100 - a))


def _anchor(x: float) -> str:
    return "start" if x < 30 else "end" if x > 70 else "middle"


def _days(a: datetime, b: datetime, zone: tzinfo) -> str:
    a, b = a.astimezone(zone), b.astimezone(zone)
    return f"{a:%d/%m %H:%M} – {b:%H:%M}" if a.date() == b.date() else f"{a:%d/%m} – {b:%d/%m}"
