"""What the campaign adds to natural decline: the curve of clean-up beside the band, and units told later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from quetsach.machines.counting import decline
from quetsach.machines.counting.decline import Group, Interval, Spell
from quetsach.machines.counting.histories import Rung
from quetsach.portal.cases.histories import Looked, looked_of
from quetsach.portal.kit.charts import Band, Series, lines
from quetsach.portal.kit.templatetags.kit import day as day_of
from quetsach.portal.kit.templatetags.kit import num
from quetsach.portal.reports.dashboard.figures import Figure
from quetsach.portal.reports.frozen.counting import Reading

DAILY = 60
"""Days of the chart of machines with signs; a longer campaign shows the last ones."""
WEEK = 7
CURVE = 28
"""Days of the curve."""
EARLY = timedelta(days=3)
"""Units told within so many days of the first are the told ones; the others were told after all was over."""


@dataclass(frozen=True)
class Effect:
    """The curve as a chart, None where too few machines could be followed; and what can be said."""

    finding: str
    chart: SafeString | None
    caption: str
    followed: int
    compared: str
    daily: Figure | None = None


def effect(reading: Reading, active: Mapping[date, int]) -> Effect:
    """The clean-up of the machines of a node and all below. `reading` has the days, `active` the numbers of
    machines with signs by day."""
    looked = looked_of(reading.node, reading.told)
    return replace(_effect(reading, looked.until), daily=_daily(active, looked))


def _daily(active: Mapping[date, int], looked: Looked) -> Figure | None:
    """Machines with signs, day by day; a day without any log, or with few of the usual ones, is a gap: it is
    no zero and no clean-up."""
    seen = (looked.days | active.keys()) - looked.partial
    if len(seen) < 2 or not active:
        return None
    end = max(seen)
    begin = max(min(seen), end - timedelta(days=DAILY - 1))
    span = [begin + timedelta(days=n) for n in range((end - begin).days + 1)]
    known = seen - _thin(looked.places, span)
    counts = [active.get(one, 0) if one in known else None for one in span]
    if not known.intersection(span):
        return None
    most = max((n, one) for n, one in zip(counts, span, strict=True) if n is not None)
    last = next((n, one) for n, one in zip(counts[::-1], span[::-1], strict=True) if n is not None)
    finding = _(
        "Machines with signs on a day: most on %(day)s, %(most)s; on %(end)s, the last day counted, %(last)s"
    ) % {"day": day_of(most[1]), "most": num(most[0]), "end": day_of(last[1]), "last": num(last[0])}
    series = Series(_("machines with signs"), tuple(counts))
    told = _("One line from %(first)s to %(last)s.") % {"first": day_of(begin), "last": day_of(end)}
    names = [f"{one.day}/{one.month}" for one in span]
    chart = lines(
        "active", finding, told, names, (series,), top=max(most[0], 1), unit="", gap=_("logs missing")
    )
    caption = _(
        "Each machine once a day, without false alarms. Hatched: days of which no log, or at most half of "
        "the logs of the days before, was looked at."
    )
    if left := sorted(day for day in looked.partial if day > end):
        caption += " " + _("Not drawn: %(days)s, of which no log is there to its end yet.") % {
            "days": ", ".join(map(day_of, left))
        }
    return Figure(finding, chart, caption)


def _thin(places: Iterable[set[date]], span: Iterable[date]) -> set[date]:
    """The days of which at most half of the usual logs are there. Usual is a log that has most of the days
    of the week before."""
    places = list(places)
    found = set()
    for one in span:
        before = {one - timedelta(days=n) for n in range(1, WEEK + 1)}
        usual = [days for days in places if 2 * len(days & before) > WEEK]
        if usual and 2 * sum(one in days for days in usual) <= len(usual):
            found.add(one)
    return found


def _effect(reading: Reading, watched: dict[str, date]) -> Effect:
    spells = list(_told_machines(reading, watched))
    curve = decline.remaining(spells, CURVE)
    group = decline.silent_within(spells)
    if group.all < decline.FEWEST or curve[0] is None:
        said = _(
            "Too little to tell: of machines that could be followed for %(days)s days after their unit was "
            "told there are %(n)s. At least %(least)s are needed."
        ) % {"n": group.all, "days": decline.HORIZON, "least": decline.FEWEST}
        return Effect(said, None, "", group.all, _compared(reading, watched))
    share = decline.wilson(group.silent, group.all)
    finding = _(
        "%(share)s of %(n)s machines fell silent within %(days)s days (%(low)s to %(high)s); without "
        "anybody's work it was %(a)s to %(b)s in studies"
    ) % {
        "share": _percent(share.value), "low": _percent(share.low), "high": _percent(share.high),
        "n": num(group.all), "days": decline.HORIZON,
        "a": _percent(decline.UNTREATED[0]), "b": _percent(decline.UNTREATED[1]),
    }  # fmt: skip
    bounds = [decline.natural_band(day) for day in range(CURVE + 1)]
    band = Band(tuple(100 * low for low, _high in bounds), tuple(100 * high for _low, high in bounds))
    ours = Series(_("still with signs"), tuple(None if value is None else 100 * value for value in curve))
    names = [_("day %(n)s") % {"n": day} for day in range(CURVE + 1)]
    told = _("One line from day 0 to day %(days)s, and a band: what remains without anybody's work.") % {
        "days": CURVE
    }
    chart = lines("decline", finding, told, names, (ours,), top=100, unit=" %", gap=_("no logs"), band=band)
    caption = _(
        "Per cent of machines that still show signs, by days since their unit was told. A machine is in it "
        "as long as the logs of its place go on for a week more. Grey: what remains without anybody's work. "
        "In studies 58 to 74 % were gone (Çetin and others, NDSS 2019: home devices, whose owners nobody "
        "told). Before day 14 the grey band is drawn at an even rate, after it without further decline."
    )
    return Effect(finding, chart, caption, group.all, _compared(reading, watched))


def _told_machines(reading: Reading, watched: dict[str, date]) -> Iterable[Spell]:
    """Each machine with signs, from the day on which its unit had the letter and its case was there."""
    told = {unit.id: unit.told for unit in reading.known.units}
    real = _real(reading)
    for machine in reading.known.machines:
        opened, sent = reading.told.opened.get(machine.id), told.get(machine.unit)
        if machine.id not in real or not machine.days or opened is None or sent is None:
            continue
        yield Spell(
            timezone.localdate(max(opened, sent)), max(machine.days), watched.get(machine.id, date.min)
        )


def groups(reading: Reading, watched: dict[str, date]) -> tuple[Group, Group]:
    """Machines that fell silent within the horizon, in units told first and in units told only after it.

    All showed signs in the two weeks before the first units were told. Both are followed over the same days:
    what comes after them counts for neither.
    """
    told = {u.id: timezone.localdate(u.told) if u.told else None for u in reading.known.units if u.parent}
    start = min((day for day in told.values() if day is not None), default=None)
    if start is None:
        return Group(0, 0), Group(0, 0)
    end = start + timedelta(days=decline.HORIZON + decline.SETTLED)
    early: list[Spell] = []
    later: list[Spell] = []
    real = _real(reading)
    for machine in reading.known.machines:
        days = [day for day in machine.days if start - timedelta(days=decline.HORIZON) <= day < end]
        if machine.id not in real or machine.unit not in told or machine.id not in watched:
            continue
        if not days or min(days) > start:
            continue
        spell = Spell(start, max(days), min(watched[machine.id], end))
        day = told[machine.unit]
        if day is not None and day <= start + EARLY:
            early.append(spell)
        elif day is None or day >= end:
            later.append(spell)
    return decline.silent_within(early), decline.silent_within(later)


def _real(reading: Reading) -> set[str]:
    """Machines that are no false alarm."""
    return {case.machine for case in reading.known.cases if case.into is None and case.rung is not Rung.FALSE}


def _compared(reading: Reading, watched: dict[str, date]) -> str:
    """The difference between units told first and units told later, in words; empty where all were told at
    once."""
    one, other = groups(reading, watched)
    if not other.all:
        return ""
    if not decline.is_enough(one, other):
        return _(
            "Some units were told later, but too few machines could be followed to compare: %(a)s in units "
            "told first, %(b)s in units told later; at least %(least)s each are needed."
        ) % {"a": one.all, "b": other.all, "least": decline.FEWEST}
    found = decline.difference(one, other)
    numbers = {
        "a": _percent(one.silent / one.all), "m": num(one.all), "b": _percent(other.silent / other.all),
        "n": num(other.all), "d": _points(found.value), "low": _points(found.low),
        "high": _points(found.high),
    }  # fmt: skip
    said = (
        _(
            "Units told first: %(a)s of %(m)s machines fell silent within 14 days. Units told later, in the "
            "same days: %(b)s of %(n)s. The difference is %(d)s points; it lies with 95 %% certainty between "
            "%(low)s and %(high)s."
        )
        % numbers
    )
    return f"{said} {_verdict(found)}"


def _verdict(found: Interval) -> str:
    if found.low > 0:
        return _("Telling the units made a difference.")
    if found.high < 0:
        return _("In units told first fewer machines fell silent; look for the reason.")
    return _("This does not show that telling the units made a difference.")


def _percent(share: float) -> str:
    return f"{round(100 * share)} %"


def _points(share: float) -> str:
    return f"{round(100 * share):+d}".replace("-", "−")
