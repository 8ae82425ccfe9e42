"""The history of a case as places on a line: signs by day, acts, and times covered by logs. Pure geometry.

A gap between two logs is drawn hatched: it means "we could not look", never "nothing there".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from quetsach.portal.sightings.spans import Span, gaps, join_spans

TALLEST = 30
"""Pixels of the day with the most log lines."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle or a mark. `x` and `width` are percent as text, ready for an attribute."""

    x: str
    width: str = ""
    y: int = 0
    height: int = 0
    label: str = ""
    anchor: str = "start"


@dataclass
class Timeline:
    """`title` gives the dates, the other fields the drawn shapes; `days` is the same as a table."""

    start: date
    end: date
    hits: list[Box] = field(default_factory=list)
    marks: list[Box] = field(default_factory=list)
    seen: list[Box] = field(default_factory=list)
    gaps: list[Box] = field(default_factory=list)
    plan: Box | None = None
    now: Box | None = None
    ticks: list[Box] = field(default_factory=list)


def draw(
    *,
    hits: Iterable[tuple[date, int]],
    marks: Iterable[tuple[datetime, str]],
    looked: Iterable[Span],
    plan_until: datetime | None,
    now: datetime,
    zone: tzinfo,
) -> Timeline | None:
    """The timeline; None if nothing has a time. `hits` are (UTC day, log lines)."""
    by_day = Counter[date]()
    for day, lines in hits:
        by_day[day] += lines
    marks = sorted(marks)
    spans = join_spans(looked)
    # Logs may cover years: only those near the case's dates are drawn.
    moments = [_noon(day) for day in by_day] + [at for at, _ in marks]
    if not moments:
        return None
    first = min(moments) - timedelta(days=2)
    last = max(moments) + timedelta(days=2)
    if plan_until is not None:
        last = max(last, plan_until, now) + timedelta(hours=12)
    spans = [(max(a, first), b) for a, b in spans if b > first]
    last = max([last, *(b for _, b in spans if b <= max(now, last))])
    spans = [(a, min(b, last)) for a, b in spans if a < last]
    whole = (last - first).total_seconds()

    def at(moment: datetime) -> float:
        return max(0.0, min(100.0, (moment - first).total_seconds() / whole * 100))

    line = Timeline(first.astimezone(zone).date(), last.astimezone(zone).date())
    most = max(by_day.values(), default=1)
    width = max(0.8, min(3.0, 86_400 / whole * 80))
    for day, lines in sorted(by_day.items()):
        height = max(6, round(lines / most * TALLEST))
        x = at(_noon(day)) - width / 2
        line.hits.append(Box(_percent(x), _percent(width), 60 - height, height))
    for moment, text in marks:
        x = at(moment)
        line.marks.append(Box(_percent(x), label=text, anchor=_anchor(x)))
    line.seen = [Box(_percent(at(a)), _percent(max(0.4, at(b) - at(a)))) for a, b in spans]
    for a, b in gaps(spans):
        line.gaps.append(Box(_percent(at(a)), _percent(at(b) - at(a)), label=_days(a, b, zone)))
    if spans and plan_until is not None and now - spans[-1][1] > timedelta(days=1):
        a, b = spans[-1][1], min(now, last)
        line.gaps.append(Box(_percent(at(a)), _percent(at(b) - at(a)), label=_days(a, b, zone)))
    if first < now < last:
        line.now = Box(_percent(at(now)), anchor=_anchor(at(now)))
        if plan_until is not None and plan_until > now:
            line.plan = Box(_percent(at(now)), _percent(at(plan_until) - at(now)))
    for share, anchor in ((0, "start"), (50, "middle"), (100, "end")):
        moment = first + (last - first) * share / 100
        line.ticks.append(Box(f"{share}%", label=f"{moment.astimezone(zone):%d/%m/%Y}", anchor=anchor))
    return line


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def _percent(value: float) -> str:
    return f"{value:.2f}%"


def _anchor(x: float) -> str:
    return "start" if x < 30 else "end" if x > 70 else "middle"


def _days(a: datetime, b: datetime, zone: tzinfo) -> str:
    return f"{a.astimezone(zone):%d/%m} – {b.astimezone(zone):%d/%m}"
